"""What the API server refuses of Kubernetes' own kinds: names, labels, owners, changes of what is fixed.

Seen of Kubernetes 1.36.2 (tests/operator/kubernetes-exchanges.json): names, owners, StatefulSets, immutable
Secrets. The rest is of pkg/apis/*/validation/validation.go of kubernetes/kubernetes, each named at its rule.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from tests.operator.simulated.errors import Invalid, Json
from tests.operator.simulated.kinds import Served
from tests.support.kubernetes import schemas

KUBERNETES = "1.36"

SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
# ValidateServiceName: NameIsDNS1035Label.
SERVICE_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
LABEL_KEY = re.compile(rf"({SUBDOMAIN.pattern}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
# MaxSecretSize of pkg/apis/core/types.go.
MOST_SECRET_BYTES = 1024 * 1024
# TotalAnnotationSizeLimitB of apimachinery's pkg/api/validation/objectmeta.go.
MOST_ANNOTATION_BYTES = 256 * 1024
# What of a StatefulSet's spec may change (ValidateStatefulSetUpdate).
CHANGEABLE = (
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
)
SERVICE_TYPES = ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName")


class Cause(NamedTuple):
    """Why an object is refused."""

    field: str
    message: str
    reason: str = "FieldValueInvalid"


def complaint_of_schema(served: Served, new: Json) -> str:
    """Return what of an object is not as the OpenAPI schema of its kind says; empty: nothing."""
    plain = {name: each for name, each in new.items() if name != "status"}
    metadata = {name: each for name, each in new["metadata"].items() if name != "managedFields"}
    whole = {**plain, "metadata": metadata, "apiVersion": served.version, "kind": served.name}
    return _complaint(json.dumps(whole, sort_keys=True))


@cache
def _complaint(written: str) -> str:
    # A custom kind has none. PodMonitors are held to their models in tests/operator/test_manifests.py.
    return schemas.complaint_of_schema(json.loads(written), KUBERNETES) or ""


def validate(served: Served, new: Json, old: Json | None) -> None:
    """Refuse what the validation of the kind refuses.

    Raises:
        Invalid: With a cause for each field.
    """
    causes = [*_metadata(served, new), *_rules(served.plural, new, old)]
    if causes:
        raise invalid(served, new["metadata"]["name"], *causes)


def invalid(served: Served, name: str, *causes: Cause) -> Invalid:
    """Return the error for some causes."""
    told = [f"{each.field}: {each.message}" for each in causes]
    message = told[0] if len(told) == 1 else f"[{', '.join(told)}]"
    return Invalid(
        f'{served.qualified} "{name}" is invalid: {message}',
        name=name,
        group=served.group,
        kind=served.name,
        causes=[{"reason": each.reason, "message": each.message, "field": each.field} for each in causes],
    )


def _metadata(served: Served, new: Json) -> Iterator[Cause]:
    metadata = new["metadata"]
    name = metadata["name"]
    pattern = SERVICE_NAME if served.plural == "services" else SUBDOMAIN
    if not pattern.fullmatch(name) or len(name) > 253:
        yield Cause(
            "metadata.name", f'Invalid value: "{name}": a lowercase RFC 1123 subdomain must consist of …'
        )
    for key, value in metadata.get("labels", {}).items():
        if not LABEL_KEY.fullmatch(key) or not LABEL_VALUE.fullmatch(str(value)):
            yield Cause("metadata.labels", f'Invalid value: "{key}={value}"')
    annotations = metadata.get("annotations", {})
    if sum(len(key) + len(value) for key, value in annotations.items()) > MOST_ANNOTATION_BYTES:
        yield Cause("metadata.annotations", "Too long", "FieldValueTooLong")
    owners = metadata.get("ownerReferences", [])
    # ValidateOwnerReferences of apimachinery's pkg/api/validation/objectmeta.go.
    for owner in owners:
        for part in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(part):
                yield Cause(f"metadata.ownerReferences.{part}", "Invalid value: must not be empty")
    controllers = [f"{owner.get('kind')}/{owner.get('name')}" for owner in owners if owner.get("controller")]
    if len(controllers) > 1:
        found = " and ".join(controllers)
        only = "Only one reference can have Controller set to true."
        yield Cause(
            "metadata.ownerReferences",
            f'Invalid value: {json.dumps(owners)}: {only} Found "true" in references for {found}',
        )


def _rules(plural: str, new: Json, old: Json | None) -> Iterator[Cause]:
    spec = new.get("spec") or {}
    if plural == "statefulsets":
        yield from _statefulset(spec, (old or {}).get("spec"))
    elif plural == "pods":
        yield from _pod(spec, "spec")
    elif plural == "secrets":
        yield from _secret(new, old)
    elif plural == "services":
        yield from _service(spec, (old or {}).get("spec"))
    elif plural == "poddisruptionbudgets" and ("minAvailable" in spec) == ("maxUnavailable" in spec):
        # ValidatePodDisruptionBudgetSpec; one with neither is allowed there and of no use here.
        yield Cause("spec", "Invalid value: minAvailable and maxUnavailable cannot be both set")


def _statefulset(spec: Json, before: Json | None) -> Iterator[Cause]:
    template = spec["template"]
    labels = template.get("metadata", {}).get("labels", {})
    if not spec["selector"].get("matchLabels", {}).items() <= labels.items():
        told = json.dumps(labels, separators=(",", ":"))
        yield Cause(
            "spec.template.metadata.labels",
            f"Invalid value: {told}: `selector` does not match template `labels`",
        )
    yield from _pod(template["spec"], "spec.template.spec")
    if before is not None and _fixed(spec) != _fixed(before):
        allowed = ", ".join(f"'{name}'" for name in CHANGEABLE[:-1]) + f" and '{CHANGEABLE[-1]}'"
        yield Cause(
            "spec",
            f"Forbidden: updates to statefulset spec for fields other than {allowed} are forbidden",
            "FieldValueForbidden",
        )


def _fixed(spec: Json) -> Json:
    return {name: value for name, value in spec.items() if name not in CHANGEABLE}


def _pod(spec: Json, place: str) -> Iterator[Cause]:
    grace = spec.get("terminationGracePeriodSeconds", 30)
    for each in spec.get("containers", []):
        where = f"{place}.containers[{each['name']}]"
        # validateReadinessProbe, validateProbe.
        if "terminationGracePeriodSeconds" in each.get("readinessProbe", {}):
            yield Cause(
                f"{where}.readinessProbe.terminationGracePeriodSeconds", "Invalid value: must not be set"
            )
        for name in ("livenessProbe", "startupProbe"):
            probe = each.get(name, {})
            if probe.get("terminationGracePeriodSeconds", 1) <= 0:
                yield Cause(f"{where}.{name}.terminationGracePeriodSeconds", "Invalid value: must be > 0")
            if probe.get("successThreshold", 1) != 1:
                yield Cause(f"{where}.{name}.successThreshold", "Invalid value: must be 1")
        # validateSleepAction.
        seconds = each.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        if not 0 <= seconds <= grace:
            yield Cause(f"{where}.lifecycle.preStop.sleep", "Invalid value: must be below the grace period")


def _secret(new: Json, old: Json | None) -> Iterator[Cause]:
    if sum(len(value) * 3 // 4 for value in (new.get("data") or {}).values()) > MOST_SECRET_BYTES:
        yield Cause("data", f"Too long: may not be more than {MOST_SECRET_BYTES} bytes", "FieldValueTooLong")
    if old is None:
        return
    if old.get("immutable") and (new.get("data") != old.get("data") or not new.get("immutable")):
        told = "Forbidden: field is immutable when `immutable` is set"
        yield Cause("data", told, "FieldValueForbidden")
    # ValidateSecretUpdate.
    if new.get("type") != old.get("type"):
        yield Cause("type", f'Invalid value: "{new.get("type")}": field is immutable')


def _service(spec: Json, before: Json | None) -> Iterator[Cause]:
    # ValidateService, ValidateServiceClusterIPsRelatedFields, validateServiceClusterIPs of an update.
    if spec["type"] not in SERVICE_TYPES:
        yield Cause("spec.type", f'Unsupported value: "{spec["type"]}"', "FieldValueNotSupported")
    ports = spec.get("ports", [])
    if not ports and spec.get("clusterIP") != "None" and spec["type"] != "ExternalName":
        yield Cause("spec.ports", "Required value", "FieldValueRequired")
    if len(ports) > 1 and not all(each.get("name") for each in ports):
        yield Cause("spec.ports.name", "Required value", "FieldValueRequired")
    names: list[Any] = [each["name"] for each in ports if each.get("name")]
    if len(names) != len(set(names)):
        yield Cause("spec.ports.name", "Duplicate value", "FieldValueDuplicate")
    same = before is not None and before["type"] == spec["type"] != "ExternalName"
    if same and before is not None and spec.get("clusterIP") != before.get("clusterIP"):
        yield Cause("spec.clusterIPs[0]", "Invalid value: may not change once set")
