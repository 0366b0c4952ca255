"""A stream as its keys and its broadcaster know it: which key is good, what it shows, whether it is muted."""

from collections.abc import Callable

from audiocast.stream.access.listen_sessions import ListenSessions
from audiocast.stream.access.private_streams import PrivateStreams
from audiocast.stream.broadcaster.paced_value import OnSettled, PacedValue
from audiocast.stream.broadcaster.stream_edit import StreamEdit
from audiocast.stream.clock import Clock
from audiocast.stream.hub_state import Promise, Suspensions
from audiocast.stream.keys import Claims, Visibility
from audiocast.stream.now_playing import clean_text
from audiocast.stream.source import Source
from audiocast.stream.source_id import SourceId


class KeyedStream:
    """What `Hub` has that is not about audio.

    Args:
        stream_id: The stream's id.
        title: What the broadcaster calls the stream; cleaned, and may be empty.
        clock: Time and timers.
        promise: What holds for the keys of the stream already.
        suspensions: The streams whose sources are refused; others change it. None: no stream is suspended.
        private_streams: Gets to know whether this one is private.

    Attributes:
        is_closed: The broadcaster has ended the stream for good.
        generation: The highest key generation that a source has used.
        source: What brings the audio now; None while nothing does. Only the hub sets it.
        muted_source: The source that the broadcaster has muted: another one is not. None: none is.
        on_change: Called, without arguments, whenever the state or the titles change.
        listen_sessions: What listen tokens have opened here.
    """

    def __init__(
        self,
        stream_id: str,
        title: str,
        clock: Clock,
        promise: Promise,
        suspensions: Suspensions | None,
        private_streams: PrivateStreams | None,
    ) -> None:
        self.stream_id = stream_id
        self.title = clean_text(title)
        self.generation, self.is_closed = promise
        self._claims = Claims()
        self._edited = StreamEdit()
        self.source: Source | None = None
        self.muted_source: SourceId | None = None
        self.on_change: set[Callable[[], None]] = set()
        self._suspensions = Suspensions() if suspensions is None else suspensions
        self._private_streams = PrivateStreams() if private_streams is None else private_streams
        self.listen_sessions = ListenSessions(clock)
        self._edits = PacedValue(clock, self._apply_edit)

    @property
    def claims(self) -> Claims:
        """Those of the last source's key, as far as this member has heard of them, with all edits."""
        return self._claims

    @claims.setter
    def claims(self, claims: Claims) -> None:
        was_open = self._claims.visibility not in (None, Visibility.PRIVATE)
        self._claims = self._edited.applied_to(claims)
        if claims.visibility is not None:
            is_private = claims.visibility is Visibility.PRIVATE
            self._private_streams.note(self.stream_id, is_private=is_private)
            if is_private and was_open:
                self._end_listeners()

    @property
    def source_id(self) -> SourceId | None:
        """Identity of the source; None while there is none."""
        return self.source.source_id if self.source is not None else None

    @property
    def is_muted(self) -> bool:
        """Listeners get silence instead of the source's sound."""
        return self.muted_source is not None and self.muted_source == self.source_id

    @property
    def promise(self) -> Promise:
        """What holds for the keys of the stream."""
        return Promise(self.generation, self.is_closed)

    def admit(self, generation: int) -> None:
        """Check that a source with a key of this generation may come.

        Raises:
            StreamEnded, BadKey, StreamSuspended: See `Promise.check` and `Suspensions.check`.
        """
        self.promise.check(generation)
        self._suspensions.check(self.stream_id)

    def learn(self, promise: Promise) -> None:
        """Hold what another member knows of the stream's keys."""
        self.generation, self.is_closed = promise
        self._notify()

    def set_missing_title(self, title: str) -> None:
        """Set the title, unless the stream has one."""
        self.title = self.title or clean_text(title)

    def edit(self, edit: StreamEdit, on_settled: OnSettled | None = None) -> StreamEdit:
        """Change what the broadcaster wants, at most once a second.

        Args:
            edit: What to change. A stream without a source is not muted.
            on_settled: See `OnSettled`.

        Returns:
            All that will be changed then: what waited before, too.
        """
        whole = edit.after(self._edits.waiting)
        self._edits.set(whole, on_settled)
        return whole

    def _apply_edit(self, edit: StreamEdit) -> None:
        self._edited = edit.after(self._edited)
        self.claims = self._claims
        if edit.title is not None:
            self.title = edit.title
        if edit.is_muted is not None:
            self.muted_source = self.source_id if edit.is_muted else None
        self._notify()

    def _forget_edits(self) -> None:
        """Show what keys claim again, once others are set; the title stays."""
        self._edited = StreamEdit()

    def _end_listeners(self) -> None:
        """End all that was let in while the stream was open to everybody."""

    def _notify(self) -> None:
        for notify in tuple(self.on_change):
            notify()
