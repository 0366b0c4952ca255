"""Load from outside, with Locust: broadcasters, listeners, and the stages of a bad evening.

    python -m locust -f loadtest/locust/locustfile.py --host http://localhost:8000 --headless --listeners 500

It owns the users and what they report; the stages are in `stages`, the bounds in `thresholds`. Users know
nothing of the server but its public port: listeners find the streams in `/api/streams`, and their titles tell
when the source began (`page_clock`). What the numbers mean: loadtest/README.md.
"""

import random
import socket
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar
from urllib.parse import urlsplit

from loadtest.locust.page_clock import NS_A_MS, Hearing, PageClock, Second
from loadtest.locust.stages import STAGES, Stage, stage_at
from loadtest.locust.thresholds import FIRST_AUDIO, LISTENER, SECOND, Thresholds
from loadtest.source import SECOND_NS, connect, paged_noise, send_pages
from locust import HttpUser, LoadTestShape, User, constant, events, task
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.runners import WorkerRunner

BROADCASTER = "broadcaster"
# A stream is announced so long before its first sample: to connect takes a moment.
START_AFTER_NS = SECOND_NS

# For how long a list of streams is good; a person with a link asks for none.
STREAMS_SECONDS = 3.0

# A listener that gets nothing for so long has been left.
SILENCE_SECONDS = 5.0

RETRY_SECONDS = 1.0
LISTENERS_GO_SECONDS = 2.0
LOW_LATENCY_SHARE = 0.2
SLOW_SHARE_OF_PACE = 0.5
SLOW_READS_A_SECOND = 10
SLOW_BUFFER_BYTES = 4096
READ_BYTES = 65_536


class Failed(Exception):
    """What a user expected did not happen; the message is shown in Locust's table."""


class Stages(LoadTestShape):
    """How many users there are, by the table of stages."""

    def tick(self) -> tuple[int, float] | None:
        """Give the number of users wanted now and how many may come or go in a second; None at the end."""
        assert self.runner is not None
        options = _options(self.runner.environment)
        stage = stage_at(self.get_run_time(), options.pace)  # type: ignore[no-untyped-call]
        if stage is None:
            return None
        listeners = round(stage.share * options.listeners)
        joins_a_second = max(1.0, stage.joins_a_second * options.listeners * options.pace)
        return options.broadcasters + listeners, joins_a_second


class Broadcaster(HttpUser):
    """Starts a stream and sends paced Ogg Opus until it is stopped."""

    fixed_count = 1
    wait_time = constant(RETRY_SECONDS)

    def on_start(self) -> None:
        """It has no stream yet."""
        self._ended_by: tuple[str, dict[str, str]] | None = None

    @task
    def broadcast(self) -> None:
        """One broadcast."""
        options = _options(self.environment)
        clock = PageClock(time.time_ns() + START_AFTER_NS, options.page_ms)
        wanted = {"title": clock.title, "visibility": "public"}
        response = self.client.post("/api/start", json=wanted, headers=_authorization(options))
        if response.status_code != 201:
            return
        stream = response.json()
        self._ended_by = (
            f"/api/streams/{stream['stream_id']}",
            {"Authorization": f"Bearer {stream['ingest_key']}"},
        )
        # The server may build links on a name that is not known here; the path is what counts.
        path = urlsplit(stream["ingest_url"]).path
        with _reported(self, BROADCASTER, "broadcast"):
            self._send(f"{self.host}{path}?key={stream['ingest_key']}", clock)

    def on_stop(self) -> None:
        """End the stream, once the listeners of all processes have gone: for them its end is a failure."""
        if self._ended_by is not None:
            time.sleep(LISTENERS_GO_SECONDS)
            path, headers = self._ended_by
            self.client.delete(path, headers=headers, name="/api/streams/{id}")

    def _send(self, url: str, clock: PageClock) -> None:
        pages = paged_noise(clock.page_ms, _options(self.environment).kbps)
        page_ns = clock.page_ms * NS_A_MS
        started_ns = time.monotonic_ns()
        connection = connect(url)
        _report(self, BROADCASTER, "on air", (time.monotonic_ns() - started_ns) / NS_A_MS)
        late_ns: list[int] = []

        def note(page_late_ns: int) -> None:
            late_ns.append(page_late_ns)
            if len(late_ns) * page_ns >= SECOND_NS:
                _report(self, BROADCASTER, "second sent late by", max(late_ns) / NS_A_MS)
                late_ns.clear()

        with connection:
            connection.sendall(next(pages))
            start_ns = clock.start_ns - time.time_ns() + time.monotonic_ns()
            send_pages([connection], [start_ns], pages, page_ns, note)


class Listener(HttpUser):
    """Listens to one of the streams that the load test has on, as the stage wants it in which it came."""

    wait_time = constant(RETRY_SECONDS)

    @task
    def listen(self) -> None:
        """One visit."""
        streams = self._streams()
        if not streams:
            return
        stream_id, clock = random.choice(streams)
        stage = _stage_now(self.environment)
        low = random.random() < LOW_LATENCY_SHARE
        asked_ns = time.time_ns()
        with _reported(self, LISTENER, "visit"), self._ask(stream_id, low=low, slow=stage.slow) as connection:
            if stage.slow:
                self._read_slowly(connection)
            else:
                self._hear(connection, clock, asked_ns, stage.stays_seconds)

    def _streams(self) -> list[tuple[str, PageClock]]:
        if not _Run.streams or time.monotonic() - _Run.asked_at >= STREAMS_SECONDS:
            _Run.asked_at = time.monotonic()
            options = _options(self.environment)
            on_air = self.client.get("/api/streams", headers=_authorization(options)).json()["streams"]
            clocks = [(each["stream_id"], PageClock.of_title(each["title"])) for each in on_air]
            _Run.streams = [(stream_id, clock) for stream_id, clock in clocks if clock is not None]
        return _Run.streams

    def _ask(self, stream_id: str, *, low: bool, slow: bool) -> socket.socket:
        host = urlsplit(self.host or "")
        connection = socket.socket()
        connection.settimeout(SILENCE_SECONDS)
        if slow:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_BUFFER_BYTES)
        connection.connect((host.hostname, host.port or 80))
        query = "?latency=low" if low else ""
        request = f"GET /stream/{stream_id}{query} HTTP/1.1\r\nHost: {host.netloc}\r\n\r\n"
        connection.sendall(request.encode())
        return connection

    def _hear(
        self, connection: socket.socket, clock: PageClock, asked_ns: int, stays_seconds: float | None
    ) -> None:
        """Read, report each second, and leave in time; the server is never first to go."""

        def since_asked_ms() -> float:
            return (time.time_ns() - asked_ns) / NS_A_MS

        data = _body(connection)
        _report(self, LISTENER, "join", since_asked_ms())
        hearing = Hearing(clock, asked_ns)
        while stays_seconds is None or since_asked_ms() < stays_seconds * 1000:
            had_audio = hearing.has_audio
            seconds = hearing.feed(data, time.time_ns())
            if hearing.has_audio and not had_audio:
                _report(self, LISTENER, FIRST_AUDIO, since_asked_ms())
            for second in seconds:
                _report(self, LISTENER, SECOND, second.delay_ms, second.size_bytes, self._complaint(second))
            data = connection.recv(READ_BYTES)
            if not data:
                raise Failed("expected audio, got the end of the stream")

    def _complaint(self, second: Second) -> Failed | None:
        if second.missing_pages:
            return Failed("expected every page, some are missing")
        most_ms = _options(self.environment).skip_ms
        if second.delay_ms > most_ms:
            # One who was moved ahead hears no hole, only a stream that is older by what was left out.
            return Failed(f"expected audio at most {most_ms:g} ms old; a skip, or a server that is late")
        return None

    def _read_slowly(self, connection: socket.socket) -> None:
        options = _options(self.environment)
        read_bytes = round(options.kbps * 1000 / 8 * SLOW_SHARE_OF_PACE / SLOW_READS_A_SECOND)
        while connection.recv(read_bytes):
            time.sleep(1 / SLOW_READS_A_SECOND)
        raise Failed("expected to be kept as a slow reader, got the end of the stream")


class _Run:
    """What the users of this process share.

    Attributes:
        started_at: When the test began (`time.monotonic`).
        streams: Those that load tests have on at the server.
        asked_at: When the server was asked for them.
    """

    started_at = 0.0
    streams: ClassVar[list[tuple[str, PageClock]]] = []
    asked_at = -STREAMS_SECONDS


def _stage_now(environment: Environment) -> Stage:
    elapsed_seconds = time.monotonic() - _Run.started_at
    return stage_at(elapsed_seconds, _options(environment).pace) or STAGES[-1]


def _body(connection: socket.socket) -> bytes:
    """Read the response's head; give what has come of its body.

    Raises:
        Failed: The answer is not 200.
    """
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(READ_BYTES)
        if not more:
            raise Failed("expected a response, the connection was closed")
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    status = head.split(b" ", 2)[1]
    if status != b"200":
        raise Failed(f"expected status 200, got {status[:3].decode(errors='replace')}")
    return body


def _options(environment: Environment) -> Namespace:
    options = environment.parsed_options
    assert isinstance(options, Namespace)
    return options


def _authorization(options: Namespace) -> dict[str, str]:
    return {"Authorization": f"Bearer {options.api_token}"} if options.api_token else {}


def _report(
    user: User,
    kind: str,
    name: str,
    milliseconds: float,
    size_bytes: int = 0,
    exception: Exception | None = None,
) -> None:
    user.environment.events.request.fire(
        request_type=kind,
        name=name,
        response_time=milliseconds,
        response_length=size_bytes,
        exception=exception,
        context={},
    )


@contextmanager
def _reported(user: User, kind: str, name: str) -> Iterator[None]:
    """Report what goes on in the block, with its length; as failed when connection or server fail it."""
    started_at = time.monotonic()
    failure: Exception | None = None
    try:
        yield
    except (Failed, OSError, ValueError) as error:
        failure = error
    _report(user, kind, name, (time.monotonic() - started_at) * 1000, exception=failure)


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def _add_options(parser: LocustArgumentParser) -> None:
    parser.add_argument("--listeners", type=int, default=100, help="how many listen when most do")
    parser.add_argument("--broadcasters", type=int, default=1, help="how many streams there are")
    parser.add_argument("--page-ms", type=int, default=20, help="audio on a page of a broadcaster")
    parser.add_argument("--kbps", type=int, default=96, help="bit rate of a broadcaster's audio")
    parser.add_argument("--api-token", default="", help="token to start streams with", is_secret=True)
    parser.add_argument("--pace", type=float, default=1.0, help="2: stages half as long, joins twice as fast")
    parser.add_argument("--skip-ms", type=float, default=8000, help="later audio counts as skipped")
    parser.add_argument("--max-delay-ms", type=float, default=1000, help="p99 of the seconds of audio")
    parser.add_argument("--max-first-audio-ms", type=float, default=2000, help="p99 of the first audio")
    parser.add_argument(
        "--max-failures", type=float, default=0.0, help="share of all that is counted, 0 to 1"
    )


@events.init.add_listener  # type: ignore[untyped-decorator]
def _prepare(environment: Environment, **_: object) -> None:
    Broadcaster.fixed_count = _options(environment).broadcasters


@events.test_start.add_listener  # type: ignore[untyped-decorator]
def _begin(environment: Environment, **_: object) -> None:
    _Run.started_at = time.monotonic()
    host = urlsplit(environment.host or "")
    if host.scheme != "http" or not host.hostname:
        raise Failed(f"expected --host http://NAME:PORT, got {environment.host!r}")


@events.quitting.add_listener  # type: ignore[untyped-decorator]
def _judge(environment: Environment, **_: object) -> None:
    """Set the exit code, once: by what all workers together have counted."""
    if isinstance(environment.runner, WorkerRunner):
        return
    options = _options(environment)
    bounds = Thresholds(options.max_delay_ms, options.max_first_audio_ms, options.max_failures)
    broken = list(bounds.broken(environment.stats))
    for sentence in broken:
        print(f"FAIL  {sentence}", file=sys.stderr)
    environment.process_exit_code = 1 if broken else 0
