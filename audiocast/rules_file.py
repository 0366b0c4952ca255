"""The rules of streams in a file: read before anything is accepted, and again when the file changes.

It is what a process knows that the operator has not spoken to yet. What the operator tells a process itself
(`POST /internal/streams/{id}/rules`) is newer than any file: the kubelet brings one a minute late. The form:

    audiocast-rules 1
    news 3
    late-show 0 suspended
    old-times 2 ended

A stream's id, the generation below which its keys are refused, and one word for each thing that holds beside
it. The first line says which form this is. The operator writes it (docs/operator.md).

What is newer than this form has a file beside it, which servers of before do not read; its name has `.links`
at its end. A moment in Unix milliseconds before which made listen tokens of a stream are revoked:

    audiocast-revoked-links 1
    members 1764504000000
"""

import asyncio
import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry

from audiocast.stream.hub_state import MAX_PROMISES, NO_RULE, Rule
from audiocast.stream.registry import Registry
from audiocast.telemetry.rules_metrics import show_rules
from audiocast.telemetry.watched_file import WatchedFile

log = structlog.get_logger()

FIRST_LINE = "audiocast-rules 1"
LINKS_FIRST_LINE = "audiocast-revoked-links 1"
LINKS_SUFFIX = ".links"

# A ConfigMap holds no more. A rule has at most 91 bytes: there is room for more than 10,000 of the longest.
MAX_BYTES = 1_048_576
# No more generations are kept either.
MAX_RULES = MAX_PROMISES

LINE = re.compile(
    r"(?P<id>[A-Za-z0-9][A-Za-z0-9_-]{0,63}) (?P<generation>[0-9]{1,9})"
    r"(?P<suspended> suspended)?(?P<ended> ended)?"
)
LINKS_LINE = re.compile(r"(?P<id>[A-Za-z0-9][A-Za-z0-9_-]{0,63}) (?P<at_ms>[0-9]{1,15})")


class BadRules(ValueError):
    """A text that is no list of rules; the message says what to do."""


# The kubelet starts a pod without a ConfigMap that is not there yet, and brings it later.
PATIENCE_SECONDS = 10.0
MISSING_LOOK_SECONDS = 0.25


# What both files say, and what that means.
_Content = tuple[bytes, bytes]
_Read = tuple[_Content, dict[str, Rule]]


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
        self._content: _Content | None = None
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
        return None if content == self._content else (content, parse_rules(*content))

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


def parse_rules(content: bytes, links: bytes = b"") -> dict[str, Rule]:
    """Return the rules by stream id.

    Args:
        content: The whole file.
        links: The whole file of revoked links; empty: there is none.

    Raises:
        BadRules: One is too large, of another form, or has a line that is none.
    """
    rules = {}
    for number, line in _lines(content, FIRST_LINE):
        found = LINE.fullmatch(line)
        if found is None:
            raise BadRules(f"line {number}: expected ID GENERATION [suspended] [ended], got {line[:100]!r}")
        rules[found["id"]] = Rule(
            int(found["generation"]), found["suspended"] is not None, found["ended"] is not None
        )
    for number, line in _lines(links, LINKS_FIRST_LINE) if links else ():
        found = LINKS_LINE.fullmatch(line)
        if found is None:
            raise BadRules(f"line {number} of {LINKS_SUFFIX}: expected ID MILLISECONDS, got {line[:100]!r}")
        rule = rules.get(found["id"], NO_RULE)
        rules[found["id"]] = rule._replace(links_revoked_at_ms=int(found["at_ms"]))
    return rules


def _lines(content: bytes, first_line: str) -> Iterator[tuple[int, str]]:
    """Give the lines of a file below its first one, each with its number.

    Raises:
        BadRules: The file is too large, or of another form.
    """
    if len(content) > MAX_BYTES:
        raise BadRules(
            f"expected at most {MAX_BYTES} bytes, got {len(content)}; take out what no longer holds"
        )
    first, *lines = content.decode("ascii", "replace").splitlines() or [""]
    if first != first_line:
        raise BadRules(f"expected the first line {first_line!r}, got {first[:100]!r}")
    if len(lines) > MAX_RULES:
        raise BadRules(f"expected at most {MAX_RULES} rules, got {len(lines)}; take out what no longer holds")
    yield from enumerate(lines, start=2)


def read_rules_file(path: Path) -> tuple[bytes, bytes]:
    """Return the content of a file with rules, and of the one beside it; empty: there is none beside it.

    Of a file that is too large, it is a byte more than it may have.

    Raises:
        OSError: One cannot be read.
    """
    content = _read(path)
    with contextlib.suppress(FileNotFoundError):
        return content, _read(path.with_name(path.name + LINKS_SUFFIX))
    return content, b""


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)
