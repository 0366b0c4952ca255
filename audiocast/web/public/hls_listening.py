"""A request of a player of HLS as part of a listen: whose session it is, and what it may take for that."""

import contextlib
from collections.abc import Iterator
from functools import partial
from typing import Self

from tornado.httputil import HTTPServerRequest

from audiocast.stream.audience.hls_sessions import FREE_WAITS, HlsSession
from audiocast.stream.audience.listen import Who
from audiocast.stream.hub import Hub
from audiocast.stream.hub_state import HubState
from audiocast.web.http.addresses.listener import who_listens
from audiocast.web.http.clients import Holding, Lease
from audiocast.web.http.services import Services


def live_hubs(services: Services) -> list[Hub]:
    """Return the streams that are on here, and those that are heard here as HLS of another member."""
    streams = services.streams
    heard = [streams.get(stream_id) for stream_id in streams.counters.hls_listeners]
    return [*streams.live(), *(hub for hub in heard if hub is not None and hub.state is HubState.WAITING)]


class HlsListening:
    """Context of one request.

    Args:
        services: The parts of this member.
        request: The player's; None: another member's, whose player has its session there.
        stream_id: The stream.
        begins: The answer may begin a session.

    Raises:
        ApiError: 429, the client has too many.
        audiocast.stream.errors.ServerFull: One more listener does not fit.
    """

    def __init__(
        self, services: Services, request: HTTPServerRequest | None, stream_id: str, *, begins: bool = False
    ) -> None:
        self._services = services
        self._request = request
        self._stream_id = stream_id
        self._who = Who() if request is None else who_listens(request, services.clients)
        claims = None if request is None else services.listen_gate.claims_of(stream_id, request)
        self._claims = claims
        self._label = claims.label or None if claims is not None else None
        if claims is not None:
            self._who = self._who._replace(link=f"{claims.made_at_ms} {claims.label}")
        self._session: HlsSession | None = None
        self._lease: Lease | None = None
        if request is not None:
            self._session = services.audience.hls_sessions.get(stream_id, self._who)
            if self._session is None and begins:
                services.admission.check()
                self._lease = services.clients.acquire(request, Holding.LISTENERS)

    @property
    def is_new(self) -> bool:
        """Whether the answer may begin a session, which is one listener more."""
        return self._lease is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._lease is not None:
            self._lease.release()

    def note(self, size_bytes: int, *, says_end: bool | None = None) -> None:
        """Note the answer: the session goes on, or begins.

        Args:
            size_bytes: Of its body.
            says_end: See `HlsSessions.note`.
        """
        lease, self._lease = self._lease, None
        release = lease.release if lease is not None else None
        session = self._services.audience.hls_sessions.note(
            self._stream_id, self._who, size_bytes, label=self._label, release=release, says_end=says_end
        )
        if session is not None:
            # Also when another member makes the HLS: what is known of the stream here has its listeners.
            hub = self._services.streams.open(self._stream_id)
            if self._claims is not None:
                hub.listen_sessions.add(session, self._claims)
            assert self._request is not None, "other members' requests begin no session here"
            self._services.bans.watch(
                self._request,
                is_open=lambda: session.is_open,
                end=partial(session.end_session, is_revoked=True),
            )

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Count a request that waits for audio: those of a session have their place, a few at a time.

        Raises:
            ApiError: 429, the client has too many.
            audiocast.stream.errors.ServerFull: One more listener does not fit.
        """
        session = self._session
        if session is not None and session.waits < FREE_WAITS:
            session.waits += 1
            try:
                yield
            finally:
                session.waits -= 1
            return
        lease = Lease(None)
        if self._lease is None:
            lease = self._services.clients.acquire(self._request, Holding.LISTENERS)
        with lease, self._services.admission.entering():
            yield
