"""The small requests of a broadcast: begin the stream, ask how it stands, title what plays, end it.

It owns one thread, which may block on the server, and one session. It decides nothing: answers go to
`control` as events.
"""

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TypeAlias

import requests

from tk_streamer.errors import ClientError, Refused
from tk_streamer.server.connection import open_session
from tk_streamer.server.streams import (
    StreamState,
    Ticket,
    end_stream,
    start_stream,
    stream_state,
    tell_playing,
)
from tk_streamer.trouble import Trouble

# While "live" is awaited, and once it is known.
EAGER_SECONDS = 0.25
CALM_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Application:
    """What a stream is asked for with; see `start_stream`."""

    server_url: str
    title: str
    stream_id: str | None
    token: str


@dataclass(frozen=True, slots=True)
class StreamGranted:
    """The server has given a stream."""

    ticket: Ticket


@dataclass(frozen=True, slots=True)
class StreamRefused:
    """The server has given none."""

    trouble: Trouble


@dataclass(frozen=True, slots=True)
class StateTold:
    """The server's answer to the question asked at `asked_at` (seconds of the session's clock)."""

    state: StreamState
    asked_at: float


@dataclass(frozen=True, slots=True)
class StreamLeft:
    """The stream is ended on the server, or cannot be."""


ApiEvent: TypeAlias = StreamGranted | StreamRefused | StateTold | StreamLeft


class ApiClient:
    """Starts its thread at once; `close` ends it.

    Args:
        application: How to ask for a stream.
        report: Gets the answers, on the thread of the client.
        clock: That of the session.
    """

    def __init__(
        self, application: Application, report: Callable[[ApiEvent], None], clock: Callable[[], float]
    ) -> None:
        self._application = application
        self._report = report
        self._clock = clock
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._ticket: Ticket | None = None
        self._interval_seconds: float | None = None
        self._playing: tuple[str, str] | None = None
        self._told: tuple[str, str] | None = None
        self._session = open_session()
        self._thread = threading.Thread(target=self._run, name="api", daemon=True)
        self._thread.start()

    @property
    def playing(self) -> tuple[str, str] | None:
        """Title and artist of what plays, as last said."""
        return self._playing

    def ask_for_stream(self) -> None:
        """Ask for a stream; `StreamGranted` or `StreamRefused` is told."""
        self._jobs.put(self._start)

    def watch(self, interval_seconds: float | None) -> None:
        """Ask again and again how the stream stands; `StateTold` is told of each answer.

        Args:
            interval_seconds: Between the questions; None: ask no more.
        """
        self._interval_seconds = interval_seconds
        self._jobs.put(_look_up)

    def play(self, title: str, artist: str) -> None:
        """Tell the listeners; tried again until the server has it or refuses it."""
        self._playing = (title, artist)
        self._jobs.put(_look_up)

    def end_stream(self) -> None:
        """End the stream; `StreamLeft` is told, whether or not the server could be asked."""
        self._jobs.put(self._end)

    def close(self, seconds: float) -> bool:
        """End the thread, in the middle of a request if need be; say whether it has ended."""
        self._jobs.put(None)
        self._session.hang_up()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        next_question = 0.0
        with self._session as session:
            while True:
                interval_seconds = self._interval_seconds
                pause = None if interval_seconds is None else max(0.0, next_question - time.monotonic())
                try:
                    job = self._jobs.get(timeout=pause)
                except Empty:
                    next_question = time.monotonic() + (interval_seconds or 0.0)
                    self._ask_state(session)
                else:
                    if job is None:
                        return
                    next_question = min(next_question, time.monotonic() + (self._interval_seconds or 0.0))
                    job(session)
                self._tell(session)

    def _start(self, session: requests.Session) -> None:
        wanted = self._application
        try:
            ticket = start_stream(
                session,
                wanted.server_url,
                title=wanted.title,
                stream_id=wanted.stream_id,
                token=wanted.token or None,
            )
        except Refused as error:
            self._report(StreamRefused(_start_trouble(error, has_token=bool(wanted.token))))
        except ClientError as error:
            self._report(StreamRefused(Trouble.of_error(error)))
        else:
            self._ticket = ticket
            self._report(StreamGranted(ticket))

    def _ask_state(self, session: requests.Session) -> None:
        asked_at = self._clock()
        if self._ticket is None:
            return
        try:
            state = stream_state(session, self._ticket)
        except ClientError:
            # No answer proves nothing; the session's patience ends by itself.
            return
        self._report(StateTold(state, asked_at))

    def _tell(self, session: requests.Session) -> None:
        """Send what plays, if the server does not have it yet and a connection stands."""
        playing = self._playing
        # By identity: saying the same again tells it again.
        if playing is self._told or playing is None or self._ticket is None or self._interval_seconds is None:
            return
        try:
            tell_playing(session, self._ticket, title=playing[0], artist=playing[1])
        except Refused:
            pass  # it would be refused again; the next connection's tags have it too
        except ClientError:
            return
        self._told = playing

    def _end(self, session: requests.Session) -> None:
        if self._ticket is not None:
            # The server ends it by itself when nobody comes back.
            with contextlib.suppress(ClientError):
                end_stream(session, self._ticket)
        self._report(StreamLeft())


_Job: TypeAlias = Callable[[requests.Session], None]


def _look_up(session: requests.Session) -> None:
    """Do nothing: the thread looks up, and sees what has changed."""


def _start_trouble(error: Refused, *, has_token: bool) -> Trouble:
    """Explain a refused start: whether a token is missing or wrong is what the person must know."""
    if error.code == "token_needed" and has_token:
        return Trouble.of_code("token_refused", str(error))
    return Trouble.of_error(error)
