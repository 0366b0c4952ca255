"""`GET /stream/{id}`: audio out, as Ogg Opus or in another format.

Tornado parses the request; the response head is written together with the first audio, and from then on the
socket belongs to the stream's fan-out. The response has neither length nor chunks and ends with the
connection (RFC 9112 section 6.3), so all listeners are sent the very same bytes. Ogg's last page marks the
end of audio.
"""

import contextlib
import math
import time
from collections.abc import Callable
from functools import partial
from typing import cast

from tornado.httputil import format_timestamp
from tornado.iostream import StreamClosedError

from audiocast.formats.encoding.stream_format import StreamFormat
from audiocast.stream.audience.listen import NOBODY, Way
from audiocast.stream.bitstream import ListenerSession
from audiocast.stream.errors import StreamError
from audiocast.stream.fanout.lane import LOW_LATENCY_SECONDS
from audiocast.stream.hub import Hub
from audiocast.web.http.access.listen_authority import refuse_listening
from audiocast.web.http.addresses.listener import who_listens
from audiocast.web.http.clients import Holding
from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import CrossOriginHandler
from audiocast.web.http.public_connection import PublicConnection
from audiocast.web.http.raw_response import SERVER_NAME, error_response, response_head
from audiocast.web.public.stream_formats import asked_format, format_headers, wants_titles
from audiocast.web.public.waiting import NOT_LIVE, is_stream_on, wait_for_stream

AUDIO_HEADERS = {
    "Server": SERVER_NAME,
    "Content-Type": "audio/ogg",
    "Cache-Control": "no-store",
    "Accept-Ranges": "none",
    "Access-Control-Allow-Origin": "*",
    "X-Accel-Buffering": "no",
    "X-Content-Type-Options": "nosniff",
}

MAX_PREROLL_SECONDS = 86_400.0

# What a player may aim at. Less than the first is less than a packet, its decoding and its output take.
AIMS_MS = range(20, 10_001)

# The usual backlog has room for a source that sends so much at once, as many encoders do with their pages.
USUAL_BURST_SECONDS = 1.0


class ListenHandler(CrossOriginHandler):
    """One listener: it waits for the stream if need be, then the fan-out gets its socket."""

    metric_label = "Listen"
    is_timed_by_audio = True

    async def get(self, stream_id: str, extension: str = "") -> None:
        services = self.services
        self.checked_id(stream_id)
        preroll_seconds = self._preroll_seconds()
        aim_seconds = self._aim_seconds()
        form = self._format(extension)
        may_listen = await services.listen_authority.let_in(stream_id, self.request, "stream")
        hub = await wait_for_stream(services, self.limits, stream_id, self.request)
        if hub is None:
            raise ApiError(404, "stream_not_live", NOT_LIVE)
        if not may_listen:
            raise refuse_listening()
        await services.listener_limits.check(stream_id)
        services.admission.check()
        lease = services.clients.acquire(self.request, Holding.LISTENERS)
        try:
            join = hub.join if form is None else self._open(hub, form)
        except StreamError:
            lease.release()
            raise
        stream = cast(PublicConnection, self.detach())
        try:
            connection = stream.detach_listener(lease)
        except OSError:
            # No descriptor is left. The response is not Tornado's any more.
            error = ApiError(503, "server_full", "no room for one more connection; try again in a moment")
            self.set_status(error.status)
            self.application.log_request(self)
            with contextlib.suppress(StreamClosedError):
                await stream.write(error_response(error))
            stream.close()
            return
        self.set_status(200)
        self.application.log_request(self)
        if connection is not None:
            is_written = services.audience.is_written
            who = who_listens(self.request, services.clients) if is_written else NOBODY
            claims = services.listen_gate.claims_of(stream_id, self.request)
            label = claims.label if claims is not None else ""
            session = join(
                connection,
                response_head(200, self._fields(stream_id, form, hub)),
                preroll_seconds=self._usual_preroll_seconds(hub)
                if preroll_seconds is None
                else preroll_seconds,
                aim_seconds=aim_seconds,
                listen=services.audience.audience.listen(
                    stream_id,
                    self._way() if form is None else form.way,
                    who,
                    aim_seconds=aim_seconds,
                    label=label or None,
                ),
            )
            if claims is not None:
                hub.listen_sessions.add(session, claims)
            services.bans.watch(
                self.request,
                is_open=lambda: session.is_open,
                end=partial(session.end_session, is_revoked=True),
            )

    async def head(self, stream_id: str, extension: str = "") -> None:
        """Send the head of GET's response, byte for byte: Tornado would add a length to it.

        It does not wait for a stream that is not on, fetches none from its owner, and takes no place.
        """
        services = self.services
        self.checked_id(stream_id)
        self._preroll_seconds()
        self._aim_seconds()
        form = self._format(extension)
        if not await is_stream_on(services, stream_id, self.request):
            raise ApiError(404, "stream_not_live", NOT_LIVE)
        services.admission.check()
        if form is not None:
            services.encodings.check(stream_id, form)
        services.clients.acquire(self.request, Holding.LISTENERS).release()
        self.set_status(200)
        stream = self.detach()
        self.application.log_request(self)
        with contextlib.suppress(StreamClosedError):
            await stream.write(
                response_head(200, self._fields(stream_id, form, services.streams.get(stream_id)))
            )
        stream.close()

    def _format(self, extension: str) -> StreamFormat | None:
        """Return the format that is asked for; None: the stream as it is.

        Raises:
            ApiError: 400, it is not made at that rate.
        """
        return asked_format(extension, self.get_query_argument("kbps", None))

    def _open(self, hub: Hub, form: StreamFormat) -> Callable[..., ListenerSession]:
        """Return what adds a listener to a stream in a format.

        Raises:
            FormatsMissing, FormatsBusy: It cannot be had, or not now.
        """
        encoding = self.services.encodings.open(hub, form)
        return partial(encoding.join, has_titles=wants_titles(form, self.request))

    def _fields(self, stream_id: str, form: StreamFormat | None, hub: Hub | None) -> dict[str, str]:
        headers = _audio_headers()
        if form is not None:
            headers |= format_headers(self.services, stream_id, hub, form, self.request)
        return headers

    def _usual_preroll_seconds(self, hub: Hub) -> float:
        """Return how much of the backlog a listener begins with that asks for no length.

        An `<audio>` cannot be told to wait: of a relay of HLS it plays all that it has, and breaks off before
        the next segment comes.
        """
        burst_seconds = hub.describe().burst_seconds or 0.0
        return self.limits.preroll_seconds + max(0.0, burst_seconds - USUAL_BURST_SECONDS)

    def _preroll_seconds(self) -> float | None:
        """Return what was asked for; None: nothing.

        Raises:
            ApiError: 400, it is no number of seconds.
        """
        given = self.get_query_argument("preroll", None)
        if given is None:
            return None
        try:
            seconds = float(given)
        except ValueError:
            seconds = math.nan
        if not 0 <= seconds <= MAX_PREROLL_SECONDS:
            raise ApiError(400, "bad_preroll", f"expected preroll in seconds, 0 or more, got {given[:20]!r}")
        return seconds

    def _way(self) -> Way:
        latency = self.get_query_argument("latency", "")
        return Way.STREAM if not latency else Way.LIVE if latency == "low" else Way.PLAYER

    def _aim_seconds(self) -> float:
        """Return the delay that the listener's player aims at; infinity: it says nothing.

        Raises:
            ApiError: 400, it is neither `low` nor a number of milliseconds within the bounds.
        """
        given = self.get_query_argument("latency", "")
        if not given:
            return math.inf
        if given == "low":
            return LOW_LATENCY_SECONDS
        if not (given.isascii() and given.isdigit() and len(given) < 6 and int(given) in AIMS_MS):
            bounds = f"{AIMS_MS[0]} to {AIMS_MS[-1]} milliseconds"
            raise ApiError(400, "bad_latency", f"expected latency=low, or {bounds}, got {given[:20]!r}")
        return int(given) / 1000


def _audio_headers() -> dict[str, str]:
    """Return the response's headers, with the time as RFC 9110 section 6.6.1 requires."""
    return {**AUDIO_HEADERS, "Date": format_timestamp(time.time())}
