"""What a page tap gets: each page as it is heard, whose it is, and how much silence came before."""

import pytest

from audiocast.ogg.headers import OpusHead
from audiocast.stream.tap import SourcePage
from tests.unit.stream.audio import MONO, PACKET_SAMPLES, body, is_numbered, number_of, packet, page
from tests.unit.stream.hub_harness import HubHarness

# Does not fit into a bitstream of mapping family 0.
NO_MEANING = OpusHead(2, 312, mapping_family=255, stream_count=1, coupled_count=1, mapping=b"\0\1")


class Taken:
    """Fits `PageTap`."""

    def __init__(self, harness: HubHarness) -> None:
        self.pages: list[SourcePage] = []
        harness.hub.page_taps.add(self)

    def append_page(self, page: SourcePage) -> None:
        self.pages.append(page)

    @property
    def numbers(self) -> list[int]:
        return [number_of(packet) for each in self.pages for packet, _ in each.packets]


def test_pages_come_with_their_own_names() -> None:
    harness = HubHarness()
    taken = Taken(harness)
    broadcaster = harness.live(range(5))
    assert taken.numbers == list(range(5))
    assert [(each.serial, each.sequence) for each in taken.pages] == [(7, number) for number in range(2, 7)]
    assert [each.granule for each in taken.pages] == [PACKET_SAMPLES * number for number in range(1, 6)]
    assert {each.source_id for each in taken.pages} == {broadcaster.source.source_id}
    assert not harness.hub.is_wanted


def test_muted_sound_is_silence_as_long() -> None:
    harness = HubHarness()
    taken = Taken(harness)
    broadcaster = harness.live(range(5))
    harness.hub.muted_source = harness.hub.source_id
    broadcaster.send(page(packet(5), packet(6), sequence=7))
    muted = taken.pages[-1]
    assert muted.sequence == 7
    assert not any(is_numbered(data) and data == packet(5) for data, _ in muted.packets)
    assert sum(samples for _, samples in muted.packets) == 2 * PACKET_SAMPLES
    harness.hub.muted_source = None
    broadcaster.send(page(packet(7), sequence=8))
    assert number_of(taken.pages[-1].packets[0][0]) == 7


def test_silence_of_gaps_is_counted_and_not_given() -> None:
    harness = HubHarness()
    taken = Taken(harness)
    harness.live(range(5)).leave()
    harness.clock.advance(5)
    count = len(taken.pages)
    harness.live(range(5, 10))
    heard_seconds = taken.pages[-1].gap_samples / 48_000
    assert count == 5
    assert 4 < heard_seconds <= 5
    assert heard_seconds == pytest.approx(harness.counters.silence_seconds)


def test_a_new_bitstream_has_another_head_and_no_silence_yet() -> None:
    harness = HubHarness()
    taken = Taken(harness)
    broadcaster = harness.live(range(5))
    broadcaster.send(body([5], head=MONO, serial=8))
    assert taken.pages[-1].opus_head is taken.pages[0].opus_head
    broadcaster.send(body([6], head=NO_MEANING, serial=9))
    assert taken.pages[-1].opus_head.layout == NO_MEANING.layout
    assert taken.pages[-1].gap_samples == 0
