"""An hour of a show whose owners are killed, in a store that fails, is slow, is away and is full."""

import asyncio
import random

from audiocast.ogg.opus import SAMPLE_RATE
from audiocast.recordings.store.store import StoreError
from tests.support.clock.jumping_loop import run
from tests.unit.recordings.memory_store import MemoryStore, file_packets
from tests.unit.recordings.show_harness import Encoder, Owner, close_all, file_of
from tests.unit.stream.audio import PACKET_SAMPLES, is_numbered, number_of

CHUNK_PACKETS = 250
HOUR_SECONDS = 3600


def test_what_is_missing_of_an_hour_was_in_the_memory_of_who_was_killed() -> None:
    async def work() -> None:
        chance = random.Random(11)
        store, encoder = MemoryStore(), Encoder()
        now = asyncio.get_running_loop().time
        began_at = now()

        def fail(method: str, key: str) -> None:
            at = now() - began_at
            if 1260 <= at < 1320:
                raise StoreError("away")
            if method == "put" and 2000 <= at < 2003:
                raise StoreError("no space left on device")
            if method == "put" and chance.random() < 0.05:
                raise StoreError("500")

        store.before = fail
        owner, kills, in_memory = Owner(store), 0, 0
        owner.recorder.start_writing()
        ends = [chance.uniform(5 + 300 * turn, 295 + 300 * turn) for turn in range(12)]
        # Nobody is killed while the store is away, and just after: more than a chunk is in memory then.
        ends = [at for at in ends if not (1255 <= at < 1340 or 1995 <= at < 2020)]
        while now() - began_at < HOUR_SECONDS:
            store.slow_seconds = 2.0 if 700 <= now() - began_at < 760 else 0.05
            if ends and now() - began_at >= ends[0]:
                ends.pop(0)
                kills += 1
                waiting = sum(each.samples for each in owner.queue._waiting) + owner.recorder._samples
                in_memory += waiting
                assert waiting <= 2 * CHUNK_PACKETS * PACKET_SAMPLES
                owner.kill()
                await asyncio.sleep(0)
                owner = Owner(store)
                owner.recorder.start_writing()
            owner.recorder.append_page(encoder.next_page())
            await asyncio.sleep(0.02)
        owner.recorder.stop_writing()
        await owner.queue.flush()
        [record] = await close_all(store)

        packets = file_packets(file_of(store, record))
        numbers = [number_of(each) for each in packets if is_numbered(each) and len(each) > 3]
        assert kills >= 9
        assert numbers == sorted(set(numbers))
        lost = encoder.number - len(numbers)
        assert lost * PACKET_SAMPLES == in_memory
        # The index says of each second of the file whether it is there.
        missing = [(round(a * SAMPLE_RATE), round(b * SAMPLE_RATE)) for a, b in record.missing]
        at = 0
        silence: list[tuple[int, int]] = []
        for each in packets:
            if len(each) == 3:
                if silence and silence[-1][1] == at:
                    silence[-1] = silence[-1][0], at + PACKET_SAMPLES
                else:
                    silence.append((at, at + PACKET_SAMPLES))
            at += PACKET_SAMPLES
        assert missing == silence
        assert sum(b - a for a, b in missing) == in_memory
        assert at == encoder.number * PACKET_SAMPLES
        assert record.seconds == round(at / SAMPLE_RATE, 3)
        print(f"{kills} kills, {lost} of {encoder.number} packets lost, {store.requests} requests")

    run(work())
