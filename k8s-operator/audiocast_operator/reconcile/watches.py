"""The watches, which make the operator quick: what changes is reconciled at once.

The timer (`resync`) finds whatever they miss. So watches that are refused cost a tick and end nothing: they
are tried again for ever, more and more seldom, and until then the AudioCasts' conditions say so.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple, Protocol

import structlog

from audiocast_operator.clients.kube import AUDIOCAST, POD, STATEFULSET, STREAM, Kind
from audiocast_operator.errors import OperatorError, TryAgain, WatchSilent
from audiocast_operator.manifests.owner import Json
from audiocast_operator.names import CAST_LABEL, MANAGED_LABEL, MANAGER
from audiocast_operator.reconcile.problems import Problems, told

log = structlog.get_logger()

# After each failure they wait twice as long as before it.
LEAST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 64.0

# One failure is nothing to tell: API servers are restarted, too.
FAILURES_TO_TELL = 2

OURS = f"{MANAGED_LABEL}={MANAGER},{CAST_LABEL}"


class Watched(NamedTuple):
    """How a kind is watched.

    Attributes:
        selector: Labels that its objects have. They only say which AudioCast to look at: whose an object is,
            its owner says.
        cast_of: Returns the name of the AudioCast that an object is about; empty: of none.
        by_spec: Only a change of the spec counts, since the operator itself writes the status.
    """

    selector: str
    cast_of: Callable[[Json], str]
    by_spec: bool


def _label(found: Json) -> str:
    return str((found["metadata"].get("labels") or {}).get(CAST_LABEL, ""))


WATCHED = {
    AUDIOCAST: Watched("", lambda found: str(found["metadata"]["name"]), by_spec=True),
    STREAM: Watched("", lambda found: str(found.get("spec", {}).get("audioCast", "")), by_spec=True),
    STATEFULSET: Watched(OURS, _label, by_spec=False),
    POD: Watched(OURS, _label, by_spec=False),
}


class Watcher(Protocol):
    """What watches; see `clients.watcher.KopfWatcher.watch`."""

    async def watch(
        self,
        selectors: Mapping[Kind, str],
        namespace: str,
        opened: Callable[[Kind], None],
        tell: Callable[[Kind, str, Json], None],
    ) -> None:
        """Tell of objects and their changes until a request fails."""


class Watches:
    """Watches AudioCasts, Streams, StatefulSets and pods.

    Args:
        watcher: Watches them.
        namespace: The namespace to look in; empty: all of them.
        reconcile: Called with namespace and name of an AudioCast, in a task of its own. It raises nothing.
        sleep: Waits for some seconds.

    Attributes:
        problems: Why they do not work now.
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
        self._failures = 0
        self._was_silent = False
        self._openings: Counter[Kind] = Counter()
        # By uid of an object: the generation of the spec that was told last.
        self._generations: dict[str, int] = {}
        self._tasks: set[asyncio.Future[None]] = set()
        self.problems: list[OperatorError] = []

    async def run(self) -> None:
        """Watch until cancelled."""
        try:
            while True:
                await self._sleep(await self._run_once())
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run_once(self) -> float:
        """Watch until that fails; return how long to wait before the next time, in seconds."""
        problems = Problems("watches")
        self._openings.clear()
        self._generations.clear()
        selectors = {kind: watched.selector for kind, watched in WATCHED.items()}
        await problems.attempt(self._watcher.watch(selectors, self._namespace, self._note_open, self._tell))
        self._failures += 1
        self._was_silent = any(isinstance(each, WatchSilent) for each in problems.found)
        log.warning("not_watched", reason=told(problems.found))
        if self._failures >= FAILURES_TO_TELL:
            self.problems = problems.found
        asked = [each.delay_seconds for each in problems.found if isinstance(each, TryAgain)]
        growing = LEAST_DELAY_SECONDS * (1 << min(self._failures, 10))
        return min(max([growing, *asked]), LONGEST_DELAY_SECONDS)

    def _note_open(self, kind: Kind) -> None:
        self._openings[kind] += 1
        # That one can be opened proves nothing where open ones were silent: that it is opened once more does,
        # since the API server has ended the one before.
        least = 2 if self._was_silent else 1
        if all(self._openings[each] >= least for each in WATCHED):
            self._failures = 0
            self._was_silent = False
            self.problems = []

    def _tell(self, kind: Kind, change: str, found: Json) -> None:
        """Reconcile the AudioCast that an object is about, in a task."""
        watched, metadata = WATCHED[kind], found["metadata"]
        if watched.by_spec:
            generation = int(metadata.get("generation", 0))
            before = self._generations.get(metadata["uid"])
            self._generations[metadata["uid"]] = generation
            if change == "DELETED":
                del self._generations[metadata["uid"]]
            elif generation == before:
                return
        if cast := watched.cast_of(found):
            task = asyncio.ensure_future(self._reconcile(metadata["namespace"], cast))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
