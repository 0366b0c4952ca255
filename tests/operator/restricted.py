"""What the restricted Pod Security Standard asks of a pod, and a read-only root file system beside it."""

from typing import Any


def is_restricted(pod: dict[str, Any]) -> bool:
    """Return whether a pod's spec meets the standard.

    Args:
        pod: The `spec` of a pod or of a pod template.
    """
    containers = [each.get("securityContext", {}) for each in pod["containers"]]
    return (
        bool(pod["securityContext"]["runAsNonRoot"])
        and pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
        and all(each["allowPrivilegeEscalation"] is False for each in containers)
        and all(each["capabilities"] == {"drop": ["ALL"]} for each in containers)
        and all(each["readOnlyRootFilesystem"] is True for each in containers)
        and not any(pod.get(name) for name in ("hostNetwork", "hostPID", "hostIPC"))
    )
