"""The file with targets of webhooks beside those of the settings: read at the start, and when it changes.

The operator writes it, into a Secret that is mounted into the pods (docs/operator.md). It holds secrets, and
URLs may hold tokens. The form, as JSON:

    {"audiocast-webhooks": 1, "targets": [
      {"stream": "news", "id": "crm", "url": "https://...", "secrets": ["whsec_..."],
       "events": ["stream.live"]}
    ]}

`stream` is empty for all streams; without `events` all types are told. What is beside these fields is passed
over. A target that cannot be used is left out, and the others are told: they are different people's.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import structlog

from audiocast.telemetry.watched_file import WatchedFile
from audiocast.web.contract.requests import STREAM_ID
from audiocast.webhooks.event import EventType
from audiocast.webhooks.signature import MAX_SIGNATURES, parse_secret
from audiocast.webhooks.target import Target

log = structlog.get_logger()

FORM = "audiocast-webhooks"
VERSION = 1

# A Secret holds no more.
MAX_BYTES = 1_048_576
MAX_TARGETS = 1_000
MAX_NAME_CHARACTERS = 64

# Of those that cannot be used, so many are told.
_TOLD_TARGETS = 5

LOOK_SECONDS = 2.0


class BadTargets(ValueError):
    """A text that is no list of targets; the message has nothing of it."""


class UsesTargets(Protocol):
    """Who is told of targets, as `Webhooks` is."""

    def use(self, targets: Mapping[str, Target]) -> None:
        """See `Webhooks.use`."""


_Read = tuple[bytes, dict[str, Target], list[str]]


class WebhookTargetsFile(WatchedFile[_Read]):
    """A file with targets. One that is not there has none: it may come later.

    Args:
        path: Where it is; None: nothing is done.
        webhooks: Tells the targets.
    """

    look_seconds = LOOK_SECONDS

    def __init__(self, path: Path | None, webhooks: UsesTargets) -> None:
        super().__init__()
        self._path = path
        self._webhooks = webhooks
        self._content: bytes | None = None
        self._count = 0

    async def start(self) -> None:
        """Hold to the file from now on."""
        if self._path is not None:
            await self.look()
            self.watch()

    def _read_new(self) -> _Read | None:
        assert self._path is not None
        content = read_targets(self._path)
        if content == self._content:
            return None
        return content, *parse_targets(content)

    def _use(self, content: _Read) -> None:
        self._content, targets, faults = content
        self._count = len(targets)
        self._webhooks.use(targets)
        log.info("webhook_targets_read", targets=self._count)
        if faults:
            log.error(
                "webhook_targets_left_out",
                count=len(faults),
                error="; ".join(faults[:_TOLD_TARGETS]),
                hint="all others are told; put WEBHOOK_TARGETS_FILE right, without a restart",
            )

    def _log_refusal(self, error: str) -> None:
        log.error(
            "webhook_targets_refused",
            error=error,
            targets=self._count,
            hint="what was read before holds; put WEBHOOK_TARGETS_FILE right, without a restart",
        )


def read_targets(path: Path) -> bytes:
    """Return the content of a file with targets; empty: it is not there.

    Of a file that is too large, it is a byte more than it may have.

    Raises:
        OSError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return b""


def parse_targets(content: bytes) -> tuple[dict[str, Target], list[str]]:
    """Return the targets by their names, and what is wrong with those that cannot be used.

    Nothing has none.

    Raises:
        BadTargets: It is too large, or of another form.
    """
    if not content:
        return {}, []
    if len(content) > MAX_BYTES:
        raise BadTargets(f"expected at most {MAX_BYTES} bytes, got more")
    try:
        whole = json.loads(content)
    except ValueError:
        # Its message has a piece of the text.
        raise BadTargets("expected JSON") from None
    entries = whole.get("targets") if isinstance(whole, dict) else None
    if not isinstance(entries, list) or whole.get(FORM) != VERSION:
        raise BadTargets(f'expected {{"{FORM}": {VERSION}, "targets": [...]}}')
    if len(entries) > MAX_TARGETS:
        raise BadTargets(f"expected at most {MAX_TARGETS} targets, got {len(entries)}")
    targets: dict[str, Target] = {}
    faults: list[str] = []
    for number, entry in enumerate(entries, 1):
        try:
            target = _target(entry)
            if target.name in targets:
                raise ValueError("expected an id that no other target of the stream has")
        except ValueError as error:
            faults.append(f"target {number} {_shown(entry)}: {error}")
            continue
        targets[target.name] = target
    return targets, faults


def _target(entry: object) -> Target:
    if not isinstance(entry, dict):
        raise ValueError("expected an object")
    stream_id, own_id = _text(entry, "stream"), _text(entry, "id")
    if stream_id and not STREAM_ID.fullmatch(stream_id):
        raise ValueError("expected the id of a stream")
    if not 0 < len(own_id) <= MAX_NAME_CHARACTERS:
        raise ValueError(f"expected an id of 1 to {MAX_NAME_CHARACTERS} characters")
    secrets = tuple(parse_secret(each) for each in _texts(entry, "secrets"))
    if not 0 < len(secrets) <= MAX_SIGNATURES:
        raise ValueError(f"expected 1 to {MAX_SIGNATURES} secrets")
    events = frozenset(EventType(each) for each in _known(_texts(entry, "events")))
    name = f"{stream_id}/{own_id}"
    return Target.parse(_text(entry, "url"), secrets, events or frozenset(EventType), stream_id, name)


def _known(events: list[str]) -> Iterator[str]:
    for each in events:
        if each not in list(EventType):
            raise ValueError(f"expected types of events, got {each[:40]!r}")
        yield each


def _text(entry: Mapping[str, Any], field: str) -> str:
    value = entry.get(field, "")
    if not isinstance(value, str):
        raise ValueError(f"expected a text as {field}")
    return value


def _texts(entry: Mapping[str, Any], field: str) -> list[str]:
    value = entry.get(field, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError(f"expected a list of texts as {field}")
    return value


def _shown(entry: object) -> str:
    """Return what may be logged of a target."""
    names = [entry.get(field) for field in ("stream", "id")] if isinstance(entry, dict) else []
    return "/".join(each[:MAX_NAME_CHARACTERS] for each in names if isinstance(each, str))
