"""The queue between encoder and connection: what is kept, what is thrown away, which reader gets what."""

import threading

import pytest

from tk_streamer.engine.packet_queue import KEEP_SECONDS, PacketQueue, QueuedPacket

SECONDS = 20.0
PACKET_SECONDS = 0.02


def packet(number: int) -> QueuedPacket:
    return QueuedPacket(number.to_bytes(4, "big"), PACKET_SECONDS)


def fill(packet_queue: PacketQueue, numbers: range) -> None:
    for number in numbers:
        packet_queue.put(packet(number))


def test_a_reader_gets_all_in_order() -> None:
    packet_queue, reader = PacketQueue(), object()
    packet_queue.set_reader(reader)
    fill(packet_queue, range(10))
    assert [packet_queue.get(reader) for _ in range(10)] == [packet(number) for number in range(10)]
    assert packet_queue.dropped_seconds == 0


def test_while_away_the_newest_second_is_kept_and_the_rest_counted() -> None:
    packet_queue, reader = PacketQueue(), object()
    packet_queue.set_reader(reader)
    packet_queue.set_reader(None)
    fill(packet_queue, range(500))
    assert packet_queue.dropped_seconds == pytest.approx(500 * PACKET_SECONDS - KEEP_SECONDS, abs=0.021)
    packet_queue.set_reader(reader)
    oldest = packet_queue.get(reader)
    assert oldest in [packet(450), packet(451)]


def test_before_the_first_reader_nothing_counts_as_lost() -> None:
    packet_queue = PacketQueue()
    fill(packet_queue, range(500))
    assert packet_queue.dropped_seconds == 0


def test_a_hand_over_lies_between_two_packets() -> None:
    packet_queue, first, second = PacketQueue(), object(), object()
    packet_queue.set_reader(first)
    fill(packet_queue, range(4))
    taken = [packet_queue.get(first), packet_queue.get(first)]
    packet_queue.set_reader(second)
    assert packet_queue.get(first) is None
    assert [*taken, packet_queue.get(second), packet_queue.get(second)] == [
        packet(number) for number in range(4)
    ]


def test_a_waiting_reader_is_woken_by_the_next_one() -> None:
    packet_queue, first, second = PacketQueue(), object(), object()
    packet_queue.set_reader(first)
    results: list[QueuedPacket | None] = []
    waiting = threading.Thread(target=lambda: results.append(packet_queue.get(first)))
    waiting.start()
    packet_queue.set_reader(second)
    waiting.join(SECONDS)
    assert results == [None]


def test_close_lets_everybody_go() -> None:
    packet_queue, reader = PacketQueue(is_blocking=True), object()
    fill(packet_queue, range(round(KEEP_SECONDS / PACKET_SECONDS)))
    waiting = [
        threading.Thread(target=packet_queue.wait_for_reader),
        threading.Thread(target=lambda: packet_queue.put(packet(99))),
    ]
    for thread in waiting:
        thread.start()
    packet_queue.close()
    for thread in waiting:
        thread.join(SECONDS)
    assert not any(thread.is_alive() for thread in waiting)
    packet_queue.set_reader(reader)
    assert packet_queue.get(reader) is None


def test_sound_without_a_clock_waits_for_the_network_and_loses_nothing() -> None:
    packet_queue, reader = PacketQueue(is_blocking=True), object()
    packet_queue.set_reader(reader)
    putting = threading.Thread(target=fill, args=(packet_queue, range(300)))
    putting.start()
    assert [packet_queue.get(reader) for _ in range(300)] == [packet(number) for number in range(300)]
    putting.join(SECONDS)
    assert packet_queue.dropped_seconds == 0
