"""The objects of a simulated Kubernetes, as the API server keeps them. No HTTP.

They have versions, managers of their fields, a status apart, owner references, and a log of changes that
watches read. What is written is completed, refused or kept as the kind wants it.
"""

import asyncio
import itertools
import marshal
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import jsonpatch
import jsonpointer

from tests.operator.simulated import pod_security, server_side_apply
from tests.operator.simulated.defaults import complete
from tests.operator.simulated.errors import (
    AlreadyExists,
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    ServerError,
)
from tests.operator.simulated.kinds import Served
from tests.operator.simulated.validation import Cause, complaint_of_schema, invalid, validate

Json = dict[str, Any]
# Plural, namespace, name.
Key = tuple[str, str, str]

_Copied = TypeVar("_Copied")

# Kinds that are marked first, and go when somebody (the kubelet) lets them.
GRACEFUL = frozenset({"pods"})
# Who writes when a test does.
SOMEBODY = "kubectl-edit"
MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


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
        kinds: By plural.
        admit: Called with plural, the object and what it was, before it is written; fills in and refuses.
        log: Every change since the beginning.
        status_writes: How often a status was written, by key.
    """

    kinds: dict[str, Served]
    admit: Callable[[str, Json, Json | None], Json] = lambda plural, new, old: new
    log: list[Change] = field(default_factory=list)
    status_writes: dict[Key, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._objects: dict[Key, Json] = {}
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
            served = self.kinds[plural]
            raise NotFound(
                f'{served.resource} "{name}" not found', name=name, group=served.group, kind=plural
            ) from None

    def find(self, plural: str, namespace: str, name: str) -> Json | None:
        """Return a copy of an object; None when there is none."""
        found = self._objects.get((plural, namespace, name))
        return _copied(found)

    def all_of(self, plural: str, namespace: str = "", labels: dict[str, str] | None = None) -> list[Json]:
        """Return copies of all objects with these labels, sorted by name."""
        keys = [key for key in self._objects if key[0] == plural and namespace in ("", key[1])]
        found = [self._objects[key] for key in sorted(keys)]
        wanted = (labels or {}).items()
        return [_copied(each) for each in found if wanted <= each["metadata"].get("labels", {}).items()]

    def put(self, plural: str, found: Json) -> None:
        """Put an object in as it was seen elsewhere: nothing is completed, refused or counted."""
        metadata = found["metadata"]
        self._objects[plural, metadata.get("namespace", ""), metadata["name"]] = _copied(found)
        version = int(metadata["resourceVersion"])
        self.version = max(self.version, version)
        self.log.append(Change(version, plural, "ADDED", _copied(found)))

    def create(self, plural: str, new: Json, manager: str = SOMEBODY) -> Json:
        """Add an object.

        Raises:
            AlreadyExists: There is one with this name.
            ApiError: It is not admitted.
        """
        served = self.kinds[plural]
        new = _copied({**new, "apiVersion": served.version, "kind": served.name})
        metadata = new["metadata"]
        key = (plural, metadata.get("namespace", ""), metadata["name"])
        if key in self._objects:
            raise AlreadyExists(
                f'{served.resource} "{metadata["name"]}" already exists',
                name=metadata["name"],
                group=served.group,
                kind=plural,
            )
        if "status" in served.subresources and plural not in ("pods", "namespaces"):
            new.pop("status", None)
        if complaint := complaint_of_schema(served, new):
            raise BadRequest(f"{served.name} in version cannot be handled as a {served.name}: {complaint}")
        return self._add(
            key, new, lambda made: server_side_apply.record_update(served.kind, None, made, manager)
        )

    def _add(self, key: Key, new: Json, own: Callable[[Json], Json]) -> Json:
        """Add an object that is there for the first time.

        Args:
            key: Where.
            new: The object, before it is completed.
            own: Writes who owns its fields.
        """
        plural, namespace, name = key
        served = self.kinds[plural]
        self._check_namespace(served, namespace, name)
        new["metadata"] |= {
            "uid": str(uuid.uuid4()),
            "creationTimestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        if served.counts_generations:
            new["metadata"]["generation"] = 1
        written = self._write(key, own(self._admitted(plural, new, None)), "ADDED")
        self._collect(*key)
        return written

    def _admitted(self, plural: str, new: Json, old: Json | None) -> Json:
        served = self.kinds[plural]
        new = self.admit(plural, complete(plural, new), old)
        validate(served, new, old)
        if plural == "pods" and old is None:
            namespace = self._objects["namespaces", "", new["metadata"]["namespace"]]
            against = pod_security.violations(namespace, pod_security.ENFORCED, new["spec"])
            if against:
                name = new["metadata"]["name"]
                raise Forbidden(f'pods "{name}" is forbidden: {against}', name=name, kind=plural)
        return new

    def _check_namespace(self, served: Served, namespace: str, name: str) -> None:
        """Refuse an object whose namespace is not there, goes away, or has no room (its ResourceQuotas)."""
        if not served.is_namespaced:
            return
        found = self._objects.get(("namespaces", "", namespace))
        if found is None:
            raise NotFound(f'namespaces "{namespace}" not found', name=namespace, kind="namespaces")
        forbidden = f'{served.resource} "{name}" is forbidden'
        details: Json = {"name": name, "group": served.group, "kind": served.plural}
        if found["metadata"].get("deletionTimestamp"):
            cause = {
                "reason": "NamespaceTerminating",
                "message": f"namespace {namespace} is being terminated",
                "field": "metadata.namespace",
            }
            told = f"unable to create new content in namespace {namespace} because it is being terminated"
            raise Forbidden(f"{forbidden}: {told}", causes=[cause], **details)
        for quota in self.all_of("resourcequotas", namespace):
            hard = quota["spec"].get("hard", {}).get(served.plural)
            used = sum(key[:2] == (served.plural, namespace) for key in self._objects)
            if hard is not None and used >= int(hard):
                told = f"{served.plural}=1, used: {served.plural}={used}, limited: {served.plural}={hard}"
                raise Forbidden(
                    f"{forbidden}: exceeded quota: {quota['metadata']['name']}, requested: {told}", **details
                )

    def apply(self, plural: str, wanted: Json, manager: str, *, force: bool = True) -> Json:
        """Server-side apply.

        Raises:
            Conflict: Another manager owns a field that would change, and there is no force; or the
                resourceVersion is an old one.
            ServerError: A field is not known, or two items of a list have the same keys.
            ApiError: It is not admitted.
        """
        served = self.kinds[plural]
        wanted = _copied(wanted)
        metadata = wanted["metadata"]
        if metadata.get("managedFields"):
            raise BadRequest("metadata.managedFields must be nil")
        key = (plural, metadata.get("namespace", ""), metadata["name"])
        live = self.find(*key)
        uid = metadata.get("uid", "")
        if uid and live is None:
            # `applyPatch` of apiserver's pkg/endpoints/handlers/patch.go.
            told = f"the provided object specified uid {uid}, and no existing object was found"
            raise Conflict(f"uid mismatch: {told}", name=metadata["name"], kind=plural)
        if uid and live is not None and uid != live["metadata"]["uid"]:
            # ValidateObjectMetaAccessorUpdate of apimachinery's pkg/api/validation/objectmeta.go.
            told = f'Invalid value: "{uid}": field is immutable'
            raise invalid(served, metadata["name"], Cause("metadata.uid", told))
        said = metadata.pop("resourceVersion", None)
        if live is not None and said not in (None, live["metadata"]["resourceVersion"]):
            raise self._modified(served, metadata["name"])
        new = server_side_apply.apply(served.kind, live, wanted, manager, force=force)
        if complaint := complaint_of_schema(served, new):
            raise ServerError(f"failed to create typed patch object ({key[1]}/{key[2]}): {complaint}")
        if live is None:
            new = {**new, "apiVersion": served.version, "kind": served.name}
            entries = new["metadata"].get("managedFields", [])
            return self._add(
                key, new, lambda made: {**made, "metadata": {**made["metadata"], "managedFields": entries}}
            )
        return self._update(key, new)

    def patch(
        self,
        plural: str,
        namespace: str,
        name: str,
        patch: Json | list[Json],
        status: bool,
        manager: str = SOMEBODY,
    ) -> Json:
        """Merge patch (RFC 7396) for an object, JSON patch (RFC 6902) for a list.

        Raises:
            NotFound: There is no such object.
            Invalid: A test of a JSON patch failed, or the outcome is not admitted.
        """
        key = (plural, namespace, name)
        served = self.kinds[plural]
        now = self.get(*key)
        if isinstance(patch, list):
            try:
                new = jsonpatch.apply_patch(now, patch)
            except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
                raise Invalid("the server rejected our request due to an error in our request") from error
        else:
            said = patch.get("metadata", {}).get("resourceVersion")
            if said not in (None, now["metadata"]["resourceVersion"]):
                raise self._modified(served, name)
            new = _merge_patched(now, patch)
        if status:
            self.status_writes[key] = self.status_writes.get(key, 0) + 1
            new = {**now, "status": new.get("status", {})}
        elif "status" in served.subresources:
            new.pop("status", None)
            new |= {"status": now["status"]} if "status" in now else {}
        if not status and (complaint := complaint_of_schema(served, new)):
            raise BadRequest(f"cannot be handled as a {served.name}: {complaint}")
        return self._update(key, new, manager, "status" if status else "")

    def scale(self, plural: str, namespace: str, name: str, replicas: int, manager: str = SOMEBODY) -> Json:
        """Write the number of replicas by the scale subresource."""
        found = self.get(plural, namespace, name)
        new = {**found, "spec": {**found["spec"], "replicas": replicas}}
        return self._update((plural, namespace, name), new, manager, "scale")

    def set_status(self, plural: str, namespace: str, name: str, status: Json) -> None:
        """Write a status as a controller does; the same one again changes nothing."""
        key = (plural, namespace, name)
        if key in self._objects and self._objects[key].get("status") != status:
            self._update(key, {**self.get(*key), "status": status}, "kube-controller-manager", "status")

    def delete(self, plural: str, namespace: str, name: str, uid: str = "") -> Json:
        """Delete an object; one with finalizers, or that goes gracefully, is marked first.

        Args:
            plural: Plural of its kind.
            namespace: Where it is.
            name: Its name.
            uid: A precondition: the uid that it has; empty: any.

        Raises:
            NotFound: There is none.
            Conflict: It has another uid.
        """
        found = self.get(plural, namespace, name)
        metadata = found["metadata"]
        if uid not in ("", metadata["uid"]):
            raise uid_conflict(self.kinds[plural].name, name, uid, metadata["uid"])
        if metadata.get("finalizers") or plural in GRACEFUL:
            if not metadata.get("deletionTimestamp"):
                metadata["deletionTimestamp"] = datetime.now(UTC).isoformat(timespec="seconds")
                self._write((plural, namespace, name), found, "MODIFIED")
            return found
        self.remove(plural, namespace, name)
        return found

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

    def changed(self) -> Awaitable[object]:
        """Return what waits for the next change after this call, whenever it is awaited."""
        return self._changed.wait()

    def _update(self, key: Key, new: Json, manager: str = "", subresource: str = "") -> Json:
        """Write an object that is there; without a manager its `managedFields` are right already."""
        now = self._objects[key]
        served = self.kinds[key[0]]
        owned = new["metadata"].get("managedFields")
        new = self._admitted(key[0], new, now)
        if owned is not None:
            new["metadata"]["managedFields"] = owned
        if _without_version(new) == _without_version(now):
            return _copied(now)
        if manager:
            new = server_side_apply.record_update(served.kind, _copied(now), new, manager, subresource)
        if served.counts_generations and new.get("spec") != now.get("spec"):
            new["metadata"]["generation"] = now["metadata"].get("generation", 1) + 1
        written = self._write(key, new, "MODIFIED")
        may_go = new["metadata"].get("deletionTimestamp") and not new["metadata"].get("finalizers")
        if may_go and key[0] not in GRACEFUL:
            self.remove(*key)
        return written

    @staticmethod
    def _modified(served: Served, name: str) -> Conflict:
        told = f'Operation cannot be fulfilled on {served.resource} "{name}": {MODIFIED}'
        return Conflict(told, name=name, group=served.group, kind=served.plural)

    def _write(self, key: Key, new: Json, kind_of_change: str) -> Json:
        self._objects[key] = new
        self._log(key[0], kind_of_change, new)
        return _copied(new)

    def _log(self, plural: str, kind_of_change: str, new: Json) -> None:
        self.version = max(next(self._versions), self.version) + 1
        new["metadata"]["resourceVersion"] = str(self.version)
        self.log.append(Change(self.version, plural, kind_of_change, _copied(new)))
        self.wake()

    def wake(self) -> None:
        """Let all who wait for a change look."""
        self._changed.set()
        self._changed = asyncio.Event()


def uid_conflict(kind: str, name: str, asked: str, found: str) -> Conflict:
    """Return the error for a precondition that does not hold."""
    told = f"the UID in the precondition ({asked}) does not match the UID in record ({found})"
    return Conflict(
        f'Operation cannot be fulfilled on {kind} "{name}": {told}. '
        "The object might have been deleted and then recreated",
        name=name,
        kind=kind,
    )


def _copied(each: _Copied) -> _Copied:
    """Copy what is JSON; ten times as fast as `copy.deepcopy`, and most of the work here."""
    json: Any = each
    # Version 2 copies twice what stands in two places, as JSON does; later ones leave it one object.
    copy: _Copied = marshal.loads(marshal.dumps(json, 2))
    return copy


def _without_version(each: Json) -> Json:
    metadata = {name: value for name, value in each["metadata"].items() if name != "resourceVersion"}
    return {**each, "metadata": metadata}


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
