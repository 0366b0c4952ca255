"""The client of the Kubernetes API: plain dicts in and out, server-side apply, the operator's own errors.

It watches nothing; that is `watcher`'s part.
"""

from collections.abc import Awaitable, Mapping
from functools import cache
from typing import Any, Protocol, TypeVar

import httpx2
from lightkube.core.async_client import AsyncClient
from lightkube.core.exceptions import ApiError
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.meta_v1 import DeleteOptions, ObjectMeta, Preconditions
from lightkube.resources.core_v1 import PodEviction
from lightkube.types import PatchType

from audiocast_operator.errors import ApiRefused, NotInstalled, OperatorError, TryAgain
from audiocast_operator.names import FIELD_MANAGER, GROUP, VERSION

Json = dict[str, Any]

PLURALS = {
    "AudioCast": "audiocasts",
    "Stream": "streams",
    "StatefulSet": "statefulsets",
    "Pod": "pods",
    "Service": "services",
    "ConfigMap": "configmaps",
    "Secret": "secrets",
    "ServiceAccount": "serviceaccounts",
    "Ingress": "ingresses",
    "HTTPRoute": "httproutes",
    "NetworkPolicy": "networkpolicies",
    "PodDisruptionBudget": "poddisruptionbudgets",
    "PodMonitor": "podmonitors",
}
AUDIOCAST = (f"{GROUP}/{VERSION}", "AudioCast")
STREAM = (f"{GROUP}/{VERSION}", "Stream")
POD = ("v1", "Pod")
SECRET = ("v1", "Secret")
SERVICE_ACCOUNT = ("v1", "ServiceAccount")
STATEFULSET = ("apps/v1", "StatefulSet")
INGRESS = ("networking.k8s.io/v1", "Ingress")
HTTP_ROUTE = ("gateway.networking.k8s.io/v1", "HTTPRoute")
NETWORK_POLICY = ("networking.k8s.io/v1", "NetworkPolicy")
POD_MONITOR = ("monitoring.coreos.com/v1", "PodMonitor")

# A 404 in plain text says of these that they are not installed. All others every cluster has, or the chart.
OPTIONAL_KINDS = frozenset({HTTP_ROUTE, POD_MONITOR})

# Time until the next attempt when the API server names none.
BUSY_SECONDS = 5.0

# Answers after which the same request may succeed; all of 500 and above are such answers, too.
PASSING_STATUS = frozenset({408, 409, 425, 429})

# So the API server answers, with 500, to an apply with an unknown field, or a key twice in a list.
UNKNOWN_FIELD = "failed to create typed patch object"

Kind = tuple[str, str]
Result = TypeVar("Result")


class Kube(Protocol):
    """The requests that a reconcile makes.

    Raises:
        TryAgain: The API server is busy or absent, or somebody else was faster.
        NotInstalled: The kind is not installed.
        ApiRefused: The API server refuses the request for good.
    """

    async def get(self, kind: Kind, namespace: str, name: str) -> Json | None:
        """Return an object; None when there is none."""

    async def find_all(
        self, kind: Kind, namespace: str, selector: Mapping[str, str] | None = None
    ) -> list[Json]:
        """Return all objects with these labels. An empty namespace means all namespaces."""

    async def apply(self, wanted: Json, uid: str) -> Json:
        """Create or change an object by server-side apply; return the whole object as it is now.

        Args:
            wanted: The object.
            uid: The uid of the object that is changed; empty: there was none a moment ago.
        """

    async def write_status(self, kind: Kind, namespace: str, name: str, status: Json) -> None:
        """Replace an object's status, and nothing else of it."""

    async def delete(self, kind: Kind, namespace: str, name: str) -> None:
        """Delete an object, if there is one."""

    async def evict(self, namespace: str, name: str, uid: str) -> None:
        """Evict a pod, if its uid is still this one. A PodDisruptionBudget may forbid it: TryAgain."""


class LightKube:
    """The API through lightkube. It must be made inside the running loop, and closed.

    Args:
        client: lightkube's client, which reads the service account or KUBECONFIG. It is closed with this one.
    """

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def get(self, kind: Kind, namespace: str, name: str) -> Json | None:
        """See `Kube`."""
        request = self._client.get(_resource(kind), name, namespace=namespace)
        found = await _call(f"get {kind[1]} {name}", _unless_missing(request), kind)
        return None if found is None else _plain(found, kind)

    async def find_all(
        self, kind: Kind, namespace: str, selector: Mapping[str, str] | None = None
    ) -> list[Json]:
        """See `Kube`."""
        pages = self._client.list(_resource(kind), namespace=namespace or "*", labels=dict(selector or {}))

        async def read() -> list[Json]:
            return [_plain(each, kind) async for each in pages]

        return await _call(f"list {kind[1]}", read(), kind)

    async def apply(self, wanted: Json, uid: str) -> Json:
        """See `Kube`.

        An object that is there is forced: if another manager has written these fields, it was by mistake. Its
        uid is part of the request, so that another object that has come in its place is refused. One that is
        new is not forced: what somebody has made in between keeps its fields, and this is a conflict.
        """
        kind = (wanted["apiVersion"], wanted["kind"])
        if uid:
            wanted = {**wanted, "metadata": {**wanted["metadata"], "uid": uid}}
        request = self._client.apply(
            _resource(kind).from_dict(wanted), field_manager=FIELD_MANAGER, force=bool(uid)
        )
        return _plain(await _call(f"apply {kind[1]} {wanted['metadata']['name']}", request, kind), kind)

    async def write_status(self, kind: Kind, namespace: str, name: str, status: Json) -> None:
        """See `Kube`. It is a JSON patch: a merge would keep fields that the new status leaves out."""
        request = self._client.patch(
            _resource(kind).Status,
            name,
            [{"op": "add", "path": "/status", "value": status}],
            namespace=namespace,
            patch_type=PatchType.JSON,
            field_manager=FIELD_MANAGER,
        )
        await _call(f"write the status of {kind[1]} {name}", request)

    async def delete(self, kind: Kind, namespace: str, name: str) -> None:
        """See `Kube`."""
        request = self._client.delete(_resource(kind), name, namespace=namespace)
        await _call(f"delete {kind[1]} {name}", _unless_missing(request), kind)

    async def evict(self, namespace: str, name: str, uid: str) -> None:
        """See `Kube`."""
        eviction = PodEviction(
            metadata=ObjectMeta(name=name, namespace=namespace),
            deleteOptions=DeleteOptions(preconditions=Preconditions(uid=uid)),
        )
        request = self._client.create(eviction, name, namespace=namespace)
        await _call(f"evict Pod {name}", _unless_missing(request))


@cache
def _resource(kind: Kind) -> Any:
    """Return lightkube's generic class for a kind; a typed one would drop fields that it does not know."""
    api_version, name = kind
    group, _, version = api_version.rpartition("/")
    return create_namespaced_resource(group, version, name, PLURALS[name])


def _plain(found: Any, kind: Kind) -> Json:
    return {**found.to_dict(), "apiVersion": kind[0], "kind": kind[1]}


async def _unless_missing(request: Awaitable[Result]) -> Result | None:
    """Return the answer to a request; None when the API server answers 404.

    Only its own JSON says so. Plain text comes for kinds that are not installed, or not served at the moment.
    """
    try:
        return await request
    except ApiError as error:
        if error.response.status_code == 404:
            return None
        raise


async def _call(doing: str, request: Awaitable[Result], kind: Kind | None = None) -> Result:
    """Return the answer to a request; its errors become the operator's own.

    Args:
        doing: What the request does, for the messages: "could not …".
        request: The request, which is awaited here.
        kind: The kind that is asked for.
    """
    try:
        return await request
    except httpx2.HTTPStatusError as error:
        if error.response.status_code == 404 and not isinstance(error, ApiError):
            if kind in OPTIONAL_KINDS:
                raise NotInstalled(f"{kind[1]} ({kind[0]}) is not installed in this cluster") from error
            raise TryAgain(f"could not {doing}: the API server does not serve it", BUSY_SECONDS) from error
        raise _operator_error(doing, error) from error
    except httpx2.HTTPError as error:
        reason = str(error)[:200] or type(error).__name__
        raise TryAgain(f"could not {doing}: {reason}", BUSY_SECONDS) from error


def _operator_error(doing: str, error: httpx2.HTTPStatusError) -> OperatorError:
    # What is no answer of Kubernetes is told by its status: the client's own text ends with a link.
    said = str(error) if isinstance(error, ApiError) else error.response.reason_phrase
    retry_after = error.response.headers.get("Retry-After", "")
    return refusal(f"could not {doing}", error.response.status_code, said, retry_after)


def refusal(failed: str, code: int, said: str, retry_after: str) -> OperatorError:
    """Return the error for an answer of 400 and above.

    Args:
        failed: What the request was for.
        code: The answer's status.
        said: What the API server says.
        retry_after: The field `Retry-After`; empty: there is none.
    """
    message = f"{failed}: {code} {said[:300]}"
    if UNKNOWN_FIELD not in message and (code in PASSING_STATUS or code >= 500):
        return TryAgain(message, float(retry_after) if retry_after.isdigit() else BUSY_SECONDS)
    return ApiRefused(message)
