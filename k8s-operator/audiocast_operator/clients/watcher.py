"""Watches of the Kubernetes API. lightkube's own begins anew at once, and for ever, when an answer ends.

https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any

import httpx2
from lightkube.config.client_adapter import AsyncClient, ConnectionParams
from lightkube.config.kubeconfig import SingleConfig
from lightkube.core.exceptions import ApiError

from audiocast_operator.clients.kube import BUSY_SECONDS, PLURALS, Json, Kind, call
from audiocast_operator.errors import TryAgain

# A watch ends after this time, so that none is dead for longer; the API server ends it a little later, if the
# client is gone. A whole number: it parses an int64, and answers a float with 400.
WATCH_SECONDS = 300
CONNECT_SECONDS = 10.0

# The status of a watch that has missed changes, and begins anew with all objects.
GONE = 410

Tell = Callable[[str, Json], None]


class KubeWatcher:
    """Watches. It must be made inside the running loop, and closed.

    Args:
        config: Where the API server is, and who asks; lightkube has read it.
    """

    def __init__(self, config: SingleConfig) -> None:
        timeout = httpx2.Timeout(CONNECT_SECONDS, read=None)
        self._client = AsyncClient(config, ConnectionParams(timeout=timeout))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def watch(
        self, kind: Kind, namespace: str, selector: str, opened: Callable[[], None], tell: Tell
    ) -> None:
        """Tell of all objects with some labels, then of each that changes; return when the watch is over.

        Args:
            kind: Their kind.
            namespace: Where they are; empty: in all namespaces.
            selector: The labels, in the syntax of queries; empty: any.
            opened: Called when the API server agrees.
            tell: Called with "ADDED", "MODIFIED" or "DELETED" and the object, as it was last.

        Raises:
            OperatorError: The API server refuses the watch, breaks it off or is away.
        """
        version, name = kind
        root = "apis" if "/" in version else "api"
        place = f"/{root}/{version}/" + (f"namespaces/{namespace}/" if namespace else "") + PLURALS[name]
        query = {"watch": "true", "timeoutSeconds": str(WATCH_SECONDS + 10), "labelSelector": selector}
        request = self._read(place, {key: value for key, value in query.items() if value}, opened, tell)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(call(f"watch {name}", request, kind), WATCH_SECONDS)

    async def _read(self, place: str, query: dict[str, str], opened: Callable[[], None], tell: Tell) -> None:
        async with self._client.stream("GET", place, params=query) as answer:
            if answer.is_error:
                await answer.aread()
                raise _refusal(answer)
            opened()
            async for line in answer.aiter_lines():
                change = json.loads(line)
                if change["type"] == "ERROR":
                    _check_end(change["object"])
                    return
                tell(change["type"], change["object"])


def _refusal(answer: httpx2.Response) -> httpx2.HTTPStatusError:
    """Return a refusal as lightkube has it: an ApiError if the API server has said why."""
    try:
        return ApiError(answer.request, answer)
    except (ValueError, TypeError, AttributeError):
        return httpx2.HTTPStatusError(answer.reason_phrase, request=answer.request, response=answer)


def _check_end(status: dict[str, Any]) -> None:
    """Raise TryAgain for an error that ends a watch, unless it only wants the watch to begin anew."""
    if status.get("code") != GONE:
        raise TryAgain(f"a watch has ended: {str(status.get('message'))[:300]}", BUSY_SECONDS)
