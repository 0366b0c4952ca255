"""How often a source is read: seldom while nobody hears it, and never late for somebody who begins to."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast
from unittest.mock import Mock

import pytest

from audiocast.stream.fanout.lane import BUFFERED_SECONDS, LOW_LATENCY_SECONDS
from audiocast.stream.hub import Hub
from audiocast.stream.hub_state import HubLimits
from audiocast.stream.keys import Claims
from audiocast.stream.registry import Registry
from audiocast.web.http.body.body_reader import BodyReader, UnframedBody
from audiocast.web.http.services import Limits, Services
from audiocast.web.public.intake import Intake
from tests.support.clock.fake_clock import FakeClock
from tests.unit.stream.audio import PACKET_SECONDS, body
from tests.unit.stream.fake_sink import FakeSink
from tests.unit.stream.hub_harness import HTTP_HEAD
from tests.unit.stream.received import received
from tests.unit.web.http.body.test_body_reader import FakeConnection, settle

PAGES_A_SECOND = round(1 / PACKET_SECONDS)
SECONDS = 4

# Fewer than a source sends until it is read.
WAITING_PAGES = 3

PREROLL_PAGES = 5
PREROLL_SECONDS = PREROLL_PAGES * PACKET_SECONDS

LIMITS = Limits(
    preroll_seconds=1,
    header_wait_seconds=1,
    first_audio_seconds=10,
    max_ingest_kbps=0,
    ingest_lead_seconds=20,
)


class OnAir:
    """A source that sends a page every 20 ms, from its connection to its stream.

    Attributes:
        connection: Of the source.
        hub: Its stream.
        sent: How many pages of audio were sent.
    """

    def __init__(self) -> None:
        self.clock = FakeClock()
        streams = Registry(clock=self.clock, limits=HubLimits(), max_streams=10)
        services = Mock(spec=Services, streams=streams, now=self.clock.time, stalled_seconds=lambda: 0.0)
        services.node = Mock()
        self.hub: Hub = streams.open("abc", "")
        self.intake = Intake(
            services,
            LIMITS,
            self.hub,
            Mock(spec=Claims, generation=0, max_kbps=0, expires_at=0),
            Mock(headers={}),
            dismiss=Mock(),
        )
        self.connection = FakeConnection()
        reader = BodyReader(
            cast(Any, self.connection), UnframedBody(), self.intake.feed, defer=self.intake.defer_read
        )
        self.reading = asyncio.create_task(reader.read())
        self.sent = 0

    def send_page(self) -> None:
        """Send the next page; with the first one, the headers."""
        page = body([self.sent])
        page = page if not self.sent else page[page.rindex(b"OggS") :]
        self.sent += 1
        if self.connection.is_paused:
            self.connection.leave(page)
        else:
            self.connection.arrive(page)

    def reads_a_second(self) -> float:
        """Send for some seconds; return how often the source was read in each."""
        before = len(self.connection.reads)
        for _ in range(SECONDS * PAGES_A_SECOND):
            self.clock.advance(PACKET_SECONDS)
            self.send_page()
        return (len(self.connection.reads) - before) / SECONDS

    def join(self, aim_seconds: float) -> FakeSink:
        sink = FakeSink()
        self.hub.join(sink, HTTP_HEAD, preroll_seconds=PREROLL_SECONDS, aim_seconds=aim_seconds)
        return sink


@pytest.fixture
async def on_air() -> AsyncIterator[OnAir]:
    on_air = OnAir()
    await settle()
    on_air.send_page()
    yield on_air
    on_air.intake.close()
    on_air.reading.cancel()


async def test_a_source_is_read_as_often_as_those_who_hear_it_need(on_air: OnAir) -> None:
    assert on_air.reads_a_second() <= 11, "nobody"
    on_air.join(BUFFERED_SECONDS)
    assert on_air.reads_a_second() <= 11, "what gathers until a pass"
    on_air.join(LOW_LATENCY_SECONDS)
    assert on_air.reads_a_second() == pytest.approx(PAGES_A_SECOND, abs=1)
    on_air.hub.close_listeners(2)
    assert on_air.reads_a_second() <= 11


async def test_buffered_listeners_get_what_was_read_at_once(on_air: OnAir) -> None:
    """The process wakes up once for both, and what has waited to be read does not wait again."""
    sink = on_air.join(BUFFERED_SECONDS)
    on_air.reads_a_second()
    reads, sends = len(on_air.connection.reads), sink.sends
    for _ in range(SECONDS * PAGES_A_SECOND):
        on_air.clock.advance(PACKET_SECONDS)
        heard = received(sink.received, http_head=HTTP_HEAD).numbers
        assert heard[-1] + 1 + on_air.connection.unread.count(b"OggS") == on_air.sent
        on_air.send_page()
    assert sink.sends - sends == len(on_air.connection.reads) - reads <= 10 * SECONDS + 1


@pytest.mark.parametrize("aim_seconds", [BUFFERED_SECONDS, LOW_LATENCY_SECONDS])
async def test_who_comes_first_gets_what_had_come_and_each_page_from_then_on(
    on_air: OnAir, aim_seconds: float
) -> None:
    on_air.reads_a_second()
    while on_air.connection.unread.count(b"OggS") < WAITING_PAGES:
        on_air.clock.advance(PACKET_SECONDS)
        on_air.send_page()
    sink = on_air.join(aim_seconds)
    assert (on_air.connection.unread, on_air.connection.is_paused) == (b"", False)
    numbers = received(sink.received, http_head=HTTP_HEAD).numbers
    assert numbers == list(range(on_air.sent - PREROLL_PAGES, on_air.sent))
