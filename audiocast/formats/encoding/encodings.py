"""All encodings of one node: each is there while somebody listens to it, and half a minute more."""

from audiocast.formats.encoding.encoding import Encoding
from audiocast.formats.encoding.stream_format import StreamFormat
from audiocast.formats.errors import FormatsBusy
from audiocast.formats.pool.format_workers import FormatWorkers
from audiocast.stream.audience.listen_end import ListenEnd
from audiocast.stream.clock import Clock
from audiocast.stream.hub import Hub
from audiocast.stream.hub_state import HubLimits

# How long an encoding goes on without a listener.
IDLE_SECONDS = 30.0

# Each holds up to half a MiB of frames, and as much with titles.
MAX_ENCODINGS = 200


class Encodings:
    """See the module. Streams are tapped with the first listener of a format.

    Args:
        workers: Do the work.
        clock: Time and timers.
        limits: Of the streams.
        preroll_seconds: See `Encoding`.
        idle_seconds: See `IDLE_SECONDS`.
    """

    def __init__(
        self,
        workers: FormatWorkers,
        clock: Clock,
        limits: HubLimits,
        *,
        preroll_seconds: float,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self.workers = workers
        self._clock = clock
        self._limits = limits
        self._preroll_seconds = preroll_seconds
        self._idle_seconds = idle_seconds
        self._encodings: dict[tuple[str, StreamFormat], Encoding] = {}
        # Of each, when somebody has been seen to listen last.
        self._heard_at: dict[Encoding, float] = {}

    def __len__(self) -> int:
        return len(self._encodings)

    def check(self, stream_id: str, form: StreamFormat) -> None:
        """Check that somebody could listen now.

        Raises:
            FormatsMissing, FormatsBusy: See `FormatWorkers.open`.
        """
        if (stream_id, form) in self._encodings:
            return
        self.workers.check()
        if len(self) >= MAX_ENCODINGS:
            raise FormatsBusy(f"expected at most {MAX_ENCODINGS} streams in other formats; try again later")

    def open(self, hub: Hub, form: StreamFormat) -> Encoding:
        """Return a stream in a format, for a listener that joins at once.

        Raises:
            FormatsMissing, FormatsBusy: See `check`.
        """
        key = hub.stream_id, form
        encoding = self._encodings.get(key)
        if encoding is not None and encoding.hub is not hub:
            encoding.finish(ListenEnd.STREAM_ENDED)
            encoding = None
        if encoding is None:
            self.check(hub.stream_id, form)
            encoding = Encoding(
                hub,
                form,
                self.workers,
                self._clock,
                self._limits,
                preroll_seconds=self._preroll_seconds,
                on_end=self._forget,
            )
            self._encodings[key] = encoding
            self._clock.call_later(self._idle_seconds, self._look, encoding)
        self._heard_at[encoding] = self._clock.time()
        return encoding

    def close(self) -> None:
        """Close all listeners with what they lack: the server stops."""
        for encoding in list(self._encodings.values()):
            encoding.finish(ListenEnd.SERVER_STOPPED)

    def _look(self, encoding: Encoding) -> None:
        if encoding not in self._heard_at:
            return
        now = self._clock.time()
        if encoding.listeners:
            self._heard_at[encoding] = now
        left_seconds = self._heard_at[encoding] + self._idle_seconds - now
        if left_seconds <= 0:
            encoding.close()
        else:
            self._clock.call_later(min(left_seconds, self._idle_seconds / 3), self._look, encoding)

    def _forget(self, encoding: Encoding) -> None:
        self._heard_at.pop(encoding, None)
        key = encoding.hub.stream_id, encoding.form
        if self._encodings.get(key) is encoding:
            del self._encodings[key]
