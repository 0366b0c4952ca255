"""PCM as the .opus file that an encoder of ours makes of it."""

from collections.abc import Sequence
from pathlib import Path

from audiocast.ogg.headers import OpusTags
from audiocast.ogg.opus import packet_samples
from tk_streamer.audio.encoder import OpusEncoder
from tk_streamer.audio.muxer import LiveMuxer


def encoded_file(path: Path, encoder: OpusEncoder, blocks: Sequence[bytes]) -> Path:
    muxer = LiveMuxer(encoder.opus_head, OpusTags(vendor="test", comments=()), serial=7)
    *packets, last = [packet for block in blocks for packet in encoder.encode(block)] + encoder.flush()
    samples = sum(packet_samples(packet) for packet in [*packets, last])
    surplus_samples = samples - encoder.end_granule_position
    pages = [muxer.header_pages(), *(muxer.audio_page([packet]) for packet in packets)]
    path.write_bytes(b"".join([*pages, muxer.last_page(last, surplus_samples)]))
    return path
