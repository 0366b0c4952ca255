"""The queue between encoder and connection: what is kept, what is thrown away, who gets what."""

import threading

import pytest

from tk_streamer.engine.outbox import KEEP_SECONDS, Outbox, Parcel

SECONDS = 20.0
PACKET_SECONDS = 0.02


def parcel(number: int) -> Parcel:
    return Parcel(number.to_bytes(4, "big"), PACKET_SECONDS)


def fill(outbox: Outbox, numbers: range) -> None:
    for number in numbers:
        outbox.put(parcel(number))


def test_a_reader_gets_all_in_order() -> None:
    outbox, reader = Outbox(), object()
    outbox.hand_to(reader)
    fill(outbox, range(10))
    assert [outbox.take(reader) for _ in range(10)] == [parcel(number) for number in range(10)]
    assert outbox.dropped_seconds == 0


def test_while_away_the_newest_second_is_kept_and_the_rest_counted() -> None:
    outbox, reader = Outbox(), object()
    outbox.hand_to(reader)
    outbox.hand_to(None)
    fill(outbox, range(500))
    assert outbox.dropped_seconds == pytest.approx(500 * PACKET_SECONDS - KEEP_SECONDS, abs=0.021)
    outbox.hand_to(reader)
    oldest = outbox.take(reader)
    assert oldest in [parcel(450), parcel(451)]


def test_before_the_first_reader_nothing_counts_as_lost() -> None:
    outbox = Outbox()
    fill(outbox, range(500))
    assert outbox.dropped_seconds == 0


def test_a_hand_over_lies_between_two_packets() -> None:
    outbox, first, second = Outbox(), object(), object()
    outbox.hand_to(first)
    fill(outbox, range(4))
    taken = [outbox.take(first), outbox.take(first)]
    outbox.hand_to(second)
    assert outbox.take(first) is None
    assert [*taken, outbox.take(second), outbox.take(second)] == [parcel(number) for number in range(4)]


def test_a_waiting_reader_is_woken_by_the_next_one() -> None:
    outbox, first, second = Outbox(), object(), object()
    outbox.hand_to(first)
    results: list[Parcel | None] = []
    waiting = threading.Thread(target=lambda: results.append(outbox.take(first)))
    waiting.start()
    outbox.hand_to(second)
    waiting.join(SECONDS)
    assert results == [None]


def test_close_lets_everybody_go() -> None:
    outbox, reader = Outbox(waits=True), object()
    fill(outbox, range(round(KEEP_SECONDS / PACKET_SECONDS)))
    waiting = [
        threading.Thread(target=outbox.wait_for_reader),
        threading.Thread(target=lambda: outbox.put(parcel(99))),
    ]
    for thread in waiting:
        thread.start()
    outbox.close()
    for thread in waiting:
        thread.join(SECONDS)
    assert not any(thread.is_alive() for thread in waiting)
    outbox.hand_to(reader)
    assert outbox.take(reader) is None


def test_sound_without_a_clock_waits_for_the_network_and_loses_nothing() -> None:
    outbox, reader = Outbox(waits=True), object()
    outbox.hand_to(reader)
    putting = threading.Thread(target=fill, args=(outbox, range(300)))
    putting.start()
    assert [outbox.take(reader) for _ in range(300)] == [parcel(number) for number in range(300)]
    putting.join(SECONDS)
    assert outbox.dropped_seconds == 0
