"""Addresses of members from Kubernetes: a watch on a Service's EndpointSlices in the pod's namespace.

List, then watch from the list's version, with bookmarks. A watch that ends begins again where it ended; one
that fails, or whose version is too old (410), begins again with a list. The API server is asked to end each
watch after `WATCH_SECONDS`: one that is silent for longer is dead, however open its connection looks.
Failures here cost no member: members that know each other greet each other without the API server.
"""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import structlog

from audiocast.cluster.discovery.endpoint_slices import EndpointSlices
from audiocast.cluster.discovery.kubernetes_api import KubernetesApi
from audiocast.cluster.discovery.pod import Pod
from audiocast.cluster.errors import ClusterError, NoAccount, Refused

log = structlog.get_logger()

WATCH_SECONDS = 60
SILENCE_SECONDS = WATCH_SECONDS + 10.0

# The pause between two tries doubles from the first to the longest. A longer `Retry-After` is honoured, up to
# the longest.
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0

# For what a person has to mend. Everything else is mended by waiting.
REMEDIES: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "the API server does not take the service account's token",
    HTTPStatus.FORBIDDEN: "the pod's service account needs a Role in its namespace with get, list and watch "
    "on endpointslices of discovery.k8s.io",
    HTTPStatus.NOT_FOUND: "expected an API server that has discovery.k8s.io/v1: Kubernetes 1.21 or newer",
}


class KubernetesPeers:
    """The pods of a Service that publishes its pods' internal ports.

    Args:
        service: Name of the Service.
        port: Number of every member's internal port, or its name in the Service.
        pod: Asks the API server.
        watch_seconds: How long a watch may last.
        silence_seconds: A watch on which nothing comes for so long is dead.
    """

    def __init__(
        self,
        service: str,
        port: int | str,
        pod: Pod,
        *,
        watch_seconds: int = WATCH_SECONDS,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> None:
        self._service = service
        self._port = port
        self._api = KubernetesApi(pod)
        self._slices = EndpointSlices()
        self._watch_seconds = watch_seconds
        self._silence_seconds = silence_seconds
        self._failures = 0

    async def answers(self) -> AsyncGenerator[list[str], None]:
        """Yield all addresses, and again as soon as the API server reports a change."""
        version = ""
        while True:
            try:
                if not version:
                    version = self._slices.replace(await self._api.get(self._target()))
                    yield self._found()
                async with aclosing(self._watch(version)) as events:
                    async for event in events:
                        version = self._slices.apply(event)
                        self._failures = 0
                        yield self._slices.addresses(self._port)
            except ClusterError as error:
                version = ""
                await self._wait(error)
            else:
                # The watch has ended as it should. Should it end at once, the next one waits a moment.
                self._failures = 0
                await asyncio.sleep(FIRST_WAIT_SECONDS)

    def _watch(self, version: str) -> AsyncGenerator[Any, None]:
        target = self._target(
            watch="true",
            allowWatchBookmarks="true",
            resourceVersion=version,
            timeoutSeconds=str(self._watch_seconds),
        )
        return self._api.watch(target, self._silence_seconds)

    def _target(self, **options: str) -> str:
        query = urlencode({"labelSelector": f"kubernetes.io/service-name={self._service}", **options})
        return f"/apis/discovery.k8s.io/v1/namespaces/{self._api.namespace}/endpointslices?{query}"

    def _found(self) -> list[str]:
        found = self._slices.addresses(self._port)
        if not found:
            log.warning(
                "peers_none_yet",
                service=self._service,
                port=self._port,
                ports_seen=sorted(self._slices.port_names),
                hint="expected a Service of this name with such a port and a selector, in this namespace",
            )
        return found

    async def _wait(self, error: ClusterError) -> None:
        asked_seconds = error.wait_seconds if isinstance(error, Refused) else 0
        doubled_seconds = FIRST_WAIT_SECONDS * 2 ** min(self._failures, 10)
        # Members that lost their watches together do not come back together.
        seconds = min(LONGEST_WAIT_SECONDS, max(asked_seconds, doubled_seconds)) * random.uniform(1.0, 1.3)
        self._failures += 1
        hint = remedy(error)
        write = log.error if hint else log.warning
        write(
            "peers_not_told",
            service=self._service,
            reason=str(error)[:300],
            again_seconds=round(seconds, 1),
            hint=hint,
        )
        await asyncio.sleep(seconds)


def remedy(error: ClusterError) -> str:
    """Return what a person has to do about an error; empty when waiting mends it."""
    if isinstance(error, NoAccount):
        return "the pod needs a service account's token: automountServiceAccountToken: true"
    return REMEDIES.get(error.status, "") if isinstance(error, Refused) else ""
