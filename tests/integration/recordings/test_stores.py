"""A folder and a bucket keep to the same promises, and a show is closed in each."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from audiocast.recordings.chunk_queue import ChunkQueue, QueueBounds, RecordingCounts
from audiocast.recordings.closing.closer import Closer
from audiocast.recordings.names import ShowId
from audiocast.recordings.open_show import ShowHold
from audiocast.recordings.recorder import Recorder
from audiocast.recordings.show_record import ShowRecord
from audiocast.recordings.spool import Spool
from audiocast.recordings.store.folder import FolderStore
from audiocast.recordings.store.opening import open_store
from audiocast.recordings.store.store import Conflict, Missing, Store, StoreError
from tests.integration.recordings.s3_server import s3_server
from tests.unit.recordings.memory_store import file_packets
from tests.unit.recordings.show_harness import Encoder
from tests.unit.stream.audio import number_of

WRITERS = 8


@pytest.fixture(scope="module")
def s3_environment() -> Iterator[dict[str, str]]:
    with s3_server("recordings") as environment:
        yield environment


@pytest.fixture(params=["folder", "s3"])
def open_one(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], Store]:
    if request.param == "folder":
        return lambda: open_store((tmp_path / "a b").as_uri())
    for name, value in request.getfixturevalue("s3_environment").items():
        monkeypatch.setenv(name, value)
    return lambda: open_store(f"s3://recordings/{tmp_path.name}")


async def test_what_a_store_promises(open_one: Callable[[], Store]) -> None:
    store = open_one()
    assert await store.entries("open") == []
    for ask in (store.get, store.size):
        with pytest.raises(Missing):
            await ask("open/a/1")
    etag = await store.put("open/a/1", b"one", is_new=True)
    with pytest.raises(Conflict):
        await store.put("open/a/1", b"two", is_new=True)
    with pytest.raises(Conflict):
        await store.put("open/a/1", b"two", if_match='"another"')
    with pytest.raises(Conflict):
        await store.put("open/a/2", b"two", if_match=etag)
    [before] = await store.entries("open")
    assert await store.get("open/a/1") == (b"one", etag)
    assert await store.put("open/a/1", b"2nd", if_match=etag) != etag
    [entry] = await store.entries("open")
    assert entry[:2] == ("open/a/1", 3)
    assert entry.version != before.version
    await store.put("open/ab/1", b"other")
    assert [each.key for each in await store.entries("open/a")] == ["open/a/1"]
    assert [each.key for each in await store.entries("open", after="open/a/1")] == ["open/ab/1"]
    assert await store.entries("open", after="open/ab/1") == []
    await store.delete("open/a/1")
    await store.delete("open/a/1")
    with pytest.raises(Missing):
        await store.read("open/a/1", 0, 1)
    assert [each.key for each in await store.entries("open")] == ["open/ab/1"]
    store.close()


async def test_of_many_who_write_on_a_condition_one_does(open_one: Callable[[], Store]) -> None:
    stores = [open_one() for _ in range(WRITERS)]

    async def try_to(store: Store, data: bytes, **condition: object) -> str | None:
        try:
            return await store.put("open/a/1", data, **condition)  # type: ignore[arg-type]
        except Conflict:
            return None

    new = [try_to(store, b"%d" % each, is_new=True) for each, store in enumerate(stores)]
    [etag] = filter(None, await asyncio.gather(*new))
    for turn in range(5):
        data = [b"%d %d" % (turn, each) for each in range(WRITERS)]
        tries = [try_to(store, each, if_match=etag) for store, each in zip(stores, data, strict=True)]
        [etag] = filter(None, await asyncio.gather(*tries))


async def test_a_large_object_is_there_when_all_of_it_is(open_one: Callable[[], Store]) -> None:
    store = open_one()

    async def parts(count: int, error: Exception | None = None) -> AsyncIterator[bytes]:
        for number in range(count):
            yield bytes([number]) * 1_000_000
        if error is not None:
            raise error

    await store.put_parts("files/a/1.opus", parts(20))
    assert await store.size("files/a/1.opus") == 20_000_000
    assert await store.read("files/a/1.opus", 8_999_998, 9_000_002) == b"\x08\x08\x09\x09"
    with pytest.raises(KeyError):
        await store.put_parts("files/a/1.opus", parts(3, KeyError()))
    with pytest.raises(KeyError):
        await store.put_parts("files/a/2.opus", parts(12, KeyError()))
    assert [each[:2] for each in await store.entries("files")] == [("files/a/1.opus", 20_000_000)]


async def test_a_show_is_recorded_and_closed(open_one: Callable[[], Store]) -> None:
    store = open_one()
    encoder = Encoder()
    loop = asyncio.get_running_loop()
    counts = RecordingCounts()
    hold = ShowHold(
        store,
        "abc",
        gap_seconds=60,
        now=loop.time,
        wall=lambda: 1_800_000_000,
        describe=lambda: ("A title", False),
    )
    queue = ChunkQueue(
        hold, store, Spool(None, 0), bounds=QueueBounds(10**7, 10**7), counts=counts, now=loop.time
    )
    recorder = Recorder("abc", chunk_seconds=5, now=loop.time, wall=lambda: 1_800_000_000, write=queue.put)
    recorder.start_writing()
    for _ in range(1100):
        recorder.append_page(encoder.next_page())
    recorder.stop_writing()
    queue.end_show()
    await queue.flush()
    assert len(await store.entries("chunks")) == 5
    await Closer(store, gap_seconds=60, now=loop.time, counts=counts).look()
    assert counts.closed == {"ready": 1}
    show_id = ShowId.of("abc", 1_800_000_000)
    record = ShowRecord.parse((await store.get(show_id.record_key)).data)
    data = await store.read(show_id.file_key, 0, await store.size(show_id.file_key))
    assert [number_of(each) for each in file_packets(data)] == list(range(1100))
    assert (record.seconds, record.size_bytes) == (22.0, len(data))
    keys = [
        each.key for folder in ("open", "chunks", "shows", "files") for each in await store.entries(folder)
    ]
    assert keys == [show_id.record_key, show_id.file_key]


async def test_a_folder_keeps_nothing_of_what_failed(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    with pytest.raises(StoreError, match="a key of letters"):
        await store.put("../elsewhere", b"")
    with pytest.raises(StoreError, match="a key of letters"):
        await store.get("/etc/passwd")
    await store.put("open/a/1", b"one")
    with pytest.raises(Conflict):
        await store.put("open/a/1", b"two", is_new=True)
    assert sorted(os.listdir(tmp_path / "open" / "a")) == ["1"]
    # What a process has left that was killed while it wrote.
    left = tmp_path / "open" / "a" / ".writing-0"
    left.touch()
    assert len(await store.entries("open")) == 1
    assert left.exists()
    os.utime(left, (0, 0))
    await store.entries("open")
    assert not left.exists()
    await store.delete("open/a/1")
    assert sorted(os.listdir(tmp_path)) == []


async def test_a_bucket_that_is_not_there_is_an_error_without_credentials(
    s3_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3_environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret-words")
    with pytest.raises(StoreError) as caught:
        await open_store("s3://no-such-bucket/x").put("open/a/1", b"one")
    assert "very-secret-words" not in str(caught.value)
