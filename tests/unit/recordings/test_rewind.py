"""A show that is on, from the store: its parts have what was sent, once, wherever a listener goes."""

import asyncio
from collections import Counter

import pytest

from audiocast.ogg.headers import OpusHead
from audiocast.recordings.names import OPEN, ShowId
from audiocast.recordings.rewind import running_show
from audiocast.recordings.rewind.part_bytes import PartForm, init_name
from audiocast.recordings.rewind.rewind import AFTER_SECONDS, LOOK_SECONDS, Rewind
from audiocast.recordings.rewind.running_show import RunningShow
from audiocast.recordings.store.store import StoreError
from tests.support.clock.jumping_loop import run
from tests.unit.recordings.memory_store import MemoryStore, file_packets
from tests.unit.recordings.show_harness import Encoder, Owner, close_all
from tests.unit.stream.audio import MONO, STEREO, number_of

SECOND = 48_000


def rewind(store: MemoryStore) -> Rewind:
    """Return a new member's."""
    return Rewind(store, asyncio.get_running_loop().time, 5.0)


async def running(one: Rewind, *, after: float = LOOK_SECONDS) -> RunningShow:
    """Return the show as it is a moment later."""
    await asyncio.sleep(after)
    show = await one.of_stream("abc")
    assert show is not None
    return show


async def heard(one: Rewind, show: RunningShow, since: int = 0) -> list[int]:
    """Return the numbers of all packets from a sample on, as a listener gets them part by part."""
    numbers: list[int] = []
    part = show.part_at(since)
    while part is not None:
        data = await one.part(show, part, PartForm.OGG)
        packets = file_packets(data)
        assert len(packets) * 960 == part.samples
        numbers += map(number_of, packets)
        part = show.part_at(part.end)
    return numbers


async def recorded(store: MemoryStore, encoder: Encoder, seconds: float) -> Owner:
    """Record a stream for so long, up to the last whole chunk."""
    owner = Owner(store)
    owner.recorder.start_writing()
    await encoder.send(seconds, owner.recorder)
    await owner.queue.flush()
    return owner


def test_a_show_grows_and_all_of_it_is_heard() -> None:
    async def work() -> None:
        store, encoder, one = MemoryStore(), Encoder(), None
        one = rewind(store)
        assert await one.of_stream("abc") is None
        owner = await recorded(store, encoder, 20)
        show = await running(one)
        assert [part.start for part in show.parts] == [0, 5 * SECOND, 10 * SECOND, 15 * SECOND]
        assert await heard(one, show) == list(range(1000))
        assert await heard(one, show, 12 * SECOND) == list(range(500, 1000))
        assert show.part_at(20 * SECOND) is None
        await encoder.send(10, owner.recorder)
        await owner.queue.flush()
        assert await heard(one, await running(one), 20 * SECOND) == list(range(1000, 1500))
        assert not show.is_over
        # Somebody else's member says the same.
        other = await running(rewind(store))
        assert list(other.parts) == list(show.parts)

    run(work())


def test_what_two_owners_have_is_heard_once_and_what_is_lost_is_a_hole() -> None:
    async def work() -> None:
        store, encoder = MemoryStore(), Encoder()
        one, owner, other = rewind(store), Owner(store), Owner(store)
        owner.recorder.start_writing()
        await encoder.send(33, owner.recorder, other.recorder)
        owner.kill()
        other.recorder.start_writing()
        await encoder.send(12, other.recorder)
        await other.queue.flush()
        show = await running(one)
        assert await heard(one, show) == list(range(2250))
        assert not any(part.is_cut for part in list(show.parts)[1:])
        other.kill()
        third = Owner(store)
        third.recorder.start_writing()
        encoder.number += 500
        await asyncio.sleep(10)
        await encoder.send(10, third.recorder)
        await third.queue.flush()
        show = await running(one)
        assert await heard(one, show) == [*range(2250), *range(2750, 3250)]
        assert [part.is_cut for part in show.parts].count(True) == 2
        [hole] = show.missing
        assert hole[0] == 45 * SECOND
        assert hole[1] - hole[0] == pytest.approx((10 + LOOK_SECONDS) * SECOND, abs=SECOND / 10)
        # Who asks for what is lost gets what comes behind it.
        behind = show.part_at(hole[0] + SECOND)
        assert behind is not None
        assert behind.start == hole[1]

    run(work())


def test_a_show_that_ends_is_heard_to_its_end_from_its_file() -> None:
    async def work() -> None:
        store, encoder = MemoryStore(), Encoder()
        one = rewind(store)
        owner = await recorded(store, encoder, 33)
        show = await running(one)
        assert not show.is_over
        await encoder.send(14, owner.recorder)
        owner.recorder.stop_writing()
        owner.queue.end_show()
        await owner.queue.flush()
        [record] = await close_all(store)
        assert record.seconds == 47
        show = await running(one)
        assert show.is_over
        assert show.end == 47 * SECOND
        assert await heard(one, show) == list(range(2350))
        assert await heard(one, show, 31 * SECOND) == list(range(1500, 2350))
        # It is heard, and not kept for ever; a member that did not know it has nothing of it.
        assert await rewind(store).of_stream("abc") is None
        await asyncio.sleep(AFTER_SECONDS)
        assert await one.of_stream("abc") is None

    run(work())


def test_an_ended_show_has_its_last_chunk_before_it_is_over() -> None:
    async def work() -> None:
        store, encoder = MemoryStore(), Encoder()
        one = rewind(store)
        owner = await recorded(store, encoder, 12)
        await running(one)
        await encoder.send(1, owner.recorder)
        owner.recorder.stop_writing()
        owner.queue.end_show()
        await owner.queue.flush()
        show = await running(one)
        assert (show.is_over, show.end) == (True, 13 * SECOND)
        assert one.playlist(show).endswith(b"#EXT-X-ENDLIST\n")
        # The next show of the stream is another one.
        await asyncio.sleep(5)
        await recorded(store, encoder, 6)
        after = await running(one)
        assert after.show_id > show.show_id
        assert await heard(one, after) == list(range(650, 900))

    run(work())


def test_a_crowd_costs_one_read_of_each_chunk() -> None:
    async def work() -> None:
        store, encoder = MemoryStore(), Encoder()
        one = rewind(store)
        await recorded(store, encoder, 30)
        asked: Counter[str] = Counter()
        store.before = lambda method, key: asked.update([f"{method} {key.partition('/')[0]}"])
        store.slow_seconds = 0.1

        async def listen() -> list[int]:
            return await heard(one, await running(one))

        crowd = await asyncio.gather(*(listen() for _ in range(300)))
        assert crowd == [list(range(1500))] * 300
        assert asked == {
            "entries open": 1,
            "entries chunks": 1,
            "get open": 1,
            "read chunks": 6,
            "get chunks": 6,
        }
        await running(one)
        assert asked["read chunks"] == 6

    run(work())


def test_an_error_of_the_store_is_said_and_not_kept() -> None:
    async def work() -> None:
        store, encoder = MemoryStore(), Encoder()
        one = rewind(store)
        await recorded(store, encoder, 10)
        show = await running(one)

        def fail(method: str, key: str) -> None:
            raise StoreError("away")

        store.before = fail
        with pytest.raises(StoreError):
            await heard(one, show)
        await asyncio.sleep(LOOK_SECONDS)
        with pytest.raises(StoreError):
            await one.of_stream("abc")
        store.before = lambda method, key: None
        assert await heard(one, await running(one)) == list(range(500))

    run(work())


def test_of_a_long_show_the_newest_parts_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_show, "MAX_PARTS", 4)
    monkeypatch.setattr("audiocast.recordings.rewind.rewind.MAX_PARTS", 4)

    async def work() -> None:
        store, encoder = MemoryStore(), Encoder()
        early = rewind(store)
        owner = await recorded(store, encoder, 15)
        await early.of_stream("abc")
        await encoder.send(25, owner.recorder)
        await owner.queue.flush()
        for one in (early, rewind(store)):
            show = await running(one)
            assert show.dropped == 4
            assert await heard(one, show) == list(range(1000, 2000))
            assert show.parts[0].start == pytest.approx(20 * SECOND, abs=SECOND)
            playlist = one.playlist(show).decode()
            assert "#EXT-X-MEDIA-SEQUENCE:4\n" in playlist
            assert "EVENT" not in playlist

    run(work())


def test_the_playlist_only_grows_and_says_where_another_decoder_begins() -> None:
    async def work() -> None:
        store, encoder = MemoryStore(), Encoder()
        one = rewind(store)
        owner = await recorded(store, encoder, 10)
        show = await running(one)
        first = one.playlist(show).decode()
        assert first.splitlines()[:6] == [
            "#EXTM3U",
            "#EXT-X-VERSION:6",
            "#EXT-X-TARGETDURATION:6",
            "#EXT-X-PLAYLIST-TYPE:EVENT",
            "#EXT-X-MEDIA-SEQUENCE:0",
            "#EXT-X-START:TIME-OFFSET=0",
        ]
        encoder.head, encoder.serial = OpusHead(1, 312, output_gain=256), 8
        await encoder.send(10, owner.recorder)
        await owner.queue.flush()
        show = await running(one)
        second = one.playlist(show).decode()
        assert second.startswith(first)
        assert second.count("#EXT-X-DISCONTINUITY\n") == second.count("#EXT-X-MAP") - 1
        names = [line for line in second.splitlines() if line.endswith(".m4s")]
        time = show.show_id.time
        assert names == [f"{time}/{part.start}.m4s" for part in show.parts]
        assert f'URI="{time}/{init_name(STEREO)}"' in second
        data = await one.part(show, show.parts[1], PartForm.MP4)
        assert data[4:8] == b"moof"
        assert (5 * SECOND).to_bytes(8, "big") in data

    run(work())


def test_what_was_private_for_a_moment_stays_private() -> None:
    async def work() -> None:
        store, encoder = MemoryStore(), Encoder()
        one = rewind(store)
        owner = await recorded(store, encoder, 6)
        assert not (await running(one)).is_private
        owner.recorder.is_private = True
        await encoder.send(6, owner.recorder)
        owner.recorder.is_private = False
        await encoder.send(6, owner.recorder)
        await owner.queue.flush()
        assert (await running(one)).is_private

    run(work())


def test_objects_of_others_are_no_shows() -> None:
    async def work() -> None:
        store, encoder = MemoryStore(), Encoder()
        one = rewind(store)
        await recorded(store, encoder, 6)
        [key] = store.keys(OPEN)
        show_id = ShowId.of_key(key)
        assert show_id is not None
        for name, data in ((show_id.chunk_key(7, 0), b"no chunk"), (f"{show_id.chunks_folder}/x.txt", b"")):
            await store.put(name, data)
        await store.put(f"{OPEN}/abc/x", b"")
        show = await running(one)
        assert await heard(one, show) == list(range(250))
        assert MONO not in show.setups

    run(work())
