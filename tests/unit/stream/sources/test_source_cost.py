"""What a usual page costs on its way from a source to the backlog: counted, not timed."""

from unittest.mock import Mock

import pytest

from audiocast.ogg import page as ogg_page
from audiocast.ogg import reader
from audiocast.ogg.crc import crc_field
from audiocast.ogg.packets import PacketAssembler
from audiocast.stream.feed_scheduler import FeedScheduler
from tests.unit.stream.audio import PACKET_SECONDS, body
from tests.unit.stream.hub_harness import Broadcaster, HubHarness

PAGES = 200
KBPS = 512


class Usual:
    """A source in real time, one page each time, without listeners.

    Attributes:
        steps: How many the scheduler has made.
    """

    def __init__(self) -> None:
        self.harness = HubHarness()
        self.broadcaster: Broadcaster = self.harness.broadcaster(max_kbps=KBPS)
        pages = body(range(PAGES + 1))
        starts = [at for at in range(len(pages)) if pages.startswith(b"OggS", at)]
        self._pages = [pages[at:end] for at, end in zip(starts, [*starts[1:], len(pages)], strict=True)]
        self._scheduler = FeedScheduler(self.harness.clock)
        self.steps = 0
        for _ in range(3):
            self.send()

    def send(self) -> None:
        """Send the next page; the headers are two of them."""
        clock, source = self.harness.clock, self.broadcaster.source
        clock.advance(PACKET_SECONDS)
        source.receive(self._pages.pop(0), clock.time())
        assert self._scheduler.run(self._step) is None

    def send_all(self) -> None:
        for _ in range(PAGES):
            self.send()
        assert self.harness.counters.ingest_pages == PAGES + 3
        snapshot = self.harness.hub.describe()
        assert snapshot.backlog_seconds == pytest.approx((PAGES + 1) * PACKET_SECONDS)

    def _step(self, now: float) -> bool:
        self.steps += 1
        return self.broadcaster.source.step(now)


@pytest.fixture
def usual() -> Usual:
    return Usual()


def test_a_page_has_its_checksum_computed_once_in_and_once_out(
    usual: Usual, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked, made = Mock(side_effect=crc_field), Mock(side_effect=crc_field)
    monkeypatch.setattr(reader, "crc_field", checked)
    monkeypatch.setattr(ogg_page, "crc_field", made)
    usual.send_all()
    assert (checked.call_count, made.call_count) == (PAGES, PAGES)


def test_a_page_is_one_step_and_is_taken_apart_once(usual: Usual, monkeypatch: pytest.MonkeyPatch) -> None:
    usual.steps = 0
    assembled = Mock(side_effect=PacketAssembler.push)
    monkeypatch.setattr(PacketAssembler, "push", assembled)
    usual.send_all()
    assert (usual.steps, assembled.call_count) == (PAGES, 0)


def test_a_page_moves_no_timer_and_costs_no_turn_of_the_loop(
    usual: Usual, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = usual.harness.clock
    asked = Mock(side_effect=clock.call_at)
    soon = Mock(side_effect=clock.call_soon)
    monkeypatch.setattr(clock, "call_at", asked)
    monkeypatch.setattr(clock, "call_soon", soon)
    usual.send_all()
    # That the source is there is looked at when its audio may be used up, a few times in these 4 s.
    assert (asked.call_count <= 3, soon.call_count) == (True, 0)


def test_what_is_fed_in_whole_pages_is_not_copied(usual: Usual) -> None:
    pages = reader.PageReader()
    data = body([1, 2])
    pages.feed(data)
    assert pages._buffer is data
