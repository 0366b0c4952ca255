"""Silence packets have the size that was asked, and real decoders find nothing but silence in them."""

from pathlib import Path

import pytest

from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.opus import packet_samples
from audiocast.ogg.silence import silence_packet
from audiocast.ogg.writer import PageWriter
from tests.unit.ogg import programs
from tests.unit.ogg.conftest import MakeOpus
from tests.unit.ogg.streams import read_packets

MAX_SILENCE_BYTES = 61440
SILENCE_SAMPLES = 960

HEADS = {
    "mono": OpusHead(1, 312),
    "stereo": OpusHead(2, 312),
    "5.1": OpusHead(
        6, 312, mapping_family=1, stream_count=4, coupled_count=2, mapping=b"\x00\x04\x01\x02\x03\x05"
    ),
    "four mono streams": OpusHead(
        4, 312, mapping_family=255, stream_count=4, coupled_count=0, mapping=b"\x00\x01\x02\x03"
    ),
}
SIZES_BYTES = [0, 3, 4, 5, 6, 15, 16, 100, *range(250, 270), 500, *range(508, 525), 1000, 1275, 1276, 3000]


@pytest.mark.parametrize("name", HEADS)
def test_every_size_is_met_exactly(name: str) -> None:
    head = HEADS[name]
    shortest_bytes = len(silence_packet(head))
    for size_bytes in range(2100):
        packet = silence_packet(head, size_bytes)
        assert len(packet) == max(size_bytes, shortest_bytes)
        assert packet_samples(packet, head.stream_count) == SILENCE_SAMPLES


def test_the_shortest_packets() -> None:
    assert silence_packet(HEADS["mono"]) == b"\xf8\xff\xfe"
    assert silence_packet(HEADS["stereo"]) == b"\xfc\xff\xfe"
    coupled, single = b"\xfc\x02\xff\xfe", b"\xf8\x02\xff\xfe"
    assert silence_packet(HEADS["5.1"]) == coupled + coupled + single + b"\xf8\xff\xfe"


@pytest.mark.parametrize("size_bytes", [30_000, 61_439, MAX_SILENCE_BYTES])
def test_large_sizes_are_met_exactly(size_bytes: int) -> None:
    assert len(silence_packet(HEADS["stereo"], size_bytes)) == size_bytes


def test_sizes_that_decoders_may_refuse_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 61440, got 61441"):
        silence_packet(HEADS["stereo"], MAX_SILENCE_BYTES + 1)


def sizes_file(head: OpusHead, folder: Path) -> Path:
    """Write a stream with a silence packet of each size."""
    path = folder / "silence.opus"
    path.write_bytes(stream(head, [silence_packet(head, size_bytes) for size_bytes in SIZES_BYTES]))
    return path


@pytest.mark.parametrize("decoder", ["opus", "libopus"])
@pytest.mark.parametrize("name", HEADS)
def test_ffmpeg_finds_silence_in_every_size(name: str, decoder: str, tmp_path: Path) -> None:
    head = HEADS[name]
    samples = programs.decode_with_ffmpeg(sizes_file(head, tmp_path), decoder)
    assert len(samples) == (len(SIZES_BYTES) * SILENCE_SAMPLES - head.pre_skip) * head.channels
    assert not any(samples)


@pytest.mark.parametrize("name", ["mono", "stereo", "5.1"])
def test_opus_tools_find_silence_in_every_size(name: str, tmp_path: Path) -> None:
    head = HEADS[name]
    path = sizes_file(head, tmp_path)
    samples = programs.decode_with_opusdec(path)
    assert len(samples) == (len(SIZES_BYTES) * SILENCE_SAMPLES - head.pre_skip) * head.channels
    assert not any(samples)
    assert programs.complaints_of_opusinfo(path) == []
    assert programs.complaints_of_oggz_validate(path) == ""


def test_silence_among_real_packets(make_opus: MakeOpus, tmp_path: Path) -> None:
    first, _, *audio = read_packets(make_opus())
    head = OpusHead.parse(first)
    middle = len(audio) // 2
    silent_packets = 25
    packets = [*audio[:middle], *[silence_packet(head, 250)] * silent_packets, *audio[middle:]]
    path = tmp_path / "mixed.opus"
    path.write_bytes(stream(head, packets))
    start = (middle + 5) * SILENCE_SAMPLES * head.channels
    end = (middle + silent_packets - 5) * SILENCE_SAMPLES * head.channels
    for samples in (programs.decode_with_ffmpeg(path), programs.decode_with_opusdec(path)):
        assert len(samples) == (len(packets) * SILENCE_SAMPLES - head.pre_skip) * head.channels
        assert max(map(abs, samples[start:end])) <= 1
        assert max(samples[: start // 2]) > 1000
        assert max(samples[(end + len(samples)) // 2 :]) > 1000


def stream(head: OpusHead, packets: list[bytes]) -> bytes:
    """Make a whole stream, one packet a page."""
    writer = PageWriter(7)
    *most, last = packets
    pages = [writer.headers(head, OpusTags("test")), *(writer.audio([packet]) for packet in most)]
    return b"".join((*pages, writer.audio([last], eos=True)))
