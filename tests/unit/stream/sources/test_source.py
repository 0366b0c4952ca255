"""A source: bytes in any cuts become packets for the hub, or an error that says what came.

Design section 5, point 1: whatever else is sent, the stream and its listeners are untouched.
"""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from audiocast.ogg.errors import (
    BadHead,
    LostSync,
    OggError,
    Truncated,
)
from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.page import FLAG_BOS, FLAG_CONTINUED, FLAG_EOS
from audiocast.stream.errors import Multiplexed, NoAudio, NotOpus, StreamEnded, StreamError, TooFast
from audiocast.stream.hub_state import HubState
from tests.unit.stream.audio import STEREO, SURROUND, TAGS, body, packet, page
from tests.unit.stream.hub_harness import LIMITS, Broadcaster, HubHarness

MAX_FRAME_BYTES = 70000
MAX_CHAIN_SEGMENTS = 20
MAX_FAULTS = 50
PACKETS_A_STEP = 16


@pytest.fixture
def harness() -> HubHarness:
    return HubHarness()


@pytest.fixture
def broadcaster(harness: HubHarness) -> Broadcaster:
    return harness.broadcaster()


HEAD_PAGE = page(STEREO.encode(), flags=FLAG_BOS)
TAGS_PAGE = page(TAGS.encode(), sequence=1)
VORBIS_PAGE = page(b"\x01vorbis" + bytes(23), flags=FLAG_BOS, serial=8)


class TestGoodInput:
    @pytest.mark.parametrize("step_bytes", [1, 7, 100, 100_000])
    def test_a_body_may_be_cut_anywhere(
        self, harness: HubHarness, broadcaster: Broadcaster, step_bytes: int
    ) -> None:
        data = body(range(20), packets_a_page=3)
        for at in range(0, len(data), step_bytes):
            broadcaster.send(data[at : at + step_bytes])
        broadcaster.source.finish()
        assert harness.heard(harness.listen()).numbers == list(range(20))

    def test_the_hub_hears_of_it_with_the_first_audio_and_not_before(
        self, harness: HubHarness, broadcaster: Broadcaster
    ) -> None:
        data = body([0])
        broadcaster.send(data[:-1])
        assert (broadcaster.source.has_audio, harness.hub.state) == (False, HubState.WAITING)
        broadcaster.send(data[-1:])
        assert (broadcaster.source.has_audio, harness.hub.state) == (True, HubState.LIVE)

    def test_packets_that_go_on_over_pages_are_put_together(
        self, harness: HubHarness, broadcaster: Broadcaster
    ) -> None:
        large = packet(1, 600)
        broadcaster.send(HEAD_PAGE + TAGS_PAGE)
        broadcaster.send(page(packet(0), large[:510], sequence=2, lacing=bytes((40, 255, 255))))
        assert harness.hub.describe().backlog_seconds == 0.02
        broadcaster.send(page(large[510:], packet(2), sequence=3, flags=1))
        assert harness.heard(harness.listen()).packets == [packet(0), large, packet(2)]

    def test_comments_may_go_on_over_many_pages(self, harness: HubHarness, broadcaster: Broadcaster) -> None:
        broadcaster.begin([0, 1], tags=OpusTags("v", ("METADATA_BLOCK_PICTURE=" + "x" * 100_000,)))
        assert harness.heard(harness.listen()).numbers == [0, 1]

    def test_audio_on_the_page_of_the_comments_is_not_lost(
        self, harness: HubHarness, broadcaster: Broadcaster
    ) -> None:
        broadcaster.send(HEAD_PAGE + page(TAGS.encode(), packet(0), packet(1), sequence=1))
        assert harness.heard(harness.listen()).numbers == [0, 1]

    def test_a_page_without_packets_is_nothing(self, harness: HubHarness, broadcaster: Broadcaster) -> None:
        broadcaster.send(HEAD_PAGE + TAGS_PAGE + page(sequence=2))
        assert harness.hub.state is HubState.WAITING
        broadcaster.send(page(packet(0), sequence=3))
        assert harness.heard(harness.listen()).numbers == [0]

    def test_an_empty_packet_at_the_end_of_a_link_is_nothing(
        self, harness: HubHarness, broadcaster: Broadcaster
    ) -> None:
        for serial in (1, 2):
            broadcaster.send(body([serial], serial=serial))
            broadcaster.send(page(b"", sequence=3, flags=FLAG_EOS, serial=serial))
        assert harness.heard(harness.listen()).numbers == [1, 2]

    def test_bytes_and_pages_are_counted(self, harness: HubHarness, broadcaster: Broadcaster) -> None:
        data = body(range(20))
        broadcaster.send(data)
        assert (harness.counters.ingest_bytes, harness.counters.ingest_pages) == (len(data), 22)

    def test_links_of_a_chain_follow_each_other(self, harness: HubHarness, broadcaster: Broadcaster) -> None:
        for serial in range(5):
            broadcaster.send(body([serial], serial=serial, eos=True))
        broadcaster.source.finish()
        assert harness.heard(harness.listen()).numbers == [0, 1, 2, 3, 4]


class TestNotOggOpus:
    @pytest.mark.parametrize(
        ("data", "name"),
        [
            (b"ID3\x04" + bytes(100), "an ID3 tag"),
            (b"\xff\xfb\x90\x64" + bytes(100), "MP3"),
            (b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(100), "WAV"),
            (b"fLaC" + bytes(100), "FLAC"),
            (b"\x1a\x45\xdf\xa3" + bytes(100), "WebM or Matroska"),
            (b"<html><body>hello", "HTML or text"),
            # The first sixteen bytes are looked at.
            (b"<html><body>text" + bytes(100), "HTML or text"),
            (b"<html><body>tex" + bytes(100), "unknown data"),
        ],
    )
    def test_it_is_named(self, broadcaster: Broadcaster, data: bytes, name: str) -> None:
        with pytest.raises(NotOpus, match=f"expected Ogg Opus, got {name}"):
            broadcaster.send(data)

    @pytest.mark.parametrize(
        ("first_packet", "name"),
        [(b"\x01vorbis" + bytes(23), "Vorbis"), (b"\x7fFLAC\x01\x00", "FLAC"), (b"what?", "unknown codec")],
    )
    def test_another_codec_in_ogg_is_named(
        self, broadcaster: Broadcaster, first_packet: bytes, name: str
    ) -> None:
        with pytest.raises(NotOpus, match=f"got Ogg with {name}"):
            broadcaster.send(page(first_packet, flags=FLAG_BOS))

    def test_a_link_of_a_chain_in_another_codec_is_refused_too(self, broadcaster: Broadcaster) -> None:
        broadcaster.begin([0])
        with pytest.raises(NotOpus, match="Vorbis"):
            broadcaster.send(VORBIS_PAGE)

    def test_garbage_after_the_first_page_is_damage_likewise(self, broadcaster: Broadcaster) -> None:
        broadcaster.send(page(sequence=0, flags=FLAG_BOS))
        with pytest.raises(LostSync):
            broadcaster.send(b"RIFF....WAVE")


class TestMultiplexed:
    def test_two_that_begin_together_are_refused(self, broadcaster: Broadcaster) -> None:
        with pytest.raises(Multiplexed, match="got two that begin together"):
            broadcaster.send(HEAD_PAGE + page(STEREO.encode(), flags=FLAG_BOS, serial=8))


class TestTheEndOfTheBody:
    def test_a_stream_with_audio_may_end_after_any_page(self, broadcaster: Broadcaster) -> None:
        broadcaster.begin([0])
        broadcaster.source.finish()

    def test_an_empty_body(self, broadcaster: Broadcaster) -> None:
        with pytest.raises(NoAudio, match="expected Ogg Opus with audio, got an empty body"):
            broadcaster.source.finish()

    def test_headers_alone(self, broadcaster: Broadcaster) -> None:
        broadcaster.send(body([]))
        with pytest.raises(NoAudio, match="got headers without audio"):
            broadcaster.source.finish()

    def test_an_end_inside_a_page(self, broadcaster: Broadcaster) -> None:
        broadcaster.send(body([0, 1])[:-1])
        with pytest.raises(Truncated):
            broadcaster.source.finish()


class TestPace:
    def test_audio_faster_than_real_time_is_stopped(self, harness: HubHarness) -> None:
        broadcaster = harness.broadcaster(max_kbps=600)
        with pytest.raises(TooFast, match="real time"):
            broadcaster.begin(range(1100))

    def test_bytes_faster_than_allowed_are_stopped_before_they_are_read(self, harness: HubHarness) -> None:
        broadcaster = harness.broadcaster(max_kbps=8)
        with pytest.raises(TooFast, match="8 kbit/s"):
            broadcaster.send(bytes(20_001))
        assert harness.counters.ingest_pages == 0

    def test_pages_without_audio_are_stopped_too(self, harness: HubHarness) -> None:
        broadcaster = harness.broadcaster(max_kbps=600)
        broadcaster.begin([0])
        with pytest.raises(TooFast, match="real time"):
            broadcaster.send(b"".join(page(sequence=number) for number in range(3, 8100)))

    def test_chain_segments_without_audio_are_stopped(self, harness: HubHarness) -> None:
        broadcaster = harness.broadcaster(max_kbps=600)
        for serial in range(1 + MAX_CHAIN_SEGMENTS):
            broadcaster.send(body([], serial=serial))
        with pytest.raises(TooFast, match="20 new Ogg streams"):
            broadcaster.send(body([], serial=100))
        assert harness.hub.state is HubState.WAITING

    def test_short_tracks_pass_for_as_long_as_they_come(self, harness: HubHarness) -> None:
        broadcaster = harness.broadcaster(max_kbps=600)
        for serial in range(300):
            broadcaster.send(body([serial], serial=serial, eos=True))
            harness.clock.advance(0.5)
        assert harness.counters.splices == 299

    def test_headers_without_end_are_stopped(self, harness: HubHarness, broadcaster: Broadcaster) -> None:
        broadcaster.send(HEAD_PAGE + TAGS_PAGE)
        with pytest.raises(NoAudio, match="expected audio after at most 1000 pages of headers"):
            broadcaster.send(b"".join(page(b"", sequence=number) for number in range(2, 1002)))

    def test_comments_in_the_smallest_pieces_pass(
        self, harness: HubHarness, broadcaster: Broadcaster
    ) -> None:
        tags = OpusTags("v", ("METADATA_BLOCK_PICTURE=" + "x" * 130_000,)).encode()
        tags += bytes(254 - len(tags) % 255)
        pieces = [tags[at : at + 255] for at in range(0, len(tags), 255)]
        broadcaster.send(HEAD_PAGE)
        for number, piece in enumerate(pieces):
            lacing, flags = bytes((len(piece),)), 1 if number else 0
            broadcaster.send(page(piece, sequence=1 + number, flags=flags, lacing=lacing))
        broadcaster.send(page(packet(0), sequence=1 + len(pieces)))
        assert harness.heard(harness.listen()).numbers == [0]


class TestOneStepAtATime:
    @pytest.mark.parametrize(("head", "a_step"), [(STEREO, PACKETS_A_STEP), (SURROUND, PACKETS_A_STEP // 4)])
    def test_a_page_with_many_packets_is_many_steps(
        self, harness: HubHarness, broadcaster: Broadcaster, head: OpusHead, a_step: int
    ) -> None:
        shortest = (b"\x80\x00" * (head.stream_count - 1)) + b"\x80"
        source, now = broadcaster.source, harness.clock.time()
        broadcaster.begin([], head)
        source.receive(page(*[shortest] * 100, sequence=2), now)
        steps = 0
        while source.process(now):
            steps += 1
            assert harness.hub.is_on == (steps * a_step >= 100), "the page is published whole"
        assert steps == -(-100 // a_step)
        assert harness.hub.describe().backlog_seconds == 0.25

    def test_each_step_publishes_one_page(self, harness: HubHarness, broadcaster: Broadcaster) -> None:
        source, now = broadcaster.source, harness.clock.time()
        source.receive(body(range(3))[:-1], now)
        seen = [(source.process(now), harness.hub.describe().backlog_seconds) for _ in range(5)]
        assert seen == [(True, 0), (True, 0), (True, 0.02), (True, 0.04), (False, 0.04)]

    @pytest.mark.parametrize("processed", [0, 2, 5])
    def test_after_it_has_left_nothing_is_published(
        self, harness: HubHarness, broadcaster: Broadcaster, processed: int
    ) -> None:
        source, now = broadcaster.source, harness.clock.time()
        source.receive(body(range(10)), now)
        for _ in range(processed):
            assert source.process(now)
        shown = harness.hub.describe().backlog_seconds
        broadcaster.leave()
        assert not source.process(now)
        assert harness.hub.describe().backlog_seconds == shown
        assert harness.hub.source is None
        assert harness.counters.sources == 0

    def test_one_that_waits_does_not_take_the_stream_from_a_newer_one(self, harness: HubHarness) -> None:
        old = harness.live([0])
        now = harness.clock.time()
        old.source.receive(body([98, 99], serial=8), now)
        new = harness.live([1])
        while old.source.process(now):
            pass
        new.go_on([2])
        assert harness.heard(harness.listen()).numbers == [0, 1, 2]

    def test_a_stream_that_was_ended_meanwhile_gets_no_audio(self, harness: HubHarness) -> None:
        broadcaster = harness.live([0])
        now = harness.clock.time()
        broadcaster.source.receive(body([1, 2], serial=8), now)
        harness.hub.close()
        assert [broadcaster.source.process(now) for _ in range(2)] == [True, True], "its headers"
        with pytest.raises(StreamEnded):
            broadcaster.source.process(now)
        assert harness.hub.state is HubState.ENDED

    def test_after_an_error_each_step_raises_it(self, harness: HubHarness, broadcaster: Broadcaster) -> None:
        source, now = broadcaster.source, harness.clock.time()
        source.receive(body([0]) + VORBIS_PAGE + page(packet(2), sequence=3), now)
        for _ in range(3):
            assert source.process(now)
        for _ in range(3):
            with pytest.raises(NotOpus):
                source.process(now)
        assert harness.heard(harness.listen()).numbers == [0]


@pytest.mark.parametrize(
    "bad",
    [
        b"ID3\x04" + bytes(100),
        HEAD_PAGE + page(STEREO.encode(), flags=FLAG_BOS, serial=8),
        HEAD_PAGE + TAGS_PAGE + page(b"\x03\x00", sequence=2) * (MAX_FAULTS + 1),
        VORBIS_PAGE,
    ],
)
def test_a_source_with_bad_data_leaves_the_stream_and_its_listeners_as_they_were(
    harness: HubHarness, bad: bytes
) -> None:
    good = harness.live(range(5))
    sink = harness.listen()
    intruder = harness.broadcaster(max_kbps=600)
    with pytest.raises((StreamError, OggError)):
        intruder.send(bad)
    intruder.leave()
    good.go_on(range(5, 10))
    assert harness.heard(sink).numbers == list(range(10))
    assert good.told == []
    assert (harness.counters.sources, harness.counters.takeovers) == (1, 0)


def test_a_source_that_comes_after_the_end_is_refused_with_its_first_audio(harness: HubHarness) -> None:
    broadcaster = harness.broadcaster()
    harness.hub.close()
    broadcaster.send(body([]))
    with pytest.raises(StreamEnded):
        broadcaster.send(page(packet(0), sequence=2))
    assert not broadcaster.source.has_audio


def test_a_cover_picture_of_a_megabyte_ends_nothing(harness: HubHarness, broadcaster: Broadcaster) -> None:
    picture = "METADATA_BLOCK_PICTURE=" + "x" * 1_000_000
    broadcaster.begin([0, 1], tags=OpusTags("v", (picture, "TITLE=Song")))
    sink = harness.listen()
    broadcaster.send(body([2], serial=8, tags=OpusTags("v", ("TITLE=Next", picture))))
    got = harness.heard(sink)
    assert (got.tags, got.numbers, sink.closed) == (OpusTags("v", ("TITLE=Song",)), [0, 1, 2], False)


def test_other_nodes_get_headers_that_fit_a_frame() -> None:
    harness = HubHarness(replace(LIMITS, log_sources=True))
    broadcaster = harness.broadcaster()
    broadcaster.begin([0, 1], tags=OpusTags("v", ("METADATA_BLOCK_PICTURE=" + "x" * 1_000_000, "TITLE=Song")))
    assert harness.hub.source_log is not None
    headers, index = harness.hub.source_log.after(None)
    data = headers + b"".join(harness.hub.source_log.pages(index))
    assert len(data) < MAX_FRAME_BYTES
    other = HubHarness()
    other.broadcaster().send(data)
    got = other.heard(other.listen())
    assert (got.tags, got.numbers) == (OpusTags("v", ("TITLE=Song",)), [0, 1])


def test_an_opus_head_without_end_is_refused(broadcaster: Broadcaster) -> None:
    begun = b"OpusHead" + bytes(255 * 200 - 8)
    broadcaster.send(page(begun, flags=FLAG_BOS, lacing=b"\xff" * 200))
    with pytest.raises(BadHead):
        broadcaster.send(page(begun, sequence=1, flags=FLAG_CONTINUED, lacing=b"\xff" * 200))


def test_a_track_with_another_gain_cuts_nobody_off(harness: HubHarness) -> None:
    broadcaster = harness.broadcaster(max_kbps=600)
    broadcaster.begin([0], OpusHead(2, 312, output_gain=-1280))
    sink = harness.listen()
    for number, gain in enumerate((-2304, 512), start=1):
        broadcaster.begin([number], OpusHead(2, 312, output_gain=gain))
    got = harness.heard(sink)
    assert (got.numbers, got.head.output_gain, sink.closed) == ([0, 1, 2], -1280, False)


def test_the_log_says_by_how_much_a_track_is_too_loud(harness: HubHarness, broadcaster: Broadcaster) -> None:
    broadcaster.begin([0], OpusHead(2, 312, output_gain=-1280))
    with capture_logs() as logs:
        for gain in (-1280, 512):
            broadcaster.begin([1], OpusHead(2, 312, output_gain=gain))
    assert [each["unapplied_gain_db"] for each in logs if each["event"] == "stream_spliced"] == [0, 7]
