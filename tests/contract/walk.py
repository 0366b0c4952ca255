"""Every operation of the OpenAPI document, asked by schemathesis with values that fit and with others.

Requests are aimed: most ids are those of streams that are there, and keys are good, wrong or missing, so that
answers come from behind the first check; the first request of an operation is one that has to succeed. What
has no end (`x-endless`) is left out: audio and events. The WebSocket is asked without an upgrade.
"""

import contextlib
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Err
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from audiocast.web.public.covers.art import CoverArt, draw_png
from tests.contract.shows import UNKNOWN_SHOW, Show, Shows, wait_for_parts
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.pictures import make_picture
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer, Started

Operation = schemathesis.APIOperation[Any, Any, Any, Any]
Case = schemathesis.Case[Any]

# No budget of a client is used up, and nobody waits long for what does not come.
SETTINGS: dict[str, str | int | float] = {
    "HEADER_WAIT_TIMEOUT": 0.1,
    "MAX_STARTS_PER_CLIENT": 0,
    "MAX_UNKNOWN_IDS_PER_CLIENT": 0,
    "MAX_QR_CODES_PER_CLIENT": 0,
    "MAX_COVERS_PER_CLIENT": 0,
    "MAX_HLS_MUXERS_PER_CLIENT": 0,
    "RECORDING_CHUNK_SECONDS": 1,
}

ANSWER_SECONDS = 60.0

CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

READING = ("GET", "HEAD")
# Icecast has changes that are asked for by GET.
CHANGING = ("/admin/killsource", "/admin/metadata")
INGEST = "/ingest/{id}"
COVER = "/api/streams/{id}/cover"
SHOW = "/recordings/{id}"
PART = "/recordings/{id}/parts/{sample}.opus"

UNKNOWN_ID = "nobody-knows-it"
WRONG_KEY = "ac1.e30.wrong"
SCRIPT = "listen/page.js"


@schemathesis.serializer("audio/ogg")
def as_bytes(_: schemathesis.SerializationContext, value: Any) -> bytes:
    """Return a body of what is no text and no JSON."""
    return value if isinstance(value, bytes) else str(value).encode()


def document_of(server: AudiocastServer) -> dict[str, Any]:
    """Give a server's OpenAPI document."""
    document: dict[str, Any] = requests.get(f"{server.base}/api/openapi.json", timeout=ANSWER_SECONDS).json()
    return document


@contextlib.contextmanager
def walked_server(log: Path) -> Iterator[tuple[AudiocastServer, Started]]:
    """Have a server with a stream that is on, listed and recorded; its errors, and its end, are failures."""
    with AudiocastServer(log, **SETTINGS, RECORDINGS_URL=str(log.with_name("recordings"))) as server:
        soon = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        live = server.start_stream(title="Walked", visibility="public", starts_at=soon, record=True)
        with PacedSource(live.keyed_url, numbered_audio(seconds=20 * 60)):
            server.wait_for_state(live.stream_id, "live")
            # Its cover is of another type than those that are drawn.
            url = f"{server.base}/api/streams/{live.stream_id}/cover?key={live.ingest_key}"
            given = requests.put(url, data=make_picture("image/jpeg"), timeout=ANSWER_SECONDS)
            assert given.status_code == 204, given.text
            wait_for_parts(server, live)
            yield server, live
            assert server.state(live.stream_id)["state"] == "live"
        assert [event for event in server.events() if event["level"] == "error"] == []


def closed(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document in which no answer may have a field that is not declared, without what has no end.

    For programs the document stays open, so that they do not break when a field is added.
    """
    made = deepcopy(document)
    for name, schema in made["components"]["schemas"].items():
        if "properties" in schema and not name.endswith("Request"):
            schema["additionalProperties"] = False
    for methods in made["paths"].values():
        for method in [name for name, each in methods.items() if each.get("x-endless")]:
            del methods[method]
    return made


class Walk:
    """Asks a server, and keeps what its answers have that the document has not.

    Args:
        server: With `SETTINGS`.
        live: A stream that is on for the whole walk.
        number: The same number makes the same requests.
        document: The one that the server has.

    Attributes:
        answered: How often an operation was answered with a status.
        faults: What is wrong, each once.
    """

    def __init__(self, server: AudiocastServer, live: Started, number: int, document: dict[str, Any]) -> None:
        self.answered: Counter[tuple[str, int]] = Counter()
        self.faults: dict[str, str] = {}
        self._server = server
        self._live = live
        self._number = number
        self._shows = Shows(server, live)
        self._session = requests.Session()
        self._schema = schemathesis.openapi.from_dict(closed(document))
        self._song = numbered_audio(seconds=1)
        self._picture = draw_png(CoverArt("walk", ""), (64, 64))

    def operations(self) -> list[Operation]:
        """Give all that are asked.

        Raises:
            ValueError: The document has something that schemathesis cannot read.
        """
        found = []
        for each in self._schema.get_all_operations():
            if isinstance(each, Err):
                raise ValueError(f"expected operations that can be read, got {each.err()}")
            found.append(each.ok())
        return found

    def run(self, examples: int, *, rounds: Iterator[int]) -> None:
        """Ask each operation, round by round.

        Args:
            examples: How often in a round, half of them with values that fit.
            rounds: As long as there is one more.
        """
        for number in rounds:
            for operation in self.operations():
                # HEAD is GET: once with values that fit, and once with others.
                each = 1 if operation.method == "head" else examples // 2
                for mode in schemathesis.GenerationMode:
                    self._ask(operation, mode, each, self._number + number)

    def _ask(
        self,
        operation: Operation,
        mode: schemathesis.GenerationMode,
        examples: int,
        number: int,
    ) -> None:
        is_first = True
        chance = random.Random(f"{number} {operation.label} {mode}")

        @seed(number)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Case) -> None:
            nonlocal is_first
            if is_first and mode is schemathesis.GenerationMode.POSITIVE:
                self._aim_well(case)
            else:
                self._aim(case, chance)
            is_first = False
            self._judge(case)

        # Of an operation that takes nothing, no value is wrong.
        with contextlib.suppress(Unsatisfiable):
            ask()

    def _aim_well(self, case: Case) -> None:
        """Make the request one that has to succeed: of a stream or a show that is there, with its key."""
        if case.path == PART:
            # Of a show that is over nothing is known here: nobody has listened to it.
            self._aim_at_show(case, self._shows.live())
            case.path_parameters["sample"] = 0
            return
        if case.path.startswith(SHOW):
            self._aim_at_show(case, self._shows.make() if case.method == "DELETE" else self._shows.ready())
            if case.method == "PATCH":
                case.body = {"title": "Walk"}
            return
        is_harmless = case.method in READING and case.path not in CHANGING
        stream = self._live if is_harmless else self._server.start_stream(title="Walk")
        declared = case.operation.definition.raw.get("parameters", ())
        needed = {each["name"] for each in declared if each["required"]}
        case.query = {name: value for name, value in case.query.items() if name in needed}
        if any(each["name"] == "mount" for each in declared):
            # A key needs it everywhere.
            case.query["mount"] = ""
        self._name(case, stream.stream_id, "/stream/")
        self._show_key(case, "bearer", stream.ingest_key)
        if "run" in case.path_parameters:
            case.path_parameters["run"], case.path_parameters["name"] = self._segment()
        if "path" in case.path_parameters:
            case.path_parameters["path"] = SCRIPT
        if case.path == INGEST and case.method not in READING:
            case.body = self._song
        if case.path == COVER and case.method == "PUT":
            case.body = self._picture
        if isinstance(case.body, dict) and "mount" in case.body:
            case.body = {"mount": case.body["mount"], "song": "Walk"}

    def _aim(self, case: Case, chance: random.Random) -> None:
        """Put streams, shows and keys that are there into most requests."""
        if case.path.startswith(SHOW):
            self._aim_at_some_show(case, chance)
            return
        which = chance.choice(["live", "own", "own", "unknown", ""])
        own = self._server.start_stream(title="Walk") if which == "own" else None
        stream_id = {"live": self._live.stream_id, "own": own.stream_id if own else "", "unknown": UNKNOWN_ID}
        if which:
            self._name(case, stream_id[which], chance.choice(["/stream/", "/ingest/", "stream/"]))
        # The key of the live stream ends it, too.
        is_harmless = case.method in READING and case.path not in CHANGING
        known = own or (self._live if is_harmless else None)
        self._show_key(
            case,
            chance.choice(["bearer", "bearer", "query", "wrong", "none"]),
            known.ingest_key if known is not None else WRONG_KEY,
        )
        if own is not None and case.path == INGEST and case.method not in READING and chance.random() < 0.5:
            case.body = self._song
        if case.path == COVER and case.method == "PUT" and chance.random() < 0.5:
            case.body = self._picture

    def _aim_at_show(self, case: Case, show: Show) -> None:
        case.path_parameters["id"] = show.show_id
        self._show_key(case, "bearer", show.key)

    def _aim_at_some_show(self, case: Case, chance: random.Random) -> None:
        """Make the request one of a show that is on, or over, or not there."""
        which = chance.choice(["live", "ready", "ready", "unknown", ""])
        show = self._shows.ready() if which == "ready" else self._shows.live()
        if which:
            case.path_parameters["id"] = UNKNOWN_SHOW if which == "unknown" else show.show_id
        # The show that is kept is deleted by nobody.
        is_harmless = case.method != "DELETE" or which != "ready"
        how = chance.choice(["bearer", "bearer", "query", "wrong", "none"])
        self._show_key(case, how, show.key if is_harmless else WRONG_KEY)
        if "Range" in case.headers and chance.random() < 0.5:
            case.headers["Range"] = chance.choice(["bytes=0-99", "bytes=-10", "bytes=999999999-"])

    def _name(self, case: Case, stream_id: str, mount: str) -> None:
        """Put a stream's id wherever the request has one."""
        if "id" in case.path_parameters:
            case.path_parameters["id"] = stream_id
        if "mount" in case.query:
            case.query["mount"] = mount + stream_id
        if isinstance(case.body, dict) and "mount" in case.body:
            case.body["mount"] = mount + stream_id
        if "url" in case.query:
            case.query["url"] = f"{self._server.base}/listen/{stream_id}"

    def _show_key(self, case: Case, how: str, key: str) -> None:
        for name in ("Authorization", "Sec-WebSocket-Protocol"):
            case.headers.pop(name, None)
        case.query.pop("key", None)
        if how in ("bearer", "wrong"):
            case.headers["Authorization"] = f"Bearer {key if how == 'bearer' else WRONG_KEY}"
        elif how == "query":
            case.query["key"] = key

    def _segment(self) -> tuple[str, str]:
        """Give run and name of something that the live stream's playlist lists."""
        playlist = requests.get(f"{self._live.stream_url}/hls/index.m3u8", timeout=ANSWER_SECONDS).text
        run, name = re.findall(r'^#EXT-X-MAP:URI="([^/"]+)/([^"]+)"', playlist, re.MULTILINE)[0]
        return run, name

    def _judge(self, case: Case) -> None:
        label = case.operation.label
        try:
            response = case.call(base_url=self._server.base, session=self._session, timeout=ANSWER_SECONDS)
        except requests.RequestException as error:
            self._note(f"{label}: {type(error).__name__}", case, str(error))
            return
        self.answered[label, response.status_code] += 1
        try:
            case.validate_response(response, checks=CHECKS)
        except FailureGroup as group:
            for failure in group.exceptions:
                what = f"{label}: {response.status_code}: {getattr(failure, 'title', type(failure).__name__)}"
                self._note(what, case, f"{failure} {response.text[:300]}")

    def _note(self, what: str, case: Case, more: str) -> None:
        if what not in self.faults:
            self.faults[what] = f"{case.as_curl_command()}\n{more}"
            print(f"{what}\n{self.faults[what]}", file=sys.stderr, flush=True)


def rounds_within(seconds: float) -> Iterator[int]:
    """Give numbers of rounds until the time is over."""
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end:
        yield number
        number += 1
