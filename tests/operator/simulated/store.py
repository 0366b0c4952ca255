"""The objects of a simulated Kubernetes, as the API server keeps them. No HTTP.

They have versions, a status apart, server-side apply, owner references, and a log of changes that watches
read.
"""

import asyncio
import itertools
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import jsonpatch
import jsonpointer

from tests.operator.simulated.errors import Conflict, Invalid, NotFound

Json = dict[str, Any]
# Plural, namespace, name.
Key = tuple[str, str, str]

_Copied = TypeVar("_Copied")

# Kinds whose status is written apart from the rest.
WITH_STATUS = frozenset({"audiocasts", "streams", "statefulsets", "pods"})

# Kinds that are marked first, and go when somebody (the kubelet) lets them.
GRACEFUL = frozenset({"pods"})


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the log.

    Attributes:
        version: The resourceVersion after the change.
        plural: Plural of the object's kind.
        type: ADDED, MODIFIED or DELETED.
        object: The object after the change.
    """

    version: int
    plural: str
    type: str
    object: Json


@dataclass
class Store:
    """All objects.

    Attributes:
        admit: Called with plural, the object and what it was, before it is written; fills in and refuses.
        log: Every change since the beginning.
        status_writes: How often a status was written, by key.
    """

    admit: Callable[[str, Json, Json | None], Json] = lambda plural, new, old: new
    log: list[Change] = field(default_factory=list)
    status_writes: dict[Key, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._objects: dict[Key, Json] = {}
        self._applied: dict[tuple[Key, str], Json] = {}
        self._versions = itertools.count(1000)
        self.version = 1000
        self._changed = asyncio.Event()

    def get(self, plural: str, namespace: str, name: str) -> Json:
        """Return a copy of an object.

        Raises:
            NotFound: There is none.
        """
        try:
            return _copied(self._objects[plural, namespace, name])
        except KeyError:
            raise NotFound(f'{plural} "{name}" not found') from None

    def find(self, plural: str, namespace: str, name: str) -> Json | None:
        """Return a copy of an object; None when there is none."""
        found = self._objects.get((plural, namespace, name))
        return _copied(found)

    def all_of(self, plural: str, namespace: str = "", labels: dict[str, str] | None = None) -> list[Json]:
        """Return copies of all objects with these labels, sorted by name."""
        return [
            _copied(each)
            for (kind, where, _), each in sorted(self._objects.items())
            if kind == plural
            and namespace in ("", where)
            and (labels or {}).items() <= each["metadata"].get("labels", {}).items()
        ]

    def create(self, plural: str, new: Json) -> Json:
        """Add an object.

        Raises:
            Conflict: There is one with this name.
            Invalid: It is not admitted.
        """
        metadata = new["metadata"]
        key = (plural, metadata["namespace"], metadata["name"])
        if key in self._objects:
            raise Conflict(f'{plural} "{metadata["name"]}" already exists')
        new = _copied(new)
        if plural in WITH_STATUS - {"pods"}:
            new.pop("status", None)
        new["metadata"] |= {
            "uid": str(uuid.uuid4()),
            "generation": 1,
            "creationTimestamp": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        written = self._write(key, self.admit(plural, new, None), "ADDED")
        self._collect(*key)
        return written

    def apply(self, plural: str, wanted: Json, manager: str) -> Json:
        """Server-side apply, forced: what this manager applied before and does not give now is taken away.

        Lists are replaced as a whole: only one manager writes those that are used here.
        """
        metadata = wanted["metadata"]
        key = (plural, metadata["namespace"], metadata["name"])
        before = self._applied.get((key, manager), {})
        self._applied[key, manager] = _copied(wanted)
        if key not in self._objects:
            return self.create(plural, wanted)
        return self._update(key, _merged(_without(self.get(*key), before, wanted), wanted))

    def patch(self, plural: str, namespace: str, name: str, patch: Json | list[Json], status: bool) -> Json:
        """Merge patch (RFC 7396) for an object, JSON patch (RFC 6902) for a list.

        Raises:
            NotFound: There is no such object.
            Invalid: A test of a JSON patch failed, or the outcome is not admitted.
        """
        key = (plural, namespace, name)
        now = self.get(*key)
        if isinstance(patch, list):
            try:
                new = jsonpatch.apply_patch(now, patch)
            except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
                raise Invalid(str(error)) from error
        else:
            said = patch.get("metadata", {}).get("resourceVersion")
            if said not in (None, now["metadata"]["resourceVersion"]):
                raise Conflict("the object has been modified")
            new = _merge_patched(now, patch)
        if status:
            self.status_writes[key] = self.status_writes.get(key, 0) + 1
            new = {**now, "status": new.get("status", {})}
        elif plural in WITH_STATUS:
            new.pop("status", None)
            new |= {"status": now["status"]} if "status" in now else {}
        return self._update(key, new)

    def set_status(self, plural: str, namespace: str, name: str, status: Json) -> None:
        """Write a status as a controller does."""
        key = (plural, namespace, name)
        if key in self._objects:
            self._update(key, {**self.get(*key), "status": status})

    def delete(self, plural: str, namespace: str, name: str) -> None:
        """Delete an object; one with finalizers, or that goes gracefully, is marked first.

        Raises:
            NotFound: There is none.
        """
        found = self.get(plural, namespace, name)
        metadata = found["metadata"]
        if metadata.get("finalizers") or plural in GRACEFUL:
            if not metadata.get("deletionTimestamp"):
                metadata["deletionTimestamp"] = datetime.now(UTC).isoformat(timespec="seconds")
                self._update((plural, namespace, name), found)
            return
        self.remove(plural, namespace, name)

    def remove(self, plural: str, namespace: str, name: str) -> None:
        """Take an object away now, and all that it owns."""
        gone = self._objects.pop((plural, namespace, name), None)
        if gone is None:
            return
        self._log(plural, "DELETED", gone)
        for key in list(self._objects):
            self._collect(*key)

    def _collect(self, plural: str, namespace: str, name: str) -> None:
        """Delete an object whose owners are all gone, as the garbage collector does."""
        found = self._objects.get((plural, namespace, name))
        owners = found["metadata"].get("ownerReferences", []) if found else []
        if owners and not {owner["uid"] for owner in owners} & self._uids():
            self.delete(plural, namespace, name)

    def _uids(self) -> set[str]:
        return {each["metadata"]["uid"] for each in self._objects.values()}

    async def changed(self) -> None:
        """Wait for the next change."""
        await self._changed.wait()

    def _update(self, key: Key, new: Json) -> Json:
        now = self._objects[key]
        new = self.admit(key[0], new, now)
        if _without_version(new) == _without_version(now):
            return _copied(now)
        if new.get("spec") != now.get("spec"):
            new["metadata"]["generation"] = now["metadata"]["generation"] + 1
        written = self._write(key, new, "MODIFIED")
        may_go = new["metadata"].get("deletionTimestamp") and not new["metadata"].get("finalizers")
        if may_go and key[0] not in GRACEFUL:
            self.remove(*key)
        return written

    def _write(self, key: Key, new: Json, kind_of_change: str) -> Json:
        self._objects[key] = new
        self._log(key[0], kind_of_change, new)
        return _copied(new)

    def _log(self, plural: str, kind_of_change: str, new: Json) -> None:
        self.version = next(self._versions) + 1
        new["metadata"]["resourceVersion"] = str(self.version)
        self.log.append(Change(self.version, plural, kind_of_change, _copied(new)))
        self.wake()

    def wake(self) -> None:
        """Let all who wait for a change look."""
        self._changed.set()
        self._changed = asyncio.Event()


def _copied(each: _Copied) -> _Copied:
    """Copy what is JSON; several times as fast as `copy.deepcopy`, and most of the work here."""
    copy: _Copied = json.loads(json.dumps(each))
    return copy


def _without_version(each: Json) -> Json:
    metadata = {name: value for name, value in each["metadata"].items() if name != "resourceVersion"}
    return {**each, "metadata": metadata}


def _merged(now: Json, wanted: Json) -> Json:
    out = dict(now)
    for name, value in wanted.items():
        both = isinstance(value, dict) and isinstance(out.get(name), dict)
        out[name] = _merged(out[name], value) if both else _copied(value)
    return out


def _without(now: Json, before: Json, wanted: Json) -> Json:
    """Take away what was applied before and is not wanted now."""
    out = dict(now)
    for name, value in before.items():
        if name not in wanted:
            out.pop(name, None)
        elif isinstance(value, dict) and isinstance(wanted[name], dict) and isinstance(out.get(name), dict):
            out[name] = _without(out[name], value, wanted[name])
    return out


def _merge_patched(now: Json, patch: Json) -> Json:
    out = dict(now)
    for name, value in patch.items():
        if value is None:
            out.pop(name, None)
        elif isinstance(value, dict):
            known = out.get(name)
            out[name] = _merge_patched(known if isinstance(known, dict) else {}, value)
        else:
            out[name] = value
    return out
