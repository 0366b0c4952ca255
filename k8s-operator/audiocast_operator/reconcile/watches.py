"""The watches, which make the operator quick: what changes is reconciled at once.

The timer (`resync`) finds whatever they miss. So a watch that is refused costs a tick and ends nothing: it is
tried again for ever, more and more seldom, and until then the AudioCasts' conditions say so.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple, Protocol

import structlog

from audiocast_operator.clients.kube import AUDIOCAST, POD, STATEFULSET, STREAM, Kind
from audiocast_operator.errors import OperatorError, TryAgain
from audiocast_operator.manifests.owner import Json
from audiocast_operator.names import CAST_LABEL, MANAGED_LABEL, MANAGER
from audiocast_operator.reconcile.problems import Problems

log = structlog.get_logger()

# Between two watches there is a second, and after each failure twice as long as before it.
LEAST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 64.0

# One failure is nothing to tell: API servers are restarted, too.
FAILURES_TO_TELL = 2

OURS = f"{MANAGED_LABEL}={MANAGER},{CAST_LABEL}"


class Watched(NamedTuple):
    """A kind that is watched.

    Attributes:
        kind: The kind.
        selector: Labels that its objects have. They only say which AudioCast to look at: whose an object is,
            its owner says.
        cast_of: Returns the name of the AudioCast that an object is about; empty: of none.
        by_spec: Only a change of the spec counts, since the operator itself writes the status.
    """

    kind: Kind
    selector: str
    cast_of: Callable[[Json], str]
    by_spec: bool


def _label(found: Json) -> str:
    return str((found["metadata"].get("labels") or {}).get(CAST_LABEL, ""))


WATCHED = (
    Watched(AUDIOCAST, "", lambda found: str(found["metadata"]["name"]), by_spec=True),
    Watched(STREAM, "", lambda found: str(found.get("spec", {}).get("audioCast", "")), by_spec=True),
    Watched(STATEFULSET, OURS, _label, by_spec=False),
    Watched(POD, OURS, _label, by_spec=False),
)


class Watcher(Protocol):
    """What watches one kind; see `clients.watcher.KubeWatcher.watch`."""

    async def watch(
        self,
        kind: Kind,
        namespace: str,
        selector: str,
        opened: Callable[[], None],
        tell: Callable[[str, Json], None],
    ) -> None:
        """Tell of objects and their changes; return when the watch is over."""


class Watches:
    """Watches AudioCasts, Streams, StatefulSets and pods.

    Args:
        watcher: Watches one kind.
        namespace: The namespace to look in; empty: all of them.
        reconcile: Called with namespace and name of an AudioCast, in a task of its own. It raises nothing.
        sleep: Waits for some seconds.
    """

    def __init__(
        self,
        watcher: Watcher,
        *,
        namespace: str,
        reconcile: Callable[[str, str], Awaitable[None]],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._watcher = watcher
        self._namespace = namespace
        self._reconcile = reconcile
        self._sleep = sleep
        self._failures: Counter[Kind] = Counter()
        self._failed: dict[Kind, OperatorError] = {}
        self._tasks: set[asyncio.Future[None]] = set()

    @property
    def problems(self) -> list[OperatorError]:
        """Why watches do not work now."""
        return [error for kind, error in self._failed.items() if self._failures[kind] >= FAILURES_TO_TELL]

    async def run(self) -> None:
        """Watch until cancelled."""
        try:
            await asyncio.gather(*map(self._run_one, WATCHED))
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run_one(self, watched: Watched) -> None:
        kind = watched.kind
        while True:
            problems = Problems(f"watch of {kind[1]}")
            tell = partial(self._tell, watched, {})
            opened = partial(self._works, kind)
            request = self._watcher.watch(kind, self._namespace, watched.selector, opened, tell)
            await problems.attempt(request)
            delay = LEAST_DELAY_SECONDS
            if (error := problems.worst) is not None:
                self._failures[kind] += 1
                self._failed[kind] = error
                log.warning("not_watched", kind=kind[1], reason=str(error))
                asked = error.delay_seconds if isinstance(error, TryAgain) else 0.0
                delay = max(asked, LEAST_DELAY_SECONDS * 2 ** min(self._failures[kind], 10))
            await self._sleep(min(delay, LONGEST_DELAY_SECONDS))

    def _works(self, kind: Kind) -> None:
        self._failures.pop(kind, None)
        self._failed.pop(kind, None)

    def _tell(self, watched: Watched, generations: dict[str, int], change: str, found: Json) -> None:
        """Reconcile the AudioCast that an object is about, in a task.

        Args:
            watched: What is watched.
            generations: By uid of an object: the generation of the spec that was told last. This changes it.
            change: What has happened to the object.
            found: The object.
        """
        metadata = found["metadata"]
        if watched.by_spec:
            generation = int(metadata.get("generation", 0))
            before = generations.get(metadata["uid"])
            generations[metadata["uid"]] = generation
            if change == "DELETED":
                del generations[metadata["uid"]]
            elif generation == before:
                return
        if cast := watched.cast_of(found):
            task = asyncio.ensure_future(self._reconcile(metadata["namespace"], cast))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
