"""The sound of an input before a broadcast: read and measured, as a broadcast would, and sent nowhere."""

import time
from dataclasses import dataclass

from tk_streamer.audio.level import Level
from tk_streamer.audio.level_control import LevelControl
from tk_streamer.audio.sources import AudioSource
from tk_streamer.engine.engine_thread import EngineThread
from tk_streamer.trouble import Trouble

# As long as a broadcast's threads may take, see `control`.
CLOSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class PreviewStatus:
    """A preview at one moment; times are seconds of `time.time`.

    Attributes:
        level: What the meters show.
        trouble: Why there is no sound; None while there may be some.
        is_input_lost: The input is gone; it is used again as soon as it is back.
    """

    level: Level
    trouble: Trouble | None = None
    is_input_lost: bool = False


class Preview:
    """Begins at once, on a thread of its own. All methods but `stop` return at once.

    Args:
        source: Opened, read and closed by the preview; it needs an input that nothing else uses.
        channels: 1 or 2.
        gain_db: The first gain.
        cuts_lows: See `Limiter`.
    """

    def __init__(
        self,
        source: AudioSource,
        *,
        channels: int,
        gain_db: float = 0.0,
        cuts_lows: bool = False,
    ) -> None:
        self._source = source
        self._channels = channels
        self._level_control = LevelControl(channels, gain_db=gain_db, cuts_lows=cuts_lows)
        self._trouble: Trouble | None = None
        self._thread = EngineThread("preview", self._work, self._on_end)
        self._thread.start()

    def status(self) -> PreviewStatus:
        """Return what the meters show, or why they do not. May be called on any thread."""
        if self._trouble is not None:
            return PreviewStatus(Level(), self._trouble)
        return PreviewStatus(self._level_control.level, is_input_lost=self._source.health.is_lost)

    def set_gain(self, gain_db: float) -> None:
        """Turn the sound up or down before the limiter, -30 to 20 dB."""
        self._level_control.gain_db = gain_db

    def stop(self) -> bool:
        """Close the input; return whether that has ended in time. Blocks."""
        self._source.interrupt()
        return self._thread.join(CLOSE_SECONDS)

    def _work(self) -> None:
        self._source.open(self._channels)
        try:
            while (pcm := self._source.read()) is not None:
                self._level_control.process(pcm, time.time())
        finally:
            self._source.close()

    def _on_end(self, trouble: Trouble | None) -> None:
        self._trouble = trouble
