"""Listens as HLS: a player opens no connection that stays, so who listens is known by its requests alone.

One client is one address with one agent and one listen link. Its session begins with the first playlist that
it gets, and ends when it has asked for nothing for a minute, as all that count HLS have it, or when its token
holds no more; it has lasted until its last request. What a cache answers is not seen.
"""

from collections import OrderedDict
from collections.abc import Callable
from functools import partial

from audiocast.stream.audience.audience import Audience
from audiocast.stream.audience.listen import Listen, Way, Who
from audiocast.stream.audience.listen_end import ListenEnd
from audiocast.stream.clock import Clock, Timer
from audiocast.stream.counters import Counters

IDLE_SECONDS = 60.0

# Requests of one session that wait for audio at a time, without a place of their own: a player of low delay
# waits for a playlist and for a part.
FREE_WAITS = 3

SessionKey = tuple[str, str, str, str]


class HlsSession:
    """One session.

    Attributes:
        listen: Ends with the session.
        asked_at: When its last request came, the clock's seconds.
        has_heard_end: Its last playlist said that the stream has ended.
        is_open: It goes on.
        sent_bytes: Bodies of answers.
        waits: Requests that wait now.
    """

    __slots__ = ("_end", "_release", "asked_at", "has_heard_end", "is_open", "listen", "sent_bytes", "waits")

    def __init__(
        self, listen: Listen, now: float, release: Callable[[], None], end: Callable[[ListenEnd], None]
    ) -> None:
        self.listen = listen
        self.asked_at = now
        self.has_heard_end = False
        self.is_open = True
        self.sent_bytes = 0
        self.waits = 0
        self._release = release
        self._end = end

    def end_session(self, *, is_revoked: bool) -> None:
        """End it: what has let its player in holds no more. See `listen_sessions.Session`."""
        self._end(ListenEnd.REVOKED if is_revoked else ListenEnd.SESSION_OVER)

    def finish(self, end: ListenEnd) -> None:
        """End it at its last request."""
        self.is_open = False
        self.listen.finish(end, self.listen.ended_at, self.sent_bytes)
        self._release()


class HlsSessions:
    """The sessions of one member, the one that asked longest ago first.

    Args:
        audience: Counts them.
        clock: Time and timers.
        counters: Of the node; sessions are listeners, too.
        is_leaving: Returns whether this member leaves the cluster: balancers send its players to others.
    """

    def __init__(
        self,
        audience: Audience,
        clock: Clock,
        counters: Counters,
        is_leaving: Callable[[], bool] = lambda: False,
    ) -> None:
        self._audience = audience
        self._clock = clock
        self._counters = counters
        self._is_leaving = is_leaving
        self._sessions: OrderedDict[SessionKey, HlsSession] = OrderedDict()
        self._timer: Timer | None = None

    def __len__(self) -> int:
        return len(self._sessions)

    def get(self, stream_id: str, who: Who) -> HlsSession | None:
        """Return a client's session of a stream, if it has one."""
        return self._sessions.get(_key(stream_id, who))

    def note(
        self,
        stream_id: str,
        who: Who,
        size_bytes: int,
        *,
        label: str | None = None,
        release: Callable[[], None] | None = None,
        says_end: bool | None = None,
    ) -> HlsSession | None:
        """Note an answer to a client; with `release` a session begins, unless there is one.

        Args:
            stream_id: The stream.
            who: The client.
            size_bytes: Of the answer's body.
            label: See `ListenRecord`; of a session that begins.
            release: Called when the session ends, or at once when there is one already; None: the answer was
                no playlist.
            says_end: Whether the answer says that the stream has ended; None: it is no playlist.

        Returns:
            The session, if one has begun.
        """
        key = _key(stream_id, who)
        session = self._sessions.get(key)
        now = self._clock.time()
        begins = session is None
        if session is None:
            if release is None:
                return None
            listen = self._audience.listen(stream_id, Way.HLS, who, aim_seconds=float("inf"), label=label)
            listen.start(now)
            listen.ended_at = now
            session = self._sessions[key] = HlsSession(listen, now, release, partial(self._end, key))
            self._counters.begin_hls(stream_id)
        else:
            if release is not None:
                release()
            session.asked_at = now
            self._sessions.move_to_end(key)
            self._audience.extend(session.listen)
        session.sent_bytes += size_bytes
        if says_end is not None:
            session.has_heard_end = says_end
        if self._timer is None:
            self._timer = self._clock.call_later(IDLE_SECONDS, self._end_idle)
        return session if begins else None

    def end_all(self, end: ListenEnd, stream_id: str | None = None) -> None:
        """End all sessions, or those of one stream."""
        for key in list(self._sessions):
            if stream_id is None or key[0] == stream_id:
                self._end(key, end)

    def stop(self) -> None:
        """End all sessions, since the process ends."""
        for key, session in list(self._sessions.items()):
            self._end(key, self._reason(session, ListenEnd.SERVER_STOPPED))

    def _end_idle(self) -> None:
        self._timer = None
        now = self._clock.time()
        while self._sessions:
            key, session = next(iter(self._sessions.items()))
            due = session.asked_at + IDLE_SECONDS
            if due > now:
                self._timer = self._clock.call_at(due, self._end_idle)
                return
            self._end(key, self._reason(session, ListenEnd.LEFT))

    def _reason(self, session: HlsSession, otherwise: ListenEnd) -> ListenEnd:
        """Return why a session ends that asks no more."""
        if session.has_heard_end:
            return ListenEnd.STREAM_ENDED
        return ListenEnd.DRAINED if self._is_leaving() else otherwise

    def _end(self, key: SessionKey, end: ListenEnd) -> None:
        session = self._sessions.pop(key)
        self._counters.end_hls(key[0])
        session.finish(end)


def _key(stream_id: str, who: Who) -> SessionKey:
    return stream_id, who.address, who.agent, who.link
