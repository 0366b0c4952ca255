"""Watches: what changes, as lines of JSON, until the time is up or somebody goes."""

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

from tests.operator.simulated.kinds import Served
from tests.operator.simulated.query import Query

if TYPE_CHECKING:
    from tests.operator.simulated.api_server import ApiServer

# As a real one ends watches that name no time (--min-request-timeout), so that nobody relies on one for ever.
LONGEST_SECONDS = 1800


async def watch(
    handler: RequestHandler, api: "ApiServer", served: Served, namespace: str, query: Query
) -> None:
    """Answer with what changes.

    Args:
        handler: Where the answer goes.
        api: The API server.
        served: The kind.
        namespace: Where; empty: everywhere.
        query: From when, for how long, and of which objects.
    """
    store = api.store
    loop = asyncio.get_running_loop()
    deadline = loop.time() + (query.timeout_seconds or LONGEST_SECONDS)

    def concerns(each: dict[str, Any]) -> bool:
        return namespace in ("", each["metadata"].get("namespace", "")) and query.selects(each)

    def tell(kind: str, each: dict[str, Any]) -> None:
        handler.write(json.dumps({"type": kind, "object": each}) + "\n")

    handler.set_header("Content-Type", "application/json")
    place = len(store.log)
    if query.version == 0:
        for each in filter(concerns, [] if api.frozen else store.all_of(served.plural, namespace)):
            tell("ADDED", each)
    else:
        place = next((i for i, each in enumerate(store.log) if each.version > query.version), place)
    if query.wants_bookmarks and not api.frozen:
        tell("BOOKMARK", _bookmark(served, store.version))
    with contextlib.suppress(StreamClosedError):
        await handler.flush()
        while not api.stopping and loop.time() < deadline:
            changes, place = store.log[place:], len(store.log)
            for change in changes:
                if change.plural == served.plural and not api.frozen and concerns(change.object):
                    tell(change.type, change.object)
            await handler.flush()
            if len(store.log) == place:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(store.changed(), deadline - loop.time())


def _bookmark(served: Served, version: int) -> dict[str, Any]:
    metadata = {"resourceVersion": str(version), "annotations": {"k8s.io/initial-events-end": "true"}}
    return {"kind": served.name, "apiVersion": served.version, "metadata": metadata}
