"""What server-side apply knows of a kind's fields: which maps and lists are one value, and which are merged.

Of Kubernetes' own kinds the fields are those of lightkube's models, which are made of Kubernetes' OpenAPI
description; which lists have keys is written down here, after `x-kubernetes-list-type` and
`x-kubernetes-map-type` of that description, as in
kubernetes/client-go, applyconfigurations/internal/internal.go (v0.36). A list that nobody says anything of
is atomic. Of custom kinds the CRD's own schema says it.
https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
"""

import dataclasses
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import msgspec
from lightkube.models import meta_v1

Json = dict[str, Any]
# One element of a path is written as in `managedFields`: f:NAME, k:{"KEY":VALUE}, v:VALUE.
Path = tuple[str, ...]

# Lists that are merged by keys: class and field of lightkube's models.
KEYED_LISTS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("Container", "env"): ("name",),
    ("Container", "ports"): ("containerPort", "protocol"),
    ("Container", "volumeDevices"): ("devicePath",),
    ("Container", "volumeMounts"): ("mountPath",),
    ("ObjectMeta", "ownerReferences"): ("uid",),
    ("PodDisruptionBudgetStatus", "conditions"): ("type",),
    ("PodSpec", "containers"): ("name",),
    ("PodSpec", "ephemeralContainers"): ("name",),
    ("PodSpec", "hostAliases"): ("ip",),
    ("PodSpec", "imagePullSecrets"): ("name",),
    ("PodSpec", "initContainers"): ("name",),
    ("PodSpec", "resourceClaims"): ("name",),
    ("PodSpec", "schedulingGates"): ("name",),
    ("PodSpec", "topologySpreadConstraints"): ("topologyKey", "whenUnsatisfiable"),
    ("PodSpec", "volumes"): ("name",),
    ("PodStatus", "conditions"): ("type",),
    ("PodStatus", "podIPs"): ("ip",),
    ("ServiceSpec", "ports"): ("port", "protocol"),
    ("ServiceStatus", "conditions"): ("type",),
    ("StatefulSetStatus", "conditions"): ("type",),
}
SETS = frozenset({("ObjectMeta", "finalizers")})
# What a key is that an item leaves out.
KEY_DEFAULTS = {"protocol": "TCP"}
# Structures that are one value (`x-kubernetes-map-type: atomic`).
ATOMIC = frozenset(
    {
        "ConfigMapKeySelector",
        "FileKeySelector",
        "LabelSelector",
        "LocalObjectReference",
        "NodeSelector",
        "NodeSelectorTerm",
        "ObjectFieldSelector",
        "ObjectReference",
        "OwnerReference",
        "ResourceFieldSelector",
        "SecretKeySelector",
        "SecretReference",
        "ServiceBackendPort",
        "TypedLocalObjectReference",
    }
)
ATOMIC_MAPS = frozenset({("PodSpec", "nodeSelector"), ("ServiceSpec", "selector")})

Shape = Literal["value", "fields", "map", "keyed", "set", "untyped"]


@dataclass(frozen=True)
class Field:
    """One field.

    Attributes:
        shape: "value": one value, whatever is in it. "fields": named fields. "map": any names. "keyed": a
            list by keys. "set": a list of values. "untyped": maps are merged, lists are one value.
        names: The fields of "fields".
        below: What a "map" or a "keyed" list holds.
        keys: The keys of a "keyed" list.
        is_pointer: The field itself is owned when it is there, beside what is below it.
    """

    shape: Shape = "value"
    names: Mapping[str, "Field"] = field(default_factory=dict)
    below: "Field | None" = None
    keys: tuple[str, ...] = ()
    is_pointer: bool = False

    def child(self, name: str) -> "Field | None":
        """Return a field of this one; None when there is no such field."""
        if self.shape == "fields":
            return self.names.get(name)
        return UNTYPED if self.shape == "untyped" else self.below


VALUE = Field()
UNTYPED = Field("untyped", is_pointer=True)


def of_model(model: type) -> Field:
    """Return the fields of a kind of Kubernetes' own."""
    return _of_type(model)


@cache
def metadata() -> Field:
    """Return the fields of `metadata`, the same for all kinds."""
    return _of_type(meta_v1.ObjectMeta)


def of_crd(schema: Json) -> Field:
    """Return the fields of a custom kind."""
    found = _of_schema(schema)
    return dataclasses.replace(found, names={**found.names, "metadata": metadata()}, is_pointer=False)


@cache
def _of_type(kind: type) -> Field:
    if kind.__name__ in ATOMIC:
        return VALUE
    # Every model that holds itself (schemas of CRDs) is of no kind that is simulated.
    names = {
        each.encode_name: _of_hint(each.type, kind.__name__, each.name)
        for each in msgspec.structs.fields(kind)
    }
    return Field("fields", names)


def _of_hint(hint: Any, owner: str, name: str) -> Field:
    place = (owner, name)
    options = [each for each in typing.get_args(hint) if each is not type(None)]
    if typing.get_origin(hint) is typing.Union and len(options) == 1:
        hint = options[0]
    origin, options = typing.get_origin(hint), list(typing.get_args(hint))
    if origin is list:
        if place in SETS:
            return Field("set", is_pointer=True)
        if place not in KEYED_LISTS:
            return VALUE
        return Field("keyed", below=_of_type(options[0]), keys=KEYED_LISTS[place], is_pointer=True)
    if dict in (hint, origin):
        below = _of_hint(options[1], owner, "") if options else VALUE
        return VALUE if place in ATOMIC_MAPS else Field("map", below=below, is_pointer=True)
    return _of_type(hint) if isinstance(hint, type) and issubclass(hint, msgspec.Struct) else VALUE


def _of_schema(schema: Json) -> Field:
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        return UNTYPED
    if schema.get("x-kubernetes-map-type") == "atomic":
        return VALUE
    if schema.get("type") == "object":
        if isinstance(schema.get("additionalProperties"), dict):
            return Field("map", below=_of_schema(schema["additionalProperties"]), is_pointer=True)
        names = {name: _of_schema(each) for name, each in schema.get("properties", {}).items()}
        return Field("fields", names, is_pointer=True)
    if schema.get("type") == "array":
        kind = schema.get("x-kubernetes-list-type", "atomic")
        if kind == "map":
            keys = tuple(schema["x-kubernetes-list-map-keys"])
            return Field("keyed", below=_of_schema(schema["items"]), keys=keys, is_pointer=True)
        return Field("set", is_pointer=True) if kind == "set" else VALUE
    return VALUE


def strange_fields(known: Field, value: Any, place: str = "") -> Iterator[str]:
    """Yield the places of fields that a kind does not have, like ".spec.bogus"."""
    if isinstance(value, dict) and known.shape in ("fields", "map", "untyped"):
        for name, each in value.items():
            child = known.child(name)
            if child is None:
                yield f"{place}.{name}"
            else:
                yield from strange_fields(child, each, f"{place}.{name}")
    elif isinstance(value, list) and known.shape == "keyed" and known.below is not None:
        for number, each in enumerate(value):
            yield from strange_fields(known.below, each, f"{place}[{number}]")
