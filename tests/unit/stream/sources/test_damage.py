"""Damage in a source is dropped and counted, and the source goes on; one that is mostly bad ends."""

import random
from collections import Counter

import pytest

from audiocast.ogg.errors import BadCrc, BadHead, LostSync
from audiocast.ogg.headers import OpusTags
from audiocast.ogg.page import FLAG_BOS, FLAG_CONTINUED, MAX_SEGMENT_BYTES
from audiocast.stream.errors import Multiplexed, NoAudio, NotOpus, TooDamaged
from tests.unit.stream.audio import STEREO, TAGS, body, packet, page
from tests.unit.stream.hub_harness import Broadcaster, HubHarness

FAULTS_PER_SECOND = 5.0
MAX_FAULTS = 50
MAX_AUDIO_PACKET_BYTES = 61440

NOT_OPUS = b"\x03\x00"


@pytest.fixture
def harness() -> HubHarness:
    return HubHarness()


@pytest.fixture
def broadcaster(harness: HubHarness) -> Broadcaster:
    return harness.broadcaster(max_kbps=600)


def fragment(data: bytes, *, sequence: int, flags: int = 0) -> bytes:
    """Make a page that is full of a packet which goes on."""
    return page(data, sequence=sequence, flags=flags, lacing=b"\xff" * (len(data) // MAX_SEGMENT_BYTES))


HEAD = page(STEREO.encode(), sequence=0, flags=FLAG_BOS)
TAGS_PAGE = page(TAGS.encode(), sequence=1)


def audio(number: int) -> bytes:
    """Make the page with one packet of audio, the first of which has number 0."""
    return page(packet(number), sequence=number + 2)


def flipped(data: bytes, offset: int) -> bytes:
    changed = bytearray(data)
    changed[offset] ^= 0x10
    return bytes(changed)


# What comes between audio 0 and audio 2, what is heard then, and what is counted.
DAMAGE = {
    "a page with a wrong checksum": (flipped(audio(1), -3), [0, 2], ["bad_crc"]),
    "a page of another version": (flipped(audio(1), 4), [0, 2], ["bad_page_version"]),
    "a page whose capture pattern is wrong": (flipped(audio(1), 0), [0, 2], ["lost_sync"]),
    "garbage between pages": (b"RIFF....WAVE" * 50 + audio(1), [0, 1, 2], ["lost_sync"]),
    "a packet that is not Opus": (page(NOT_OPUS, sequence=3), [0, 2], ["bad_opus_packet"]),
    "one such packet among good ones": (
        page(packet(1), NOT_OPUS, sequence=3),
        [0, 1, 2],
        ["bad_opus_packet"],
    ),
    "headers once more": (
        page(STEREO.encode(), sequence=0) + page(TAGS.encode(), sequence=1) + audio(1),
        [0, 1, 2],
        ["bad_opus_packet", "bad_opus_packet"],
    ),
    "audio under another serial number": (
        page(packet(1), sequence=3, serial=8),
        [0, 1, 2],
        ["unknown_serial", "unknown_serial"],
    ),
    "a packet larger than decoders take": (
        fragment(bytes(MAX_SEGMENT_BYTES * 255), sequence=3)
        + fragment(bytes(MAX_SEGMENT_BYTES * 255), sequence=4, flags=FLAG_CONTINUED),
        [0, 2],
        ["packet_too_large"],
    ),
}


@pytest.mark.parametrize(("bad", "heard", "codes"), DAMAGE.values(), ids=DAMAGE)
def test_what_is_bad_is_dropped_and_counted(
    harness: HubHarness, broadcaster: Broadcaster, bad: bytes, heard: list[int], codes: list[str]
) -> None:
    assert MAX_SEGMENT_BYTES * 255 > MAX_AUDIO_PACKET_BYTES
    broadcaster.send(HEAD + TAGS_PAGE + audio(0))
    sink = harness.listen()
    broadcaster.send(bad)
    broadcaster.send(audio(2))
    assert harness.heard(sink).numbers == heard
    assert harness.counters.source_faults == Counter(codes)
    assert harness.hub.describe().source_faults == Counter(codes)


@pytest.mark.parametrize("step_bytes", [1, 7, 100])
def test_cuts_change_nothing(harness: HubHarness, broadcaster: Broadcaster, step_bytes: int) -> None:
    data = HEAD + TAGS_PAGE + audio(0) + b"RIFF" + audio(1) + flipped(audio(2), -3) + audio(3)
    for at in range(0, len(data), step_bytes):
        harness.clock.advance(0.002)
        broadcaster.send(data[at : at + step_bytes])
    assert harness.heard(harness.listen()).numbers == [0, 1, 3]
    assert harness.counters.source_faults == {"lost_sync": 1, "bad_crc": 1}


class TestHeaders:
    def test_audio_after_lost_tags_is_played(self, harness: HubHarness, broadcaster: Broadcaster) -> None:
        broadcaster.send(HEAD + flipped(TAGS_PAGE, -1) + audio(0) + audio(1))
        got = harness.heard(harness.listen())
        assert (got.tags, got.numbers) == (OpusTags(""), [0, 1])
        assert harness.counters.source_faults == {"bad_crc": 1, "bad_opus_tags": 1}

    def test_a_track_whose_head_is_lost_goes_on_with_the_decoder_of_before(
        self, harness: HubHarness, broadcaster: Broadcaster
    ) -> None:
        broadcaster.send(body([0, 1]))
        sink = harness.listen()
        track = body([2, 3], serial=8)
        broadcaster.send(flipped(track, 30))
        got = harness.heard(sink)
        assert (got.numbers, sink.closed) == ([0, 1, 2, 3], False)
        assert harness.counters.source_faults == {
            "bad_crc": 1,
            "unknown_serial": 1,
            # The tags come where audio is expected.
            "bad_opus_packet": 1,
        }

    def test_a_head_without_its_flag_begins_a_stream(
        self, harness: HubHarness, broadcaster: Broadcaster
    ) -> None:
        broadcaster.send(page(STEREO.encode(), sequence=0) + TAGS_PAGE + audio(0))
        assert harness.heard(harness.listen()).numbers == [0]
        assert not harness.counters.source_faults

    def test_the_flag_on_all_pages_begins_nothing(
        self, harness: HubHarness, broadcaster: Broadcaster
    ) -> None:
        tags = page(TAGS.encode(), sequence=1, flags=FLAG_BOS)
        flagged = [page(packet(number), sequence=number + 2, flags=FLAG_BOS) for number in range(3)]
        broadcaster.send(HEAD + tags + b"".join(flagged))
        got = harness.heard(harness.listen())
        assert (got.tags, got.numbers) == (TAGS, [0, 1, 2])
        assert not harness.counters.source_faults

    def test_the_first_page_twice_is_one(self, harness: HubHarness, broadcaster: Broadcaster) -> None:
        broadcaster.send(HEAD + HEAD + TAGS_PAGE + audio(0))
        assert harness.heard(harness.listen()).numbers == [0]


class TestWhatIsNoSource:
    def test_a_body_from_the_middle_of_a_stream_is_told_as_that(self, broadcaster: Broadcaster) -> None:
        with pytest.raises(NotOpus, match="got a page from the middle of a stream"):
            broadcaster.send(page(packet(0), sequence=9))

    def test_damage_before_the_first_head_is_refused(self, broadcaster: Broadcaster) -> None:
        with pytest.raises(BadCrc):
            broadcaster.send(flipped(HEAD, -1))

    def test_garbage_before_the_first_head_is_refused(self, broadcaster: Broadcaster) -> None:
        broadcaster.send(page(sequence=0, flags=FLAG_BOS))
        with pytest.raises(LostSync):
            broadcaster.send(b"RIFF....WAVE")

    def test_a_head_that_makes_no_sense_is_refused_in_the_middle_too(self, broadcaster: Broadcaster) -> None:
        broadcaster.send(HEAD + TAGS_PAGE + audio(0))
        with pytest.raises(BadHead):
            broadcaster.send(page(b"OpusHead" + bytes(11), sequence=0, flags=FLAG_BOS, serial=8))

    def test_another_stream_beside_it_is_refused(self, broadcaster: Broadcaster) -> None:
        with pytest.raises(Multiplexed, match="got two that begin together"):
            broadcaster.send(HEAD + page(STEREO.encode(), sequence=0, flags=FLAG_BOS, serial=8))

    def test_damage_alone_is_told_at_the_end(self, broadcaster: Broadcaster) -> None:
        broadcaster.send(HEAD + TAGS_PAGE + page(NOT_OPUS, sequence=2))
        with pytest.raises(NoAudio, match="headers without audio, and damage: expected"):
            broadcaster.source.finish()


class TestBudget:
    def test_a_source_that_is_mostly_bad_ends(self, harness: HubHarness, broadcaster: Broadcaster) -> None:
        broadcaster.send(HEAD + TAGS_PAGE + audio(0))
        bad = page(NOT_OPUS, sequence=3)
        # The budget is used up: what the seconds add is a tenth of what comes.
        for _ in range(int(MAX_FAULTS / (1 - FAULTS_PER_SECOND * 0.02))):
            harness.clock.advance(0.02)
            broadcaster.send(bad)
        harness.clock.advance(0.02)
        with pytest.raises(TooDamaged, match="at most 50 damaged pages and packets at once and 5 a second"):
            broadcaster.send(bad)

    def test_one_bad_page_in_ten_is_taken_for_ever(
        self, harness: HubHarness, broadcaster: Broadcaster
    ) -> None:
        broadcaster.send(HEAD + TAGS_PAGE)
        for number in range(6_000):
            harness.clock.advance(0.02)
            good = audio(number)
            broadcaster.send(flipped(good, -3) if number % 10 == 0 else good)
        assert harness.counters.source_faults == {"bad_crc": 600}

    def test_pages_are_told_seldom(self, harness: HubHarness, broadcaster: Broadcaster) -> None:
        broadcaster.send(HEAD + TAGS_PAGE + audio(0))
        before = harness.changes
        for _ in range(40):
            broadcaster.send(page(NOT_OPUS, sequence=3))
        # At 1, 2, 4, 8, 16 and 32.
        assert harness.changes - before == 6

    def test_links_between_members_have_none(self, harness: HubHarness) -> None:
        relayed = harness.broadcaster(max_kbps=0)
        relayed.send(HEAD + TAGS_PAGE + audio(0) + page(NOT_OPUS, sequence=3) * (MAX_FAULTS * 4) + audio(1))
        assert harness.heard(harness.listen()).numbers == [0, 1]


@pytest.mark.parametrize("seed", range(40))
def test_any_flipped_bits_leave_the_rest_audible(seed: int) -> None:
    chance = random.Random(seed)
    harness = HubHarness()
    broadcaster = harness.broadcaster(max_kbps=600)
    pages = [audio(number) for number in range(200)]
    damaged = set(chance.sample(range(1, 199), 5))
    for number in damaged:
        bits = bytearray(pages[number])
        bits[chance.randrange(len(bits))] ^= 1 << chance.randrange(8)
        pages[number] = bytes(bits)
    broadcaster.send(HEAD + TAGS_PAGE + pages[0])
    sink = harness.listen()
    for one in pages[1:]:
        harness.clock.advance(0.02)
        broadcaster.send(one)
    heard = set(harness.heard(sink).numbers)
    # A page with a flipped length can take the next two with it.
    assert set(range(200)) - heard <= {number + more for number in damaged for more in range(3)}
    assert sum(harness.counters.source_faults.values()) >= len(damaged)
