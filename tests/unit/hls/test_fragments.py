"""Opus in fragmented MP4: packets in are packets out, and other people's programs read it."""

import json
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiocast.hls.fragments import fragment, init_section
from audiocast.ogg.headers import OpusHead
from audiocast.ogg.opus import packet_samples
from tests.support.audio import media
from tests.support.audio.capture import Capture
from tests.support.audio.mp4_boxes import boxes, fragments, opus_specific

STEREO = OpusHead(2, 312, 44100, -256)
SURROUND = OpusHead(
    6, 312, mapping_family=1, stream_count=4, coupled_count=2, mapping=bytes((0, 4, 1, 2, 3, 5))
)

packets_of_any_kind = st.lists(
    st.tuples(st.binary(min_size=1, max_size=2000), st.sampled_from([120, 480, 960, 2880, 5760])),
    min_size=1,
    max_size=60,
)


@given(packets_of_any_kind, st.integers(1, 2**32 - 1), st.integers(0, 2**63))
def test_packets_in_are_packets_out(packets: list[tuple[bytes, int]], number: int, decode_time: int) -> None:
    (found,) = fragments(fragment(packets, number=number, decode_time=decode_time))
    assert (found.number, found.decode_time, found.packets) == (number, decode_time, packets)


@given(packets_of_any_kind, packets_of_any_kind)
def test_fragments_can_be_put_one_behind_another(
    first: list[tuple[bytes, int]], second: list[tuple[bytes, int]]
) -> None:
    data = fragment(first, number=1, decode_time=0) + fragment(second, number=2, decode_time=7)
    assert [found.packets for found in fragments(data)] == [first, second]


def test_packets_of_one_duration_say_it_once() -> None:
    alike = fragment([(b"x", 960)] * 20, number=1, decode_time=0)
    different = fragment([(b"x", 960)] * 19 + [(b"x", 480)], number=1, decode_time=0)
    assert len(different) - len(alike) == 20 * 4 - 4


def test_the_decoder_is_told_what_ogg_tells_it() -> None:
    init = init_section(STEREO)
    assert opus_specific(init) == struct.pack(">BBHIhB", 0, 2, 312, 44100, -256, 0)
    assert init.count(struct.pack(">HHHHI", 2, 16, 0, 0, 48000 << 16)) == 1, (
        "the sample entry, always in 48 kHz"
    )


def test_a_mapping_of_channels_is_told_too() -> None:
    expected = struct.pack(">BBHIhB", 0, 6, 312, 48000, 0, 1) + bytes((4, 2, 0, 4, 1, 2, 3, 5))
    assert opus_specific(init_section(SURROUND)) == expected


def test_each_box_that_a_movie_must_have_is_there_once() -> None:
    paths = [box.path for box in boxes(init_section(STEREO))]
    table = [f"moov/trak/mdia/minf/stbl/{name}" for name in ("stsd", "stts", "stsc", "stsz", "stco", "sgpd")]
    assert sorted(paths) == sorted(
        [
            *("ftyp", "moov", "moov/mvhd", "moov/trak", "moov/trak/tkhd", "moov/trak/mdia"),
            *("moov/trak/mdia/mdhd", "moov/trak/mdia/hdlr", "moov/trak/mdia/minf"),
            *("moov/trak/mdia/minf/smhd", "moov/trak/mdia/minf/dinf", "moov/trak/mdia/minf/dinf/dref"),
            *("moov/trak/mdia/minf/stbl", "moov/mvex", "moov/mvex/trex"),
            *table,
        ]
    )


@pytest.mark.parametrize("options", [{}, {"channels": 1}, {"frame_ms": 60}, {"channels": 6}], ids=str)
def test_ffprobe_reads_real_packets(tmp_path: Path, options: dict[str, Any]) -> None:
    capture = Capture.parse(media.opus_file(tmp_path, seconds=1, **options).read_bytes())
    streams = capture.head.stream_count
    packets = [(packet, packet_samples(packet, streams)) for packet in capture.packets]
    half = len(packets) // 2
    path = tmp_path / "audio.mp4"
    path.write_bytes(
        init_section(capture.head)
        + fragment(packets[:half], number=1, decode_time=0)
        + fragment(packets[half:], number=2, decode_time=sum(samples for _, samples in packets[:half]))
    )
    command = "ffprobe -v warning -show_streams -show_packets -show_data_hash md5 -of json"
    done = subprocess.run([*command.split(), path], capture_output=True, text=True, timeout=30)
    assert done.stderr == ""
    said = json.loads(done.stdout)
    (stream,) = said["streams"]
    assert (stream["codec_name"], stream["sample_rate"]) == ("opus", "48000")
    assert stream["channels"] == capture.head.channels
    assert [int(packet["size"]) for packet in said["packets"]] == [len(packet) for packet, _ in packets]
    starts = [int(packet["dts"]) for packet in said["packets"]]
    assert starts == [sum(samples for _, samples in packets[:place]) for place in range(len(packets))]
