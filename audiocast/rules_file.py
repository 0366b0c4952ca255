"""The rules of streams in a file: read before anything is accepted, and again when the file changes.

It is what a process knows that the operator has not spoken to yet. What the operator tells a process itself
(`POST /internal/streams/{id}/rules`) is newer than any file: the kubelet brings one a minute late. The form:

    audiocast-rules 1
    news 3
    late-show 0 suspended
    old-times 2 ended

A stream's id, the generation below which its keys are refused, and one word for each thing that holds beside
it. The first line says which form this is. The operator writes it (docs/operator.md).
"""

import asyncio
import re
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry

from audiocast.stream.hub_state import MAX_PROMISES, NO_RULE, Rule
from audiocast.stream.registry import Registry
from audiocast.telemetry.rules_metrics import show_rules
from audiocast.telemetry.watched_file import WatchedFile

log = structlog.get_logger()

FIRST_LINE = "audiocast-rules 1"

# A ConfigMap holds no more. A rule has at most 91 bytes: there is room for more than 10,000 of the longest.
MAX_BYTES = 1_048_576
# No more generations are kept either.
MAX_RULES = MAX_PROMISES

LINE = re.compile(
    r"(?P<id>[A-Za-z0-9][A-Za-z0-9_-]{0,63}) (?P<generation>[0-9]{1,9})"
    r"(?P<suspended> suspended)?(?P<ended> ended)?"
)


class BadRules(ValueError):
    """A text that is no list of rules; the message says what to do."""


# The kubelet starts a pod without a ConfigMap that is not there yet, and brings it later.
PATIENCE_SECONDS = 10.0
MISSING_LOOK_SECONDS = 0.25


# What a file says, and what that means.
_Read = tuple[bytes, dict[str, Rule]]


class RulesFile(WatchedFile[_Read]):
    """A file with rules.

    Args:
        path: Where it is; None: there is none, and nothing is done.
        streams: Whom its rules are for.
        metrics: Registry.

    Attributes:
        is_refused: It is missing, or cannot be used; what it said before holds.
    """

    def __init__(self, path: Path | None, streams: Registry, metrics: CollectorRegistry) -> None:
        super().__init__()
        self._path = path
        self._streams = streams
        self._content: bytes | None = None
        self._rules: dict[str, Rule] = {}
        # Until it is read for the first time.
        self.is_refused = True
        if path is not None:
            show_rules(self, metrics)

    @property
    def count(self) -> int:
        """How many rules it had when it could be used last."""
        return len(self._rules)

    async def start(self) -> None:
        """Hold to the file from now on; wait some seconds for one that is not there yet, then go on without.

        A file that is there and cannot be used was refused with the settings, before the process began.
        """
        if self._path is None:
            return
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE_SECONDS
        while not self._path.exists() and loop.time() < deadline:
            await asyncio.sleep(MISSING_LOOK_SECONDS)
        await self.look()
        self.watch()

    def _read_new(self) -> _Read | None:
        assert self._path is not None
        content = read_rules_file(self._path)
        return None if content == self._content else (content, parse_rules(content))

    def _use(self, content: _Read) -> None:
        before = self._rules
        self._content, rules = content
        self._rules = rules
        for stream_id in before.keys() | rules.keys():
            rule = rules.get(stream_id, NO_RULE)
            if rule != before.get(stream_id, NO_RULE):
                self._streams.hold_to(stream_id, rule, is_told=False)
        log.info("stream_rules_read", rules=len(rules))

    def _log_refusal(self, error: str) -> None:
        log.error(
            "stream_rules_refused",
            error=error,
            rules=self.count,
            hint="what was read before holds; put STREAM_RULES_FILE right, without a restart",
        )


def parse_rules(content: bytes) -> dict[str, Rule]:
    """Return the rules by stream id.

    Args:
        content: The whole file.

    Raises:
        BadRules: It is too large, of another form, or has a line that is none.
    """
    if len(content) > MAX_BYTES:
        raise BadRules(
            f"expected at most {MAX_BYTES} bytes, got {len(content)}; take out what no longer holds"
        )
    first, *lines = content.decode("ascii", "replace").splitlines() or [""]
    if first != FIRST_LINE:
        raise BadRules(f"expected the first line {FIRST_LINE!r}, got {first[:100]!r}")
    if len(lines) > MAX_RULES:
        raise BadRules(f"expected at most {MAX_RULES} rules, got {len(lines)}; take out what no longer holds")
    rules = {}
    for number, line in enumerate(lines, start=2):
        found = LINE.fullmatch(line)
        if found is None:
            raise BadRules(f"line {number}: expected ID GENERATION [suspended] [ended], got {line[:100]!r}")
        rules[found["id"]] = Rule(
            int(found["generation"]), found["suspended"] is not None, found["ended"] is not None
        )
    return rules


def read_rules_file(path: Path) -> bytes:
    """Return the content of a file with rules; of one that is too large, a byte more than it may have.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)
