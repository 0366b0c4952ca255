"""The client of the Kubernetes API: plain dicts in and out, server-side apply, the operator's own errors.

It watches nothing; that is kopf's part.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, Protocol

import httpx2
from lightkube.core.async_client import AsyncClient
from lightkube.core.exceptions import ApiError
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.meta_v1 import DeleteOptions, ObjectMeta, Preconditions
from lightkube.resources.core_v1 import PodEviction
from lightkube.types import PatchType

from audiocast_operator.errors import OperatorError, RequestRefused, TryAgain
from audiocast_operator.names import FIELD_MANAGER, GROUP, VERSION

Json = dict[str, Any]

PLURALS = {
    "AudioCast": "audiocasts",
    "Stream": "streams",
    "StatefulSet": "statefulsets",
    "Pod": "pods",
    "Service": "services",
    "Secret": "secrets",
    "Ingress": "ingresses",
    "NetworkPolicy": "networkpolicies",
    "PodDisruptionBudget": "poddisruptionbudgets",
    "PodMonitor": "podmonitors",
}
AUDIOCAST = (f"{GROUP}/{VERSION}", "AudioCast")
STREAM = (f"{GROUP}/{VERSION}", "Stream")
POD = ("v1", "Pod")
SECRET = ("v1", "Secret")
STATEFULSET = ("apps/v1", "StatefulSet")
INGRESS = ("networking.k8s.io/v1", "Ingress")
NETWORK_POLICY = ("networking.k8s.io/v1", "NetworkPolicy")
POD_MONITOR = ("monitoring.coreos.com/v1", "PodMonitor")

# Time until the next attempt when the API server names none.
BUSY_SECONDS = 5.0

# Answers after which the same request may succeed; all of 500 and above are such answers, too.
PASSING_STATUS = frozenset({408, 409, 425, 429})

Kind = tuple[str, str]


class Kube(Protocol):
    """The requests that a reconcile makes.

    Raises:
        TryAgain: The API server is busy or absent, or somebody else was faster.
        RequestRefused: The API server refuses the request for good.
    """

    async def get(self, kind: Kind, namespace: str, name: str) -> Json | None:
        """Return an object; None when there is none."""

    async def find_all(
        self, kind: Kind, namespace: str, selector: Mapping[str, str] | None = None
    ) -> list[Json]:
        """Return all objects with these labels. An empty namespace means all namespaces."""

    async def apply(self, wanted: Json) -> Json:
        """Create or change an object by server-side apply; return the whole object as it is now."""

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
        async with _errors(f"get {kind[1]} {name}"):
            try:
                return _plain(await self._client.get(_resource(kind), name, namespace=namespace), kind)
            except ApiError as error:
                if error.response.status_code == 404:
                    return None
                raise
        raise AssertionError("not reached")

    async def find_all(
        self, kind: Kind, namespace: str, selector: Mapping[str, str] | None = None
    ) -> list[Json]:
        """See `Kube`."""
        async with _errors(f"list {kind[1]}"):
            found = self._client.list(
                _resource(kind), namespace=namespace or "*", labels=dict(selector or {})
            )
            return [_plain(each, kind) async for each in found]
        raise AssertionError("not reached")

    async def apply(self, wanted: Json) -> Json:
        """See `Kube`. The apply is forced: if another manager has written these fields, it was by mistake."""
        kind = (wanted["apiVersion"], wanted["kind"])
        resource = _resource(kind)
        async with _errors(f"apply {kind[1]} {wanted['metadata']['name']}"):
            applied = await self._client.apply(
                resource.from_dict(wanted), field_manager=FIELD_MANAGER, force=True
            )
            return _plain(applied, kind)
        raise AssertionError("not reached")

    async def write_status(self, kind: Kind, namespace: str, name: str, status: Json) -> None:
        """See `Kube`. It is a JSON patch: a merge would keep fields that the new status leaves out."""
        async with _errors(f"write the status of {kind[1]} {name}"):
            await self._client.patch(
                _resource(kind).Status,
                name,
                [{"op": "add", "path": "/status", "value": status}],
                namespace=namespace,
                patch_type=PatchType.JSON,
                field_manager=FIELD_MANAGER,
            )

    async def delete(self, kind: Kind, namespace: str, name: str) -> None:
        """See `Kube`."""
        async with _errors(f"delete {kind[1]} {name}"):
            try:
                await self._client.delete(_resource(kind), name, namespace=namespace)
            except ApiError as error:
                if error.response.status_code != 404:
                    raise

    async def evict(self, namespace: str, name: str, uid: str) -> None:
        """See `Kube`."""
        eviction = PodEviction(
            metadata=ObjectMeta(name=name, namespace=namespace),
            deleteOptions=DeleteOptions(preconditions=Preconditions(uid=uid)),
        )
        async with _errors(f"evict Pod {name}"):
            try:
                await self._client.create(eviction, name, namespace=namespace)
            except ApiError as error:
                if error.response.status_code != 404:
                    raise


@cache
def _resource(kind: Kind) -> Any:
    """Return lightkube's generic class for a kind; a typed one would drop fields that it does not know."""
    api_version, name = kind
    group, _, version = api_version.rpartition("/")
    return create_namespaced_resource(group, version, name, PLURALS[name])


def _plain(found: Any, kind: Kind) -> Json:
    return {**found.to_dict(), "apiVersion": kind[0], "kind": kind[1]}


@asynccontextmanager
async def _errors(doing: str) -> AsyncIterator[None]:
    try:
        yield
    except httpx2.HTTPStatusError as error:
        raise _operator_error(doing, error) from error
    except httpx2.HTTPError as error:
        raise TryAgain(
            f"could not {doing}: {str(error)[:200] or type(error).__name__}", BUSY_SECONDS
        ) from error


def _operator_error(doing: str, error: httpx2.HTTPStatusError) -> OperatorError:
    code = error.response.status_code
    message = f"could not {doing}: {code} {str(error)[:300]}"
    if code in PASSING_STATUS or code >= 500:
        return TryAgain(message, _retry_after_seconds(error.response))
    return RequestRefused(message)


def _retry_after_seconds(response: httpx2.Response) -> float:
    seconds = response.headers.get("Retry-After", "")
    return float(seconds) if seconds.isdigit() else BUSY_SECONDS
