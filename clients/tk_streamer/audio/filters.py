"""FFmpeg's audio filters in a row, as PyAV carries them: PCM in, frames out."""

from __future__ import annotations

from fractions import Fraction

import av
import av.filter

from audiocast.ogg.opus import SAMPLE_RATE
from tk_streamer.audio.pcm import frame_bytes, layout


class FilterRow:
    """Filters, each of which reads what the one before it writes. Used by one thread.

    Args:
        channels: 1 or 2; of the PCM that goes in.
        filters: Names and arguments, as in FFmpeg's documentation of its filters.
    """

    def __init__(self, channels: int, *filters: tuple[str, str]) -> None:
        self._channels = channels
        self._samples_in = 0
        # The filters are the graph's, and gone with it.
        self._graph = graph = av.filter.Graph()
        # A block takes a fraction of a millisecond; threads would cost more than they give.
        graph.threads = 1
        self._time_base = Fraction(1, SAMPLE_RATE)
        self._source = graph.add_abuffer(
            sample_rate=SAMPLE_RATE, format="s16", layout=layout(channels), time_base=self._time_base
        )
        self._filters = [graph.add(name, arguments) for name, arguments in filters]
        self._sink = graph.add("abuffersink")
        graph.link_nodes(self._source, *self._filters, self._sink).configure()

    def push(self, pcm: bytes) -> list[av.AudioFrame]:
        """Filter interleaved 16-bit PCM at 48 kHz; return the frames that are ready."""
        samples = len(pcm) // frame_bytes(self._channels)
        if not samples:
            return []
        frame = av.AudioFrame(format="s16", layout=layout(self._channels), samples=samples)
        frame.sample_rate = SAMPLE_RATE
        frame.time_base = self._time_base
        frame.pts = self._samples_in
        self._samples_in += samples
        frame.planes[0].update(pcm)
        self._source.push(frame)
        return self._ready()

    def flush(self) -> list[av.AudioFrame]:
        """End the sound; return the last frames. Nothing may be pushed after it."""
        self._source.push(None)
        return self._ready()

    def command(self, index: int, name: str, value: str) -> None:
        """Send a command to one of the filters, counted from 0; it holds from the next push on."""
        self._filters[index].process_command(name, value)

    def _ready(self) -> list[av.AudioFrame]:
        frames = []
        try:
            while True:
                frame = self._sink.pull()
                assert isinstance(frame, av.AudioFrame)
                frames.append(frame)
        except (BlockingIOError, EOFError):
            return frames
