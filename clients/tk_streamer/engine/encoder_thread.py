"""From the source to the packets: reads blocks, measures and encodes them, fills the packet_queue.

It owns the audio thread, which waits for nothing but the source's clock: the network takes packets or it does
not, and an packet_queue that is full throws away. A local copy is written here too.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.opus import SAMPLE_RATE, packet_samples
from tk_streamer.audio.encoder import PacketEncoder
from tk_streamer.audio.level import Level, Meter
from tk_streamer.audio.sources import AudioSource
from tk_streamer.engine.engine_thread import EngineThread
from tk_streamer.engine.local_copy import LocalCopy
from tk_streamer.engine.packet_queue import PacketQueue, QueuedPacket
from tk_streamer.errors import ClientError
from tk_streamer.trouble import Trouble


@dataclass(frozen=True, slots=True)
class SourceReady:
    """The sound source is open, and so is the encoder."""


@dataclass(frozen=True, slots=True)
class SourceOver:
    """No more sound will come; `trouble` says why, None is the proper end."""

    trouble: Trouble | None


class EncoderThread:
    """The audio thread; begun by `start`, ended by `stop` or the source's end.

    Args:
        source: The sound; opened and closed here.
        channels: To ask it for.
        make_encoder: Makes the encoder; may raise `SoundError`.
        copy_path: Where to write the local copy, or None for none.
        make_tags: Gives what the copy says about itself.
        packet_queue: Where packets go.
        report: Gets `SourceReady`, and `SourceOver` at the end, on the audio thread.
    """

    def __init__(
        self,
        source: AudioSource,
        *,
        channels: int,
        make_encoder: Callable[[], PacketEncoder],
        copy_path: Path | None,
        make_tags: Callable[[], OpusTags],
        packet_queue: PacketQueue,
        report: Callable[[SourceReady | SourceOver], None],
    ) -> None:
        self._source = source
        self._channels = channels
        self._make_encoder = make_encoder
        self._copy_path = copy_path
        self._make_tags = make_tags
        self._packet_queue = packet_queue
        self._report = report
        self._meter = Meter(channels, SAMPLE_RATE)
        self._copy: LocalCopy | None = None
        self._copy_trouble: ClientError | None = None
        self._samples_out = 0
        self._thread = EngineThread("audio", self._work, lambda trouble: report(SourceOver(trouble)))

    @property
    def level(self) -> Level:
        """How loud it is; its times are of `time.time`."""
        return self._meter.level

    @property
    def copy_trouble(self) -> ClientError | None:
        """What ended the local copy, if anything did."""
        return self._copy_trouble or (self._copy.trouble if self._copy else None)

    def start(self) -> None:
        """Begin. Returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Let the sound end here; what was begun is encoded and put out. Returns at once."""
        self._source.interrupt()

    def join(self, seconds: float) -> bool:
        """Wait for the end of the thread; return whether it has ended."""
        return self._thread.join(seconds)

    def _work(self) -> None:
        self._source.open(self._channels)
        try:
            self._produce()
        finally:
            self._source.close()

    def _produce(self) -> None:
        encoder = self._make_encoder()
        try:
            try:
                self._look_ready(encoder)
                while (pcm := self._source.read()) is not None:
                    self._meter.measure(pcm, time.time())
                    packets = encoder.encode(pcm)
                    self._look_ready(encoder)
                    for packet in packets:
                        self._put_out(packet)
            finally:
                # Whatever ended the sound, the bitstream gets its end.
                self._finish(encoder)
        finally:
            encoder.close()

    def _look_ready(self, encoder: PacketEncoder) -> None:
        """Say that a connection may begin once it is known what its first page says.

        A connection that says nothing at first is taken for that of an old client, which waits for an answer.
        """
        if self._packet_queue.opus_head is not None or encoder.opus_head is None:
            return
        self._packet_queue.opus_head = encoder.opus_head
        self._begin_copy(encoder.opus_head)
        self._report(SourceReady())
        if not self._source.is_live:
            self._packet_queue.wait_for_reader()

    def _put_out(self, packet: bytes) -> None:
        samples = self._count(packet)
        self._packet_queue.put(QueuedPacket(packet, samples / SAMPLE_RATE))
        if self._copy is not None:
            self._copy.add(packet)

    def _finish(self, encoder: PacketEncoder) -> None:
        try:
            packets = encoder.flush()
        except ClientError:
            packets = []
        for packet in packets[:-1]:
            self._put_out(packet)
        last, samples, surplus_samples = None, 0, 0
        if packets:
            last = packets[-1]
            samples = self._count(last)
            surplus_samples = max(0, self._samples_out - encoder.end_granule_position)
        if self._packet_queue.opus_head is not None:
            queued = QueuedPacket(last, (samples - surplus_samples) / SAMPLE_RATE, True, surplus_samples)
            self._packet_queue.put(queued)
        else:
            # Not one packet: who waits for the last one would wait for ever.
            self._packet_queue.close()
        if self._copy is not None:
            self._copy.close(last, surplus_samples)

    def _count(self, packet: bytes) -> int:
        samples = packet_samples(packet)
        self._samples_out += samples
        return samples

    def _begin_copy(self, opus_head: OpusHead) -> None:
        if self._copy_path is None:
            return
        try:
            self._copy = LocalCopy(self._copy_path, opus_head, self._make_tags())
        except ClientError as error:
            self._copy_trouble = error
