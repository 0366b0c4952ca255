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

from tk_streamer.errors import ClientError, RequestRefused
from tk_streamer.server.connection import LiveSession
from tk_streamer.server.streams import (
    StreamCredentials,
    StreamInfo,
    end_stream,
    fetch_stream_info,
    send_now_playing,
    start_stream,
)
from tk_streamer.trouble import Trouble

# While "live" is awaited, and once it is known.
FAST_POLL_SECONDS = 0.25
SLOW_POLL_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """What a stream is asked for with; see `start_stream`."""

    server_url: str
    title: str
    stream_id: str | None
    token: str


@dataclass(frozen=True, slots=True)
class StreamStarted:
    """The server has given a stream."""

    credentials: StreamCredentials


@dataclass(frozen=True, slots=True)
class StreamStartFailed:
    """The server has given none."""

    trouble: Trouble


@dataclass(frozen=True, slots=True)
class StreamInfoReceived:
    """The server's answer to the question asked at `asked_at` (seconds of the session's clock)."""

    state: StreamInfo
    asked_at: float


@dataclass(frozen=True, slots=True)
class StreamEndDone:
    """The stream is ended on the server, or cannot be."""


ApiEvent: TypeAlias = StreamStarted | StreamStartFailed | StreamInfoReceived | StreamEndDone


class ApiClient:
    """Starts its thread at once; `close` ends it.

    Args:
        request: How to ask for a stream.
        report: Gets the answers, on the thread of the client.
        clock: That of the session.
    """

    def __init__(
        self, request: StreamRequest, report: Callable[[ApiEvent], None], clock: Callable[[], float]
    ) -> None:
        self._request = request
        self._report = report
        self._clock = clock
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._ticket: StreamCredentials | None = None
        self._interval_seconds: float | None = None
        self._playing: tuple[str, str] | None = None
        self._sent_playing: tuple[str, str] | None = None
        self._session = LiveSession()
        self._thread = threading.Thread(target=self._run, name="api", daemon=True)
        self._thread.start()

    @property
    def now_playing(self) -> tuple[str, str] | None:
        """Title and artist of what plays, as last said."""
        return self._playing

    def start_stream(self) -> None:
        """Ask for a stream; `StreamStarted` or `StreamStartFailed` is told."""
        self._jobs.put(self._start)

    def poll_stream_info(self, interval_seconds: float | None) -> None:
        """Ask again and again how the stream stands; `StreamInfoReceived` is told of each answer.

        Args:
            interval_seconds: Between the questions; None: ask no more.
        """
        self._interval_seconds = interval_seconds
        self._jobs.put(_wake)

    def set_now_playing(self, title: str, artist: str) -> None:
        """Tell the listeners; tried again until the server has it or refuses it."""
        self._playing = (title, artist)
        self._jobs.put(_wake)

    def end_stream(self) -> None:
        """End the stream; `StreamEndDone` is told, whether or not the server could be asked."""
        self._jobs.put(self._end)

    def close(self, seconds: float) -> bool:
        """End the thread, in the middle of a request if need be; say whether it has ended."""
        self._jobs.put(None)
        self._session.abort()
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
                    self._fetch_info(session)
                else:
                    if job is None:
                        return
                    next_question = min(next_question, time.monotonic() + (self._interval_seconds or 0.0))
                    job(session)
                self._send_now_playing(session)

    def _start(self, session: requests.Session) -> None:
        request = self._request
        try:
            credentials = start_stream(
                session,
                request.server_url,
                title=request.title,
                stream_id=request.stream_id,
                token=request.token or None,
            )
        except RequestRefused as error:
            self._report(StreamStartFailed(_start_trouble(error, has_token=bool(request.token))))
        except ClientError as error:
            self._report(StreamStartFailed(Trouble.of_error(error)))
        else:
            self._ticket = credentials
            self._report(StreamStarted(credentials))

    def _fetch_info(self, session: requests.Session) -> None:
        asked_at = self._clock()
        if self._ticket is None:
            return
        try:
            state = fetch_stream_info(session, self._ticket)
        except ClientError:
            # No answer proves nothing; the session's patience ends by itself.
            return
        self._report(StreamInfoReceived(state, asked_at))

    def _send_now_playing(self, session: requests.Session) -> None:
        """Send what plays, if the server does not have it yet and a connection stands."""
        playing = self._playing
        # By identity: saying the same again tells it again.
        if (
            playing is self._sent_playing
            or playing is None
            or self._ticket is None
            or self._interval_seconds is None
        ):
            return
        try:
            send_now_playing(session, self._ticket, title=playing[0], artist=playing[1])
        except RequestRefused:
            pass  # it would be refused again; the next connection's tags have it too
        except ClientError:
            return
        self._sent_playing = playing

    def _end(self, session: requests.Session) -> None:
        if self._ticket is not None:
            # The server ends it by itself when nobody comes back.
            with contextlib.suppress(ClientError):
                end_stream(session, self._ticket)
        self._report(StreamEndDone())


_Job: TypeAlias = Callable[[requests.Session], None]


def _wake(session: requests.Session) -> None:
    """Do nothing: the thread looks up, and sees what has changed."""


def _start_trouble(error: RequestRefused, *, has_token: bool) -> Trouble:
    """Explain a refused start: whether a token is missing or wrong is what the person must know."""
    if error.code == "token_needed" and has_token:
        return Trouble.of_code("token_refused", str(error))
    return Trouble.of_error(error)
