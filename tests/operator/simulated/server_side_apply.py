"""Server-side apply and the managers of fields, as the API server keeps them in `managedFields`.

An apply owns the fields that it names. A field that somebody else owns and that would change is a conflict;
with force it changes hands. What a manager has applied before and does not name now is taken away, unless
somebody else owns it too. Every other write takes the fields that it changes.
https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

import copy
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from tests.operator.simulated.errors import Conflict, ServerError
from tests.operator.simulated.field_sets import (
    applied_fields,
    decode,
    encode,
    key_of,
    present_fields,
    shown,
)
from tests.operator.simulated.fields import Field, Json, Path, strange_fields

# Of these nobody is a manager (`stripMeta` of apimachinery's managedfields).
UNMANAGED = ("apiVersion", "kind")
UNMANAGED_METADATA = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "resourceVersion",
    "selfLink",
    "uid",
)


class Manager(NamedTuple):
    """Who owns fields.

    Attributes:
        name: As in the query's `fieldManager`.
        operation: "Apply" or "Update".
        subresource: By which it wrote; empty: the object itself.
    """

    name: str
    operation: str
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """What has to be known of a kind.

    Attributes:
        api_version: Its API version, which `managedFields` name.
        fields: Its fields.
        has_status: Its status is a subresource, so that an apply of the object itself does not touch it.
    """

    api_version: str
    fields: Field
    has_status: bool


Owners = dict[Manager, set[Path]]


def apply(kind: Kind, live: Json | None, wanted: Json, manager: str, *, force: bool) -> Json:
    """Return an object as it is after an apply, `managedFields` and all.

    Args:
        kind: Its kind.
        live: The object before; None: there is none.
        wanted: What is applied.
        manager: Who applies.
        force: Take fields that others own.

    Raises:
        Conflict: Others own fields that would change, and there is no force.
        ServerError: A field is not known, or two items of a list have the same keys.
    """
    named = f"{wanted['metadata'].get('namespace', '')}/{wanted['metadata'].get('name', '')}"
    for place in strange_fields(kind.fields, wanted):
        raise ServerError(
            f"failed to create typed patch object ({named}): {place}: field not declared in schema"
        )
    managed = managed_part(wanted)
    if kind.has_status:
        managed.pop("status", None)
    me = Manager(manager, "Apply")
    mine = applied_fields(kind.fields, managed)
    owners = owners_of(live)
    before = owners.get(me, set())
    others = {each: paths for each, paths in owners.items() if each != me}
    merged = _merged(kind.fields, managed_part(live or {}), managed)
    changed = _changed(kind.fields, managed_part(live or {}), merged)
    taken = {each: paths & changed for each, paths in others.items() if paths & changed}
    if taken and not force:
        raise _conflict(kind, taken)
    owners = {each: paths - taken.get(each, set()) for each, paths in others.items()} | {me: mine}
    for path in sorted(before - mine, key=len):
        if not any(owned[: len(path)] == path for paths in owners.values() for owned in paths):
            merged = _removed(kind.fields, merged, path)
    kept = {**(live or wanted)}
    unmanaged = {name: kept[name] for name in UNMANAGED if name in kept}
    metadata = {name: each for name, each in kept["metadata"].items() if name in UNMANAGED_METADATA}
    new = {**unmanaged, **merged, "metadata": {**merged.get("metadata", {}), **metadata}}
    return with_owners(kind, new, owners, live)


def record_update(kind: Kind, live: Json | None, new: Json, manager: str, subresource: str = "") -> Json:
    """Return an object with its `managedFields` after a write that is no apply.

    Args:
        kind: Its kind.
        live: The object before; None: there is none.
        new: The object after.
        manager: Who writes.
        subresource: By which; empty: the object itself.
    """
    me = Manager(manager, "Update", subresource)
    was = present_fields(kind.fields, managed_part(live or {}))
    now = present_fields(kind.fields, managed_part(new))
    changed = {path for path, value in now.items() if path not in was or was[path] != value}
    gone = was.keys() - now.keys()
    owners = {each: paths - gone for each, paths in owners_of(live).items()}
    owners = {each: paths if each == me else paths - changed for each, paths in owners.items()}
    owners[me] = owners.get(me, set()) | changed
    return with_owners(kind, new, owners, live)


def owners_of(live: Json | None) -> Owners:
    """Return who owns which fields of an object."""
    entries = (live or {}).get("metadata", {}).get("managedFields", [])
    return {
        Manager(each["manager"], each["operation"], each.get("subresource", "")): decode(each["fieldsV1"])
        for each in entries
    }


def with_owners(kind: Kind, new: Json, owners: Owners, live: Json | None) -> Json:
    """Return an object with these owners; who owns nothing is left out."""
    before = owners_of(live)
    known = {
        Manager(each["manager"], each["operation"], each.get("subresource", "")): each
        for each in (live or {}).get("metadata", {}).get("managedFields", [])
    }
    entries = []
    for each, paths in sorted(owners.items(), key=lambda pair: pair[0].operation):
        if not paths:
            continue
        if before.get(each) == paths:
            entries.append(known[each])
            continue
        entry = {
            "manager": each.name,
            "operation": each.operation,
            "apiVersion": kind.api_version,
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "fieldsType": "FieldsV1",
            "fieldsV1": encode(paths),
        }
        entries.append(entry | ({"subresource": each.subresource} if each.subresource else {}))
    metadata = {name: value for name, value in new["metadata"].items() if name != "managedFields"}
    return {**new, "metadata": metadata | ({"managedFields": entries} if entries else {})}


def managed_part(value: Json) -> Json:
    """Return the part of an object that has managers."""
    part = {name: each for name, each in value.items() if name not in UNMANAGED}
    metadata = {
        name: each for name, each in value.get("metadata", {}).items() if name not in UNMANAGED_METADATA
    }
    part.pop("metadata", None)
    return part | ({"metadata": metadata} if metadata else {})


def _changed(known: Field, live: Json, merged: Json) -> set[Path]:
    was, now = present_fields(known, live), present_fields(known, merged)
    return {path for path, value in now.items() if path in was and was[path] != value}


def _conflict(kind: Kind, taken: Owners) -> Conflict:
    causes = [
        {
            "reason": "FieldManagerConflict",
            "message": f"conflict with {_shown_manager(each)} using {kind.api_version}",
            "field": shown(path),
        }
        for each, paths in sorted(taken.items())
        for path in sorted(paths)
    ]
    word = "conflict" if len(causes) == 1 else "conflicts"
    told = "; ".join(f"{each['message']}: {each['field']}" for each in causes)
    return Conflict(f"Apply failed with {len(causes)} {word}: {told}", causes=causes)


def _shown_manager(each: Manager) -> str:
    by = f' with subresource "{each.subresource}"' if each.subresource else ""
    return f"{json.dumps(each.name)}{by}"


def _merged(known: Field | None, live: Any, wanted: Any) -> Any:
    """Return a value with what is applied laid over it."""
    if known is None or known.shape == "value" or type(live) is not type(wanted):
        return copy.deepcopy(wanted)
    if isinstance(wanted, dict):
        out = dict(live)
        for name, each in wanted.items():
            out[name] = _merged(known.child(name), out.get(name), each)
        return out
    if known.shape == "keyed" and known.below is not None:
        items = {key_of(known, each): each for each in live}
        for each in wanted:
            key = key_of(known, each)
            items[key] = _merged(known.below, items.get(key), each)
        return list(items.values())
    if known.shape == "set":
        return [*live, *(each for each in wanted if each not in live)]
    return copy.deepcopy(wanted)


def _removed(known: Field | None, value: Any, path: Path) -> Any:
    """Return a value without what is at a path."""
    if known is None or not path:
        return value
    element, below = path[0], path[1:]
    kind, _, name = element.partition(":")
    if kind == "f" and isinstance(value, dict) and name in value:
        out = dict(value)
        if below:
            out[name] = _removed(known.child(name), value[name], below)
        else:
            del out[name]
        return out
    if kind == "k" and isinstance(value, list):
        items: Iterable[Any] = value
        if not below:
            return [each for each in items if key_of(known, each) != element]
        return [
            _removed(known.below, each, below) if key_of(known, each) == element else each for each in items
        ]
    if kind == "v" and isinstance(value, list):
        return [each for each in value if json.dumps(each) != name]
    return value
