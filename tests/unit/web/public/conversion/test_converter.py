"""A converted source between its connection and the worker: back-pressure, titles, a new worker, the end."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any, cast

import pytest

from audiocast.formats.decoding import notes
from audiocast.formats.protocol import Item
from audiocast.formats.source_formats import SourceFormat
from audiocast.ogg.errors import OggError
from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.silence import silence_packet
from audiocast.stream.errors import NotOpus, StreamError, TooDamaged, TooFast
from audiocast.web.public.conversion.converter import MAX_IN_HAND_BYTES, PIECE_BYTES, SourceConverter
from tests.support.audio.capture import Capture, read_pages

HEAD = OpusHead(channels=2, pre_skip=312)
PACKET = Item(silence_packet(HEAD), 960)
HEAD_NOTE = {"opus_head": HEAD.encode().hex()}


class FakeJob:
    """Keeps what it is fed; full when a test says so."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.is_full = False
        self.has_finished = False
        self.is_dropped = False

    def feed(self, items: Sequence[Item]) -> bool:
        if not self.is_full:
            self.items += items
        return not self.is_full

    def finish(self) -> None:
        self.has_finished = True

    def drop(self) -> None:
        self.is_dropped = True

    @property
    def data(self) -> bytes:
        return b"".join(item.data for item in self.items if item.samples == notes.DATA_SAMPLES)


class OnTheWay:
    """A converter with all that is around it."""

    def __init__(self) -> None:
        self.job = FakeJob()
        self.pages = b""
        self.faults: list[OggError] = []
        self.header_bytes = 0
        self.dismissed: list[Exception] = []
        self.publish_error: StreamError | None = None
        self.converter = SourceConverter(
            SourceFormat.MP3,
            open_job=lambda owner: cast(Any, self.job),
            publish=self._publish,
            drop=self.faults.append,
            charge_headers=self._charge,
            dismiss=self.dismissed.append,
        )

    def _publish(self, pages: bytes) -> Awaitable[None] | None:
        if self.publish_error is not None:
            raise self.publish_error
        self.pages += pages
        return None

    def _charge(self, size: int) -> None:
        self.header_bytes += size

    def done(self, size: int, headers: int = 0) -> None:
        self.converter.take_note(notes.done_note(size, headers))


@pytest.fixture
async def way() -> OnTheWay:
    return OnTheWay()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_the_worker_gets_all_bytes_in_small_pieces(way: OnTheWay) -> None:
    data = bytes(range(256)) * 40
    assert way.converter.feed(data) is None
    assert way.job.data == data
    assert {len(item.data) for item in way.job.items} == {PIECE_BYTES, len(data) % PIECE_BYTES}


async def test_the_source_waits_while_the_worker_has_enough_in_hand(way: OnTheWay) -> None:
    room = way.converter.feed(bytes(MAX_IN_HAND_BYTES + 1))
    assert room is not None
    waiting = asyncio.ensure_future(room)
    way.done(MAX_IN_HAND_BYTES // 2 - 1)
    await settle()
    assert not waiting.done()
    way.done(3, headers=2)
    await asyncio.wait_for(waiting, 5)
    assert way.header_bytes == 2


async def test_a_worker_that_is_full_gets_the_bytes_later_and_in_order(way: OnTheWay) -> None:
    way.job.is_full = True
    way.converter.feed(b"first")
    way.converter.feed(b"second")
    assert way.job.data == b""
    way.job.is_full = False
    async with asyncio.timeout(5):
        while way.job.data != b"firstsecond":
            await asyncio.sleep(0.01)


async def test_packets_become_one_ogg_stream(way: OnTheWay) -> None:
    way.converter.take_note(HEAD_NOTE)
    way.converter.take_frames([PACKET, PACKET])
    await settle()
    way.converter.take_frames([PACKET])
    await settle()
    capture = Capture.parse(way.pages)
    capture.check_one_stream()
    assert capture.packets == [PACKET.data] * 3


async def test_each_track_begins_an_ogg_stream_with_its_title(way: OnTheWay) -> None:
    way.converter.take_note({"comments": ["TITLE=First"]})
    way.converter.take_note(HEAD_NOTE)
    way.converter.take_frames([PACKET])
    way.converter.take_note({"comments": ["TITLE=Second", 7]})
    way.converter.take_frames([PACKET, PACKET])
    await settle()
    pages = read_pages(way.pages)
    assert [page.is_bos for page in pages] == [True, False, False, True, False, False, False]
    tags = [OpusTags.parse(page.body).comments for page in pages if page.body.startswith(b"OpusTags")]
    assert tags == [("TITLE=First",), ("TITLE=Second",)]


async def test_another_worker_learns_what_the_dead_one_knew_and_gets_what_it_had_not(way: OnTheWay) -> None:
    way.converter.take_frames([Item(b"state", notes.STATE_SAMPLES)])
    way.converter.feed(b"lost bytes")
    way.job.is_full = True
    way.converter.feed(b"unsent")
    way.job.items.clear()
    way.job.is_full = False
    way.converter.job_restarted()
    resume, data = way.job.items
    assert resume.samples == notes.RESUME_SAMPLES
    assert notes.parse_resume(resume.data) == (len(b"lost bytes"), b"state")
    assert data.data == b"unsent"
    assert way.dismissed == []


async def test_the_source_goes_on_to_be_read_after_its_worker_has_died(way: OnTheWay) -> None:
    room = way.converter.feed(bytes(MAX_IN_HAND_BYTES + 1))
    assert room is not None
    way.converter.job_restarted()
    await asyncio.wait_for(room, 5)


async def test_damage_counts_once_there_was_sound(way: OnTheWay) -> None:
    way.converter.take_note({"fault": "before"})
    assert way.faults == []
    way.converter.take_note(HEAD_NOTE)
    way.converter.take_frames([PACKET])
    await settle()
    way.converter.take_note({"fault": "after"})
    assert [(fault.code, str(fault)) for fault in way.faults] == [("bad_frame", "after")]


@pytest.mark.parametrize(
    ("note", "error"),
    [
        ({"refused": "expected MP3"}, NotOpus),
        ({"opus_head": "00"}, TooDamaged),
        ({"opus_head": "no hexadecimal"}, TooDamaged),
    ],
)
async def test_the_source_is_dismissed_when_the_worker_refuses_it(
    way: OnTheWay, note: dict[str, Any], error: type[Exception]
) -> None:
    way.converter.take_note(note)
    assert way.dismissed == []
    await settle()
    assert [type(each) for each in way.dismissed] == [error]
    assert way.job.is_dropped
    assert way.converter.feed(b"more") is None


async def test_the_source_is_dismissed_when_its_job_is_given_up(way: OnTheWay) -> None:
    way.converter.job_ended("workers have died of it again and again")
    await settle()
    assert [str(each) for each in way.dismissed] == [
        "expected MP3 that can be converted: workers have died of it again and again"
    ]


async def test_the_source_is_dismissed_when_its_sound_is_refused(way: OnTheWay) -> None:
    way.publish_error = TooFast("too fast")
    way.converter.take_note(HEAD_NOTE)
    way.converter.take_frames([PACKET])
    await settle()
    assert way.dismissed == [way.publish_error]


async def test_at_the_end_all_that_was_fed_is_published(way: OnTheWay) -> None:
    way.converter.take_note(HEAD_NOTE)
    way.converter.feed(b"data")
    finishing = asyncio.create_task(way.converter.finish())
    await settle()
    assert way.job.has_finished
    way.converter.take_frames([PACKET])
    way.converter.job_ended("")
    await asyncio.wait_for(finishing, 5)
    assert Capture.parse(way.pages).packets == [PACKET.data]
    assert way.dismissed == []


async def test_what_comes_after_close_is_nothing(way: OnTheWay) -> None:
    way.converter.take_note(HEAD_NOTE)
    way.converter.close()
    way.converter.take_frames([PACKET])
    way.converter.take_note({"refused": "late"})
    way.converter.close()
    await settle()
    assert (way.pages, way.dismissed) == (b"", [])
