"""The small requests of a broadcast: start the stream, ask for its state, send what is playing, end it.

The client owns one thread, which may block on the server, and one HTTP session. It decides nothing: it
reports each response as an event.
"""

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TypeAlias

import requests

from audiocast.server_addresses import candidate_urls
from tk_streamer.errors import ClientError, RequestRefused
from tk_streamer.server.connection import LiveSession
from tk_streamer.server.streams import (
    AudienceCurve,
    StreamCredentials,
    StreamInfo,
    edit_stream,
    end_stream,
    fetch_audience,
    fetch_stream_info,
    give_picture,
    send_now_playing,
    start_stream,
)
from tk_streamer.trouble import Trouble

# How often the state of the stream is asked for: before the server has said "live", and after. Refusals of
# other programs are told by it, and whoever has just started one looks at the window.
FAST_POLL_SECONDS = 0.25
SLOW_POLL_SECONDS = 1.0

# The curve of listeners has a point a minute.
AUDIENCE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """The arguments of `streams.start_stream`; a token of "" is none. And the picture, empty for none."""

    server_url: str
    title: str
    stream_id: str | None
    token: str
    visibility: str
    description: str = ""
    link: str = ""
    accent: str = ""
    starts_at: str = ""
    max_listeners: int = 0
    picture: bytes = field(default=b"", repr=False)
    access_code: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class StreamStarted:
    """The server has started a stream."""

    credentials: StreamCredentials


@dataclass(frozen=True, slots=True)
class StreamStartFailed:
    """The server has not started a stream."""

    trouble: Trouble


@dataclass(frozen=True, slots=True)
class StreamInfoReceived:
    """The server's response to the request that was sent at `asked_at` (seconds of the client's clock)."""

    info: StreamInfo
    asked_at: float


@dataclass(frozen=True, slots=True)
class StreamEndDone:
    """The server has ended the stream, or could not be reached."""


ApiEvent: TypeAlias = StreamStarted | StreamStartFailed | StreamInfoReceived | StreamEndDone


class ApiClient:
    """Starts its thread at once; `close` ends it. All other methods return at once.

    Args:
        request: The stream to start.
        report: Called with each event, on the client's thread.
        clock: Returns the seconds of a clock that never goes back.

    Attributes:
        audience: Who has listened, as the server said last; servers before 0.2 do not say it.
    """

    def __init__(
        self, request: StreamRequest, report: Callable[[ApiEvent], None], clock: Callable[[], float]
    ) -> None:
        self._request = request
        self._report = report
        self._clock = clock
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._credentials: StreamCredentials | None = None
        self._interval_seconds: float | None = None
        self._audience_due_at = 0.0
        self.audience = AudienceCurve()
        self._playing: tuple[str, str] | None = None
        self._sent_playing: tuple[str, str] | None = None
        self._title: str | None = None
        self._is_muted = False
        self._unsent_mute: bool | None = None
        self._session = LiveSession()
        self._thread = threading.Thread(target=self._run, name="api", daemon=True)
        self._thread.start()

    def start_stream(self) -> None:
        """Start the stream; reports `StreamStarted` or `StreamStartFailed`."""
        self._jobs.put(self._start)

    def poll_stream_info(self, interval_seconds: float | None) -> None:
        """Ask for the state of the stream at intervals; reports `StreamInfoReceived` for each response.

        Args:
            interval_seconds: The pause between two requests; None: stop asking.
        """
        self._interval_seconds = interval_seconds
        self._jobs.put(_wake)

    def set_now_playing(self, title: str, artist: str) -> None:
        """Send what is playing; repeated until the server has accepted or refused it."""
        self._playing = (title, artist)
        self._jobs.put(_wake)

    def set_title(self, title: str) -> None:
        """Send another title of the stream; repeated until the server has accepted or refused it."""
        self._title = title
        self._jobs.put(_wake)

    def set_muted(self, is_muted: bool) -> None:
        """Tell the server whether the sound is muted; repeated until it has accepted or refused it.

        That the sound is muted is told whenever the server has forgotten it: as with a new connection.
        """
        self._is_muted = self._unsent_mute = is_muted
        self._jobs.put(_wake)

    def end_stream(self) -> None:
        """End the stream; reports `StreamEndDone`, whether or not the server could be reached."""
        self._jobs.put(self._end)

    def close(self, seconds: float) -> bool:
        """End the thread, even during a request; return whether it has ended after `seconds`. Blocks."""
        self._jobs.put(None)
        self._session.abort()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        next_request_at = 0.0
        with self._session as session:
            while True:
                interval_seconds = self._interval_seconds
                pause = None if interval_seconds is None else max(0.0, next_request_at - time.monotonic())
                try:
                    job = self._jobs.get(timeout=pause)
                except Empty:
                    next_request_at = time.monotonic() + (interval_seconds or 0.0)
                    self._fetch_info(session)
                    self._fetch_audience(session)
                else:
                    if job is None:
                        return
                    next_request_at = min(next_request_at, time.monotonic() + (self._interval_seconds or 0.0))
                    job(session)
                self._send_now_playing(session)
                self._send_edits(session)

    def _start(self, session: requests.Session) -> None:
        request = self._request
        try:
            credentials = self._start_at_first(session, candidate_urls(request.server_url))
            if request.picture:
                give_picture(session, credentials, request.picture)
        except RequestRefused as error:
            self._report(StreamStartFailed(_start_trouble(error, has_token=bool(request.token))))
        except ClientError as error:
            self._report(StreamStartFailed(Trouble.of_error(error)))
        else:
            self._credentials = credentials
            self._report(StreamStarted(credentials))

    def _start_at_first(self, session: requests.Session, urls: list[str]) -> StreamCredentials:
        """Start the stream at the first URL where an audiocast server answers.

        Raises:
            ClientError: There is none; of several, the error of the first.
        """
        request = self._request
        first, *others = urls
        try:
            return start_stream(
                session,
                first,
                title=request.title,
                stream_id=request.stream_id,
                token=request.token or None,
                visibility=request.visibility,
                access_code=request.access_code,
                description=request.description,
                link=request.link,
                accent=request.accent,
                starts_at=request.starts_at,
                max_listeners=request.max_listeners,
            )
        except ClientError as error:
            # A refusal with a code is audiocast's own.
            if not others or (isinstance(error, RequestRefused) and error.code):
                raise
            with contextlib.suppress(ClientError):
                return self._start_at_first(session, others)
            raise

    def _fetch_info(self, session: requests.Session) -> None:
        asked_at = self._clock()
        if self._credentials is None:
            return
        try:
            info = fetch_stream_info(session, self._credentials)
        except ClientError:
            # A missing response proves nothing; the state machine has a timeout for it.
            return
        if info.is_live and self._is_muted and not info.is_muted:
            # The mute is of one connection, and there is a newer one.
            self._unsent_mute = True
        self._report(StreamInfoReceived(info, asked_at))

    def _fetch_audience(self, session: requests.Session) -> None:
        if self._credentials is None or time.monotonic() < self._audience_due_at:
            return
        self._audience_due_at = time.monotonic() + AUDIENCE_SECONDS
        # What is not told is not drawn anew.
        with contextlib.suppress(ClientError):
            self.audience = fetch_audience(session, self._credentials)

    def _send_edits(self, session: requests.Session) -> None:
        """Send title and mute, if the server does not have them yet and a connection is open."""
        title, is_muted = self._title, self._unsent_mute
        has_none = title is None and is_muted is None
        if has_none or self._credentials is None or self._interval_seconds is None:
            return
        try:
            edit_stream(session, self._credentials, title=title, is_muted=is_muted)
        except RequestRefused:
            # A second try would be refused too.
            pass
        except ClientError:
            return
        # What was set meanwhile is still to be sent.
        if self._title is title:
            self._title = None
        if self._unsent_mute is is_muted:
            self._unsent_mute = None

    def _send_now_playing(self, session: requests.Session) -> None:
        """Send what is playing, if the server does not have it yet and a connection is open."""
        playing = self._playing
        # Compared by identity, so that the same title is sent again when it is set again.
        if (
            playing is self._sent_playing
            or playing is None
            or self._credentials is None
            or self._interval_seconds is None
        ):
            return
        try:
            send_now_playing(session, self._credentials, title=playing[0], artist=playing[1])
        except RequestRefused:
            # A second try would be refused too. The tags of the next connection will hold the title.
            pass
        except ClientError:
            return
        self._sent_playing = playing

    def _end(self, session: requests.Session) -> None:
        if self._credentials is not None:
            # Without this request, the server ends the stream after its grace period.
            with contextlib.suppress(ClientError):
                end_stream(session, self._credentials)
        self._report(StreamEndDone())


_Job: TypeAlias = Callable[[requests.Session], None]


def _wake(session: requests.Session) -> None:
    """Do nothing: this job only wakes the thread, which then sees what has changed."""


def _start_trouble(error: RequestRefused, *, has_token: bool) -> Trouble:
    """Explain a refused start: the person must know whether the token is missing or wrong."""
    if error.code == "token_needed" and has_token:
        return Trouble.of_code("token_refused", str(error))
    return Trouble.of_error(error)
