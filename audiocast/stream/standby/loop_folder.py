"""The loop files of a server: read in a thread when a source comes whose key names one."""

import asyncio
from collections import OrderedDict

import structlog

from audiocast.stream.hub import Hub
from audiocast.stream.standby.loop_file import LoopError, LoopFile, loop_names, read_loop
from audiocast.stream.standby.loop_player import LoopPlayer

log = structlog.get_logger()

# Files that are kept, each of 64 MiB at most; streams that play one keep it for themselves.
MAX_KEPT = 4

MAX_SHOWN_NAMES = 20


class LoopFolder:
    """See the module.

    Args:
        folder: FALLBACK_FOLDER; empty: there is none.

    Attributes:
        errors: How often a file could not be read.
    """

    def __init__(self, folder: str) -> None:
        self.errors = 0
        self._folder = folder
        self._kept: OrderedDict[str, LoopFile] = OrderedDict()
        self._warned: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def refusal(self, name: str) -> str:
        """Return why a stream cannot have this loop file; empty: it can."""
        if not self._folder:
            return "expected no fallback: this server has no FALLBACK_FOLDER"
        names = loop_names(self._folder)
        if name in names:
            return ""
        shown = ", ".join(names[:MAX_SHOWN_NAMES]) or "no .opus file"
        return f"expected the name of a file in FALLBACK_FOLDER, got {name}; there is {shown}"

    def prepare(self, hub: Hub, name: str) -> None:
        """Have the stream play this file when it has no source."""
        task = asyncio.ensure_future(self._prepare(hub, name))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _prepare(self, hub: Hub, name: str) -> None:
        try:
            loop_file = self._kept.get(name)
            if loop_file is None:
                loop_file = await asyncio.to_thread(read_loop, self._folder, name)
        except LoopError as error:
            self.errors += 1
            if name not in self._warned and len(self._warned) < MAX_SHOWN_NAMES:
                self._warned.add(name)
                log.warning("loop_unreadable", stream_id=hub.stream_id, reason=str(error))
            return
        self._kept[name] = loop_file
        self._kept.move_to_end(name)
        if len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        hub.standbys.set_loop(LoopPlayer(hub, loop_file, hub.clock))
