"""OpusHead and OpusTags: real ones come out as they went in, each rule of RFC 7845 section 5 can refuse."""

import dataclasses
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiocast.ogg.errors import BadHead, BadTags
from audiocast.ogg.headers import OpusHead, OpusTags, is_opus_head, is_opus_tags
from tests.unit.ogg.streams import read_packets

SURROUND = OpusHead(6, 312, 44100, -256, 1, 4, 2, b"\x00\x04\x01\x02\x03\x05")
STEREO = OpusHead(2, 312)
TAGS = OpusTags("vendor", ("TITLE=Zoë", "EMPTY="), b"\x01rest")


def head_packet(*, version: int = 1, channels: int = 2, family: int = 0, table: bytes = b"") -> bytes:
    return struct.pack("<8sBBHIhB", b"OpusHead", version, channels, 312, 48000, 0, family) + table


def tags_packet(*parts: bytes | int) -> bytes:
    return b"OpusTags" + b"".join(
        struct.pack("<I", part) if isinstance(part, int) else part for part in parts
    )


def test_real_headers_encode_to_the_bytes_they_came_from(opus_variant: bytes) -> None:
    head, tags, *_ = read_packets(opus_variant)
    assert is_opus_head(head)
    assert is_opus_tags(tags)
    assert OpusHead.parse(head).encode() == head
    assert OpusTags.parse(tags).encode() == tags


@pytest.mark.parametrize("packet", [b"", b"OpusHea", b"OpusTag", b"opushead", b"\x01vorbis\x00"])
def test_other_packets_are_not_headers(packet: bytes) -> None:
    assert not is_opus_head(packet)
    assert not is_opus_tags(packet)


def test_fields_of_a_head() -> None:
    packet = b"OpusHead\x01\x06\x38\x01\x44\xac\x00\x00\x00\xff\x01\x04\x02\x00\x04\x01\x02\x03\x05"
    assert OpusHead.parse(packet) == SURROUND
    assert SURROUND.encode() == packet


def test_family_0_implies_its_streams() -> None:
    assert (STEREO.stream_count, STEREO.coupled_count) == (1, 1)
    assert OpusHead(1, 0).coupled_count == 0
    assert OpusHead.parse(STEREO.encode()) == STEREO


@pytest.mark.parametrize("head", [SURROUND, STEREO])
def test_every_shorter_head_is_refused(head: OpusHead) -> None:
    packet = head.encode()
    for length in range(len(packet)):
        with pytest.raises(BadHead, match="expected"):
            OpusHead.parse(packet[:length])


def test_the_layout_leaves_out_what_a_splice_may_change() -> None:
    other = dataclasses.replace(SURROUND, pre_skip=0, input_sample_rate=8000, output_gain=9)
    assert other.layout == SURROUND.layout
    assert dataclasses.replace(SURROUND, mapping=b"\x00\x01\x04\x02\x03\x05").layout != SURROUND.layout
    assert OpusHead(1, 312).layout != STEREO.layout


@pytest.mark.parametrize("version", [0, 1, 2, 15])
def test_versions_with_the_same_major_part_are_read(version: int) -> None:
    assert OpusHead.parse(head_packet(version=version)) == STEREO


@pytest.mark.parametrize("version", [16, 255])
def test_later_major_versions_are_refused(version: int) -> None:
    with pytest.raises(BadHead, match=f"0 to 15, got {version}"):
        OpusHead.parse(head_packet(version=version))


def test_bytes_after_the_fields_belong_to_later_minor_versions_only() -> None:
    assert OpusHead.parse(head_packet(version=2, table=b"new")) == STEREO
    with pytest.raises(BadHead, match="19 bytes for family 0 and 2 channels, got 22"):
        OpusHead.parse(head_packet(version=1, table=b"new"))


@pytest.mark.parametrize(
    ("family", "channels", "most"), [(0, 0, 2), (0, 3, 2), (1, 0, 8), (1, 9, 8), (255, 0, 255)]
)
def test_channel_counts_outside_the_family_are_refused(family: int, channels: int, most: int) -> None:
    packet = head_packet(channels=channels, family=family, table=b"\x01\x00" + bytes(channels))
    with pytest.raises(BadHead, match="expected"):
        OpusHead.parse(packet[:19] if family == 0 else packet)
    with pytest.raises(BadHead, match=f"1 to {most} channels in family {family}, got {channels}"):
        OpusHead(channels, 0, mapping_family=family, coupled_count=0, mapping=bytes(channels))


@pytest.mark.parametrize(("streams", "coupled"), [(0, 0), (1, 2), (128, 128), (255, 1)])
def test_stream_counts_that_contradict_are_refused(streams: int, coupled: int) -> None:
    table = bytes((streams, coupled, 0))
    with pytest.raises(BadHead, match=f"got {streams} streams, {coupled} coupled"):
        OpusHead.parse(head_packet(channels=1, family=255, table=table))


@pytest.mark.parametrize(("streams", "coupled"), [(1, 0), (1, 1), (255, 0), (128, 127)])
def test_stream_counts_at_their_bounds_are_read(streams: int, coupled: int) -> None:
    head = OpusHead.parse(head_packet(channels=1, family=255, table=bytes((streams, coupled, 0))))
    assert (head.stream_count, head.coupled_count) == (streams, coupled)


@pytest.mark.parametrize(("index", "good"), [(2, True), (3, False), (254, False), (255, True)])
def test_mapping_entries_name_decoded_channels_or_silence(index: int, good: bool) -> None:
    packet = head_packet(channels=2, family=1, table=bytes((2, 1, 0, index)))
    if good:
        assert OpusHead.parse(packet).mapping == bytes((0, index))
    else:
        with pytest.raises(BadHead, match=f"below 3 or 255, got {index}"):
            OpusHead.parse(packet)


@pytest.mark.parametrize(
    "fields",
    [
        {"stream_count": 2},
        {"coupled_count": 0},
        {"mapping": b"\x00\x01"},
        {"mapping_family": 1, "coupled_count": 1, "mapping": b"\x00"},
        {"mapping_family": 1, "mapping": b"\x00\x00"},
    ],
)
def test_fields_that_contradict_each_other_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(BadHead, match="expected"):
        OpusHead(2, 0, **fields)


@given(st.binary(max_size=60))
def test_heads_of_any_bytes_raise_nothing_else(data: bytes) -> None:
    try:
        head = OpusHead.parse(b"OpusHead" + data)
    except BadHead as error:
        message_length = len(str(error))
        assert message_length < 200
    else:
        assert OpusHead.parse(head.encode()) == head


def test_fields_of_tags() -> None:
    packet = tags_packet(6, b"vendor", 2, 10, b"TITLE=Zo\xc3\xab", 6, b"EMPTY=", b"\x01rest")
    assert OpusTags.parse(packet) == TAGS
    assert TAGS.encode() == packet


def test_tags_with_nothing_in_them() -> None:
    assert OpusTags.parse(tags_packet(0, 0)) == OpusTags("")
    assert OpusTags("").encode() == tags_packet(0, 0)


def test_every_shorter_tags_packet_is_refused() -> None:
    packet = dataclasses.replace(TAGS, padding=b"").encode()
    OpusTags.parse(packet)
    for length in range(len(packet)):
        with pytest.raises(BadTags, match="expected"):
            OpusTags.parse(packet[:length])


@pytest.mark.parametrize(
    ("packet", "message"),
    [
        (tags_packet(0xFFFFFFFF, b"v"), "vendor string of 4294967295 bytes at offset 12, got 1"),
        (tags_packet(0, 0xFFFFFFFF), "comments within 0 bytes, got a count of 4294967295"),
        (tags_packet(0, 3, b"\x00" * 11), "comments within 11 bytes, got a count of 3"),
        (tags_packet(0, 1001, bytes(4004)), "at most 1000 comments, got a count of 1001"),
        (tags_packet(0, 1, 5, b"A=bc"), "comment of 5 bytes at offset 20, got 4"),
        (tags_packet(0, 2, 4, b"A=bc"), "length of the comment at offset 24, got 0"),
        (b"OpusHead", "expected 'OpusTags', got b'OpusHead'"),
    ],
)
def test_lengths_that_point_past_the_end_are_refused(packet: bytes, message: str) -> None:
    with pytest.raises(BadTags) as caught:
        OpusTags.parse(packet)
    assert message in str(caught.value)


def test_text_that_is_not_utf_8_is_read_with_replacements() -> None:
    assert OpusTags.parse(tags_packet(2, b"v\xff", 0)).vendor == "v�"


@given(st.binary(max_size=80))
def test_tags_of_any_bytes_raise_nothing_else(data: bytes) -> None:
    try:
        tags = OpusTags.parse(b"OpusTags" + data)
    except BadTags as error:
        message_length = len(str(error))
        assert message_length < 200
    else:
        assert OpusTags.parse(tags.encode()) == tags


@pytest.mark.parametrize("channels", [1, 2])
def test_one_stream_in_order_in_family_1_is_family_0(channels: int) -> None:
    mapped = OpusHead(
        channels,
        312,
        mapping_family=1,
        stream_count=1,
        coupled_count=channels - 1,
        mapping=bytes(range(channels)),
    )
    assert OpusHead.parse(mapped.encode()) == OpusHead(channels, 312)


def comment(name: str, size_bytes: int) -> str:
    return f"{name}=".ljust(size_bytes, "x")


class TestShortTags:
    """What goes out at every join has 8,192 bytes at most; 16 of them are the lengths around one vendor."""

    def test_tags_that_fit_stay_as_they_are(self) -> None:
        tags = OpusTags("v" * 300, ("METADATA_BLOCK_PICTURE=x", "TITLE=Song"))
        tags = dataclasses.replace(tags, padding=bytes(8_192 - len(tags.encode())))
        assert len(tags.encode()) == 8_192
        assert tags.short() == tags
        one_more = dataclasses.replace(tags, padding=tags.padding + b"\0")
        assert one_more.short() == OpusTags("v" * 256, ("TITLE=Song",))

    def test_pictures_and_padding_are_left_out_first(self) -> None:
        tags = OpusTags(
            "v", ("A=1", comment("metadata_block_picture", 20), comment("B", 4_000)), bytes(9_000)
        )
        assert tags.short() == OpusTags("v", ("A=1", comment("B", 4_000)))

    def test_titles_are_kept_before_shorter_comments_and_all_in_their_order(self) -> None:
        titles = (comment("album", 2_000), comment("Artist", 2_000), comment("TITLE", 2_000))
        notes = (comment("NOTE", 1_900), "SHORT=1", comment("LONG", 1_950))
        tags = OpusTags("v", (notes[2], titles[0], notes[0], titles[1], notes[1], titles[2]))
        assert tags.short().comments == (titles[0], notes[0], titles[1], notes[1], titles[2])

    @pytest.mark.parametrize(("last_bytes", "is_kept"), [(1_000, True), (1_001, False)])
    def test_the_room_is_used_to_the_last_byte(self, last_bytes: int, is_kept: bool) -> None:
        # Head, vendor and count have 17 bytes, each comment four more for its length. A letter of two bytes
        # counts as two.
        long = comment("LONG", 8_192 - 17 - 4 - 4 - 1_000 - 2) + "я"
        last = comment("LAST", last_bytes)
        # The shorter one is kept before it.
        kept = (long, last) if is_kept else (last,)
        assert OpusTags("v", (long, last), padding=bytes(9_000)).short() == OpusTags("v", kept)

    def test_a_comment_that_comes_again_takes_its_room_again(self) -> None:
        lyrics = comment("LYRICS", 3_000)
        assert OpusTags("v", (lyrics,) * 20).short() == OpusTags("v", (lyrics,) * 2)

    def test_a_comment_for_which_there_is_no_room_keeps_out_no_other(self) -> None:
        tags = OpusTags("v", (comment("TITLE", 9_000), comment("NOTE", 5_000)))
        assert tags.short() == OpusTags("v", (comment("NOTE", 5_000),))
