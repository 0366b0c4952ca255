"""From the source to the packets: reads blocks, levels and encodes them, fills the packet queue.

It owns the audio thread, which waits only for the source's clock: the network takes packets or it does not,
and a full packet queue throws the oldest away. The same thread writes the local copy.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.opus import SAMPLE_RATE, packet_samples
from tk_streamer.audio.encoder import PacketEncoder
from tk_streamer.audio.level_control import LevelControl
from tk_streamer.audio.sources import AudioSource
from tk_streamer.engine.engine_thread import EngineThread
from tk_streamer.engine.local_copy import LocalCopy
from tk_streamer.engine.packet_queue import PacketQueue, QueuedPacket
from tk_streamer.errors import ClientError
from tk_streamer.trouble import Trouble


@dataclass(frozen=True, slots=True)
class SourceReady:
    """Source and encoder are open, and the identification header is known."""


@dataclass(frozen=True, slots=True)
class SourceOver:
    """The sound has ended; `trouble` is None at the proper end."""

    trouble: Trouble | None


class EncoderThread:
    """The audio thread; runs from `start` until `stop` or the end of the source.

    Args:
        source: The sound; opened, read and closed on the audio thread.
        channels: 1 or 2.
        level_control: Between source and encoder.
        make_encoder: Returns the encoder, or raises `SoundError`; called on the audio thread.
        copy_path: Where to write the local copy, or None for no copy.
        make_tags: Returns the tags of the copy.
        packet_queue: Gets the identification header and all packets.
        report: Called with `SourceReady`, and with `SourceOver` at the end, on the audio thread.
    """

    def __init__(
        self,
        source: AudioSource,
        *,
        channels: int,
        level_control: LevelControl,
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
        self._level_control = level_control
        self._copy: LocalCopy | None = None
        self._copy_trouble: ClientError | None = None
        self._samples_out = 0
        self._thread = EngineThread("audio", self._work, lambda trouble: report(SourceOver(trouble)))

    @property
    def copy_trouble(self) -> ClientError | None:
        """The error that ended the local copy, or None."""
        return self._copy_trouble or (self._copy.trouble if self._copy else None)

    def start(self) -> None:
        """Start the thread. Returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End the sound; what was read so far is encoded and queued. Returns at once."""
        self._source.interrupt()

    def join(self, seconds: float) -> bool:
        """Wait for the end of the thread, at most `seconds`; return whether it has ended."""
        return self._thread.join(seconds)

    def _work(self) -> None:
        self._source.open(self._channels)
        try:
            self._encode_source()
        finally:
            self._source.close()

    def _encode_source(self) -> None:
        encoder = self._make_encoder()
        try:
            try:
                self._report_ready(encoder)
                while (pcm := self._source.read()) is not None:
                    self._encode(encoder, self._level_control.process(pcm, time.time()))
                self._encode(encoder, self._level_control.flush())
            finally:
                # However the sound ends, the bitstream gets a proper end.
                self._finish(encoder)
        finally:
            encoder.close()

    def _encode(self, encoder: PacketEncoder, pcm: bytes) -> None:
        packets = encoder.encode(pcm)
        self._report_ready(encoder)
        for packet in packets:
            self._queue_packet(packet)

    def _report_ready(self, encoder: PacketEncoder) -> None:
        """Report `SourceReady` as soon as the content of the first page is known.

        A connection opened earlier would send nothing at first, and the server would take it for that of an
        old client, which waits for a response before it sends.
        """
        if self._packet_queue.opus_head is not None or encoder.opus_head is None:
            return
        self._packet_queue.opus_head = encoder.opus_head
        self._open_copy(encoder.opus_head)
        self._report(SourceReady())
        if not self._source.is_live:
            self._packet_queue.wait_for_reader()

    def _queue_packet(self, packet: bytes) -> None:
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
            self._queue_packet(packet)
        last, samples, surplus_samples = None, 0, 0
        if packets:
            last = packets[-1]
            samples = self._count(last)
            surplus_samples = max(0, self._samples_out - encoder.end_granule_position)
        if self._packet_queue.opus_head is not None:
            queued = QueuedPacket(last, (samples - surplus_samples) / SAMPLE_RATE, True, surplus_samples)
            self._packet_queue.put(queued)
        else:
            # There is not one packet, so that a connection would wait for the last one for ever.
            self._packet_queue.close()
        if self._copy is not None:
            self._copy.close(last, surplus_samples)

    def _count(self, packet: bytes) -> int:
        samples = packet_samples(packet)
        self._samples_out += samples
        return samples

    def _open_copy(self, opus_head: OpusHead) -> None:
        if self._copy_path is None:
            return
        try:
            self._copy = LocalCopy(self._copy_path, opus_head, self._make_tags())
        except ClientError as error:
            self._copy_trouble = error
