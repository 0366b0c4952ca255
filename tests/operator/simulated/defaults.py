"""What the API server fills in to objects of Kubernetes' own kinds before it keeps them.

The values are those of Kubernetes 1.36.2, as tests/operator/kubernetes-exchanges.json shows them, and of the
API reference: https://kubernetes.io/docs/reference/kubernetes-api/
"""

import base64
import itertools
from typing import Any

Json = dict[str, Any]

_CONTAINER = {
    "resources": {},
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "imagePullPolicy": "IfNotPresent",
}
_PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
_POD = {
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "securityContext": {},
    "schedulerName": "default-scheduler",
}
_STATEFULSET = {
    "podManagementPolicy": "OrderedReady",
    "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
    "revisionHistoryLimit": 10,
    "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
    "replicas": 1,
}
_SERVICE = {"type": "ClusterIP", "sessionAffinity": "None", "internalTrafficPolicy": "Cluster"}

_addresses = (f"10.96.{a}.{b}" for a, b in itertools.product(range(1, 255), repeat=2))


def complete(plural: str, new: Json) -> Json:
    """Return an object with the defaults of its kind."""
    out = dict(new)
    spec = dict(new.get("spec") or {})
    if plural == "secrets":
        return _secret(out)
    if plural == "services":
        out["spec"] = _service(spec)
    elif plural == "statefulsets":
        template = dict(spec.get("template") or {})
        template["spec"] = _pod(dict(template.get("spec") or {}))
        out["spec"] = {**_STATEFULSET, **spec, "template": template}
    elif plural == "pods":
        out["spec"] = {**_pod(spec), "enableServiceLinks": spec.get("enableServiceLinks", True)}
    return out


def _secret(new: Json) -> Json:
    """Move `stringData` into `data`, as the API server does."""
    written = {
        name: base64.b64encode(text.encode()).decode() for name, text in new.pop("stringData", {}).items()
    }
    data = {**(new.get("data") or {}), **written}
    return {**new, **({"data": data} if data else {}), "type": new.get("type") or "Opaque"}


def _service(spec: Json) -> Json:
    spec = {**_SERVICE, **spec}
    spec["ports"] = [
        {"protocol": "TCP", "targetPort": each["port"], **each} if "port" in each else each
        for each in spec.get("ports") or []
    ]
    if spec["type"] != "ExternalName":
        if not spec.get("clusterIP"):
            spec["clusterIP"] = next(_addresses)
        spec.setdefault("clusterIPs", [spec["clusterIP"]])
        spec.setdefault("ipFamilies", ["IPv4"])
        spec.setdefault("ipFamilyPolicy", "SingleStack")
    return spec


def _pod(spec: Json) -> Json:
    spec = {**_POD, **spec}
    for kind in ("containers", "initContainers"):
        if spec.get(kind):
            spec[kind] = [_container(each) for each in spec[kind]]
    return spec


def _container(each: Json) -> Json:
    each = {**_CONTAINER, **each}
    for name in ("startupProbe", "readinessProbe", "livenessProbe"):
        if name in each:
            probe = {**_PROBE, **each[name]}
            if "httpGet" in probe:
                probe["httpGet"] = {"scheme": "HTTP", "path": "/", **probe["httpGet"]}
            each[name] = probe
    if each.get("ports"):
        each["ports"] = [{"protocol": "TCP", **port} for port in each["ports"]]
    if each.get("env"):
        each["env"] = [_variable(variable) for variable in each["env"]]
    return each


def _variable(each: Json) -> Json:
    source = each.get("valueFrom")
    if not source or "fieldRef" not in source:
        return each
    return {**each, "valueFrom": {**source, "fieldRef": {"apiVersion": "v1", **source["fieldRef"]}}}
