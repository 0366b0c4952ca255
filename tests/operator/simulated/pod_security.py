"""Pod Security admission: what the restricted standard says of a pod.

As Kubernetes 1.36.2 was seen to say it (tests/operator/kubernetes-exchanges.json), and
https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
"""

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]

ENFORCED = "pod-security.kubernetes.io/enforce"
WARNED = "pod-security.kubernetes.io/warn"
PROFILES = ("RuntimeDefault", "Localhost")


def violations(namespace: Json, label: str, pod: Json) -> str:
    """Return what a namespace's standard has against a pod; empty: nothing, or it asks for none.

    Args:
        namespace: The namespace.
        label: `ENFORCED` or `WARNED`.
        pod: The `spec` of a pod or of a pod template.
    """
    if namespace["metadata"].get("labels", {}).get(label) != "restricted":
        return ""
    containers = [*pod.get("initContainers", []), *pod.get("containers", [])]
    mine = pod.get("securityContext", {})
    contexts = {each["name"]: each.get("securityContext", {}) for each in containers}
    rules: dict[str, Callable[[Json], bool]] = {
        "allowPrivilegeEscalation != false": lambda each: each.get("allowPrivilegeEscalation") is False,
        "unrestricted capabilities": lambda each: (
            "ALL" in each.get("capabilities", {}).get("drop", [])
            and set(each.get("capabilities", {}).get("add", [])) <= {"NET_BIND_SERVICE"}
        ),
        "runAsNonRoot != true": lambda each: each.get("runAsNonRoot", mine.get("runAsNonRoot")) is True,
        "runAsUser=0": lambda each: each.get("runAsUser", mine.get("runAsUser")) != 0,
        "seccompProfile": lambda each: (
            (each.get("seccompProfile") or mine.get("seccompProfile") or {}).get("type") in PROFILES
        ),
        "privileged": lambda each: not each.get("privileged"),
    }
    found = [
        f'{rule} (container "{name}")'
        for rule, holds in rules.items()
        for name, each in contexts.items()
        if not holds(each)
    ]
    found += [name for name in ("hostNetwork", "hostPID", "hostIPC") if pod.get(name)]
    return f'violate PodSecurity "restricted:latest": {", ".join(found)}' if found else ""
