"""Encodings on a clock that is turned by hand, with workers that make a frame of each packet."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from audiocast.formats.encoding.encoding import Encoding
from audiocast.formats.encoding.encodings import Encodings
from audiocast.formats.encoding.stream_format import StreamFormat
from audiocast.formats.errors import FormatsBusy
from audiocast.formats.pool.format_job import JobOwner
from audiocast.formats.protocol import Item
from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.silence import silence_packet
from audiocast.stream.audience.listen_end import ListenEnd
from audiocast.stream.backlog import Backlog
from audiocast.stream.counters import Counters
from audiocast.stream.errors import StreamEnded
from audiocast.stream.hub import Hub
from audiocast.stream.hub_state import HubLimits
from audiocast.stream.muxer import OggMuxer
from audiocast.stream.now_playing import NowPlaying
from tests.support.clock.fake_clock import FakeClock

HEAD = OpusHead(2, 312)
PACKET = (silence_packet(HEAD), 960)
MP3, AAC, LOW = StreamFormat("mp3", 64), StreamFormat("aac", 128), StreamFormat("opus", 24)
FRAME_BYTES = 100


class FakeJob:
    """Makes a frame of each packet, when the test says so."""

    def __init__(self, owner: JobOwner) -> None:
        self.owner = owner
        self.fed: list[Item] = []
        self.is_dropped = self.is_finishing = False

    def feed(self, items: Sequence[Item]) -> bool:
        self.fed += items
        return True

    def finish(self) -> bool:
        self.is_finishing = True
        return True

    def drop(self) -> None:
        self.is_dropped = True

    def work(self) -> None:
        frames = [Item(bytes([number % 250]) * FRAME_BYTES, 960) for number in range(len(self.packets))]
        self.fed.clear()
        if frames:
            self.owner.take_frames(frames)

    @property
    def packets(self) -> list[Item]:
        return [item for item in self.fed if item.samples]


class FakeWorkers:
    """Fits what encodings use of `FormatWorkers`."""

    def __init__(self) -> None:
        self.jobs: list[FakeJob] = []
        self.is_busy = False

    def check(self) -> None:
        if self.is_busy:
            raise FormatsBusy("busy")

    def open(self, job_type: str, parameters: Mapping[str, Any], owner: JobOwner) -> FakeJob:
        assert job_type == "encode"
        self.jobs.append(FakeJob(owner))
        return self.jobs[-1]

    def close(self) -> None:
        self.jobs.clear()


class FakeSink:
    """Takes so many bytes."""

    def __init__(self, room: int = 1_000_000) -> None:
        self.data = bytearray()
        self.room = room
        self.is_closed = False

    def send(self, data: bytes) -> int:
        if not self.room:
            raise BlockingIOError
        taken = data[: self.room]
        self.room -= len(taken)
        self.data += taken
        return len(taken)

    def close(self) -> None:
        self.is_closed = True


class OnAir:
    """A stream that is on, and encodings of it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.workers = FakeWorkers()
        limits = HubLimits()
        workers: Any = self.workers
        self.hub = Hub("news", title="News", clock=self.clock, counters=Counters(), limits=limits)
        self.encodings = Encodings(workers, self.clock, limits, preroll_seconds=1.0)
        self.hub._start_bitstream(HEAD, OpusTags(""))

    def send(self, packets: int = 1) -> None:
        """Bring audio, as a source does."""
        assert self.hub._bitstream is not None
        self.hub._bitstream.append([PACKET] * packets, self.clock.time())

    def join(self, form: StreamFormat, sink: FakeSink, *, has_titles: bool = False) -> Encoding:
        encoding = self.encodings.open(self.hub, form)
        encoding.join(sink, b"HEAD", preroll_seconds=1.0, aim_seconds=float("inf"), has_titles=has_titles)
        return encoding

    def work(self) -> None:
        for job in self.workers.jobs:
            job.work()
        self.clock.advance(1.0)


@pytest.fixture
def on_air() -> OnAir:
    return OnAir()


def test_the_first_listener_gets_what_is_there_and_all_get_the_same(on_air: OnAir) -> None:
    on_air.send(250)
    first, second = FakeSink(), FakeSink()
    on_air.join(MP3, first)
    [job] = on_air.workers.jobs
    assert job.fed[0] == Item(HEAD.encode())
    assert len(job.packets) == 50, "a second of five"
    on_air.work()
    on_air.join(MP3, second)
    on_air.send(10)
    on_air.work()
    assert len(on_air.workers.jobs) == 1
    assert first.data == second.data
    assert len(first.data) == len(b"HEAD") + 60 * FRAME_BYTES
    assert on_air.hub.listeners == 2
    assert on_air.hub.describe().listener_peak == 2


def test_an_encoding_lives_while_somebody_listens_and_half_a_minute_more(on_air: OnAir) -> None:
    sink = FakeSink()
    on_air.join(MP3, sink)
    for _ in range(100):
        on_air.send(50)
        on_air.work()
    assert len(on_air.encodings) == 1
    on_air.hub.close_listeners(1)
    assert sink.is_closed
    on_air.clock.advance(15)
    assert len(on_air.encodings) == 1
    on_air.clock.advance(30)
    assert len(on_air.encodings) == 0
    assert on_air.workers.jobs[0].is_dropped
    assert not on_air.hub.is_wanted


def test_a_stream_that_ends_gives_its_listeners_the_rest_and_closes_them(on_air: OnAir) -> None:
    plain, titled, low = FakeSink(), FakeSink(), FakeSink()
    on_air.join(MP3, plain)
    on_air.join(MP3, titled, has_titles=True)
    on_air.join(LOW, low)
    on_air.hub.titles.set(NowPlaying("Money", "Abba"))
    on_air.send(30)
    on_air.work()
    on_air.send(100)
    on_air.hub.end(StreamEnded("over"))
    assert [job.is_finishing for job in on_air.workers.jobs] == [True, True]
    for job in on_air.workers.jobs:
        job.work()
        job.owner.job_ended("")
    on_air.clock.advance(10)
    assert len(plain.data) == len(b"HEAD") + 131 * FRAME_BYTES
    assert set(titles_of(bytes(titled.data[4:]), 4000)) == {b"StreamTitle='Abba - Money';"}
    assert [sink.is_closed for sink in (plain, titled, low)] == [True] * 3
    assert len(on_air.encodings) == 0
    assert on_air.hub.counters.listeners == 0


def test_a_job_that_is_opened_anew_learns_what_the_packets_are_and_nobody_leaves(on_air: OnAir) -> None:
    sink = FakeSink()
    on_air.join(AAC, sink)
    [job] = on_air.workers.jobs
    on_air.send(5)
    on_air.work()
    job.owner.job_restarted()
    assert job.fed == [Item(HEAD.encode())]
    on_air.send(5)
    on_air.work()
    assert not sink.is_closed
    assert len(sink.data) == len(b"HEAD") + 10 * FRAME_BYTES


def test_the_encoder_goes_on_when_a_source_brings_other_channels(on_air: OnAir) -> None:
    sink = FakeSink()
    on_air.join(MP3, sink)
    on_air.send(3)
    on_air.hub._start_bitstream(OpusHead(1, 312), OpusTags(""))
    on_air.send(7)
    [job] = on_air.workers.jobs
    assert [item.samples for item in job.fed].index(0, 1) == 1 + 3 + 1, "in the order of the sound"
    heads = [item.data for item in job.fed if not item.samples]
    assert heads == [HEAD.encode(), OpusHead(1, 312).encode()]
    on_air.work()
    assert not sink.is_closed
    # The first bitstream has a last packet of silence.
    assert len(sink.data) == len(b"HEAD") + 11 * FRAME_BYTES


def test_a_slow_listener_of_frames_is_moved_and_nothing_is_numbered_anew(on_air: OnAir) -> None:
    fast, slow = FakeSink(), FakeSink(room=4 + 10 * FRAME_BYTES + 50)
    encoding = on_air.join(MP3, fast)
    on_air.join(MP3, slow)
    for _ in range(15):
        on_air.send(50)
        on_air.work()
    slow.room = 1_000_000
    on_air.send(50)
    on_air.work()
    on_air.send(50)
    on_air.work()
    assert on_air.hub.counters.skips == 1
    assert (len(slow.data) - 4) % FRAME_BYTES == 0, "whole frames"
    assert slow.data.endswith(fast.data[-50 * FRAME_BYTES :])
    assert len(slow.data) < len(fast.data)
    assert encoding.listeners == 2
    # Who has a number of its own is served by itself in each pass.
    assert encoding._frames is not None
    assert {listener.skipped_pages for listener in encoding._frames.fanout.open_listeners()} == {0}


def titles_of(data: bytes, interval: int) -> list[bytes]:
    """Read a response's body as a radio does."""
    titles, at = [], interval
    while at < len(data):
        end = at + 1 + 16 * data[at]
        titles.append(data[at + 1 : end].rstrip(b"\0"))
        at = end + interval
    return titles


def test_titles_stand_where_the_head_says_for_each_listener_and_change_with_the_sound(on_air: OnAir) -> None:
    early, late = FakeSink(), FakeSink()
    on_air.join(MP3, early, has_titles=True)
    interval = MP3.title_interval_bytes
    assert interval == 4000
    on_air.send(100)
    on_air.work()
    on_air.hub.titles.set(NowPlaying("Money", "Abba"))
    on_air.join(MP3, late, has_titles=True)
    on_air.send(100)
    on_air.work()
    assert titles_of(bytes(early.data[4:]), interval) == [
        *[b"StreamTitle='News';"] * 2,
        *[b"StreamTitle='Abba - Money';"] * 3,
    ]
    assert titles_of(bytes(late.data[4:]), interval)[-1] == b"StreamTitle='Abba - Money';"


def test_a_slow_listener_with_titles_is_moved_to_the_begin_of_a_block(on_air: OnAir) -> None:
    slow = FakeSink(room=10_000)
    on_air.join(MP3, slow, has_titles=True)
    for _ in range(15):
        on_air.send(50)
        on_air.work()
    slow.room = 1_000_000
    for _ in range(4):
        on_air.send(50)
        on_air.work()
    assert on_air.hub.counters.skips == 1
    assert set(titles_of(bytes(slow.data[4:]), 4000)) == {b"StreamTitle='News';"}


def test_a_session_that_is_over_and_a_stream_that_becomes_private_end_listeners(on_air: OnAir) -> None:
    sinks = [FakeSink() for _ in range(4)]
    encoding = on_air.encodings.open(on_air.hub, MP3)
    session = encoding.join(sinks[0], b"HEAD", preroll_seconds=1.0, aim_seconds=float("inf"))
    for sink, form in zip(sinks[1:], (MP3, AAC, LOW), strict=True):
        on_air.join(form, sink)
    session.end_session(is_revoked=True)
    on_air.clock.advance(1)
    assert [sink.is_closed for sink in sinks] == [True, False, False, False]
    on_air.hub._end_listeners()
    on_air.clock.advance(1)
    assert all(sink.is_closed for sink in sinks)


def test_busy_workers_refuse_a_new_format_and_keep_those_that_are(on_air: OnAir) -> None:
    on_air.join(MP3, FakeSink())
    on_air.workers.is_busy = True
    on_air.encodings.check("news", MP3)
    on_air.join(MP3, FakeSink())
    with pytest.raises(FormatsBusy):
        on_air.encodings.check("news", AAC)
    with pytest.raises(FormatsBusy):
        on_air.encodings.open(on_air.hub, AAC)


def test_a_server_that_stops_closes_all(on_air: OnAir) -> None:
    sinks = [FakeSink(), FakeSink()]
    for sink, form in zip(sinks, (MP3, LOW), strict=True):
        on_air.join(form, sink)
    on_air.send(50)
    on_air.encodings.close()
    on_air.clock.advance(2)
    assert all(sink.is_closed for sink in sinks)


def test_a_low_rate_is_one_logical_stream_of_its_own_in_pages_of_a_tenth(on_air: OnAir) -> None:
    sink = FakeSink()
    encoding = on_air.join(LOW, sink)
    for _ in range(20):
        on_air.send(1)
        on_air.work()
    pages = encoding._pages
    assert pages is not None
    assert isinstance(pages.muxer, OggMuxer)
    assert isinstance(pages.backlog, Backlog)
    assert {page.samples for page in pages.backlog.pages(0, 10)} == {4800}
    assert sink.data.startswith(b"HEADOggS")
    pages.finish(on_air.clock.time(), ListenEnd.STREAM_ENDED)
