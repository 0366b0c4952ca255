"""Deliveries on a clock that is turned by hand: when they are tried, and what makes room for what."""

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest

from audiocast.webhooks.delivery_queue import DeliveryQueue, QueueLimits
from audiocast.webhooks.event import Event, EventType, event_id
from audiocast.webhooks.sender import TryResult
from audiocast.webhooks.target import Target
from tests.support.clock.fake_clock import FakeClock

OK, FAILED, GONE = TryResult(True), TryResult(False, "answered 500"), TryResult(False, "410", is_gone=True)


def target(name: str) -> Target:
    return Target(f"https://{name}.example/x?token=hidden", ())


A, B = target("a"), target("b")


def event(stream_id: str = "news", number: int = 0) -> Event:
    name = event_id(stream_id, number)
    return Event(EventType.STREAM_LIVE, stream_id, name, 0.0, number, {})


class Deliveries:
    """A queue whose receivers answer as a test says."""

    def __init__(self, limits: QueueLimits | None = None) -> None:
        self.clock = FakeClock()
        self.tried: list[tuple[str, str, float]] = []
        self.outcomes: Counter[str] = Counter()
        self.answer: Callable[[Target, Event], TryResult | None] = lambda target, event: OK
        self.hanging: list[asyncio.Future[TryResult]] = []
        self.queue = DeliveryQueue(
            self.clock, self._send, self._note, limits=limits or QueueLimits(), chance=lambda: 0.0
        )

    async def _send(self, target: Target, event: Event) -> TryResult:
        self.tried.append((target.host.partition(".")[0], event.event_id, self.clock.time()))
        answer = self.answer(target, event)
        if answer is not None:
            return answer
        self.hanging.append(asyncio.get_running_loop().create_future())
        return await self.hanging[-1]

    def _note(self, event: Event, outcome: str) -> None:
        self.outcomes[outcome] += 1

    async def settle(self) -> None:
        for _ in range(80):
            await asyncio.sleep(0)
            self.clock.settle()

    async def advance(self, seconds: float) -> None:
        """Let time pass in steps that no two tries fit in."""
        await self.settle()
        left = seconds
        while left > 0:
            self.clock.advance(min(1.0, left))
            left -= 1.0
            await self.settle()


async def test_six_tries_within_an_hour_then_it_has_failed(capsys: pytest.CaptureFixture[str]) -> None:
    deliveries = Deliveries()
    deliveries.answer = lambda target, event: FAILED
    deliveries.queue.put(A, event())
    await deliveries.advance(2 * 3600)
    begun = deliveries.clock.time() - 2 * 3600
    waits = [round(at - begun) for _, _, at in deliveries.tried]
    assert waits == [0, 5, 65, 365, 1265, 3565]
    assert len({name for _, name, _ in deliveries.tried}) == 1
    assert deliveries.outcomes == {"retried": 5, "failed": 1}
    assert (deliveries.queue.count, deliveries.queue.oldest_seconds) == (0, 0.0)
    assert deliveries.clock.due == 0


async def test_a_receiver_that_is_away_for_ten_minutes_gets_each_event_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    deliveries = Deliveries()
    back_at = deliveries.clock.time() + 600
    got: list[str] = []

    def answer(target: Target, event: Event) -> TryResult:
        if deliveries.clock.time() < back_at:
            return FAILED
        got.append(event.event_id)
        return OK

    deliveries.answer = answer
    names = []
    for number in range(10):
        deliveries.queue.put(A, event(number=number))
        names.append(event_id("news", number))
        await deliveries.advance(30)
    assert deliveries.queue.oldest_seconds == pytest.approx(300)
    await deliveries.advance(3600)
    assert sorted(got) == sorted(names)
    assert deliveries.outcomes["delivered"] == 10
    assert "hidden" not in capsys.readouterr().out


async def test_a_receiver_that_hangs_keeps_nobody_else_waiting() -> None:
    deliveries = Deliveries(QueueLimits(under_way=8, under_way_per_target=4))
    deliveries.answer = lambda target, event: None if target is A else OK
    for number in range(50):
        deliveries.queue.put(A, event(f"s{number}", number))
        deliveries.queue.put(B, event(f"s{number}", number))
    await deliveries.settle()
    assert deliveries.outcomes["delivered"] == 50
    assert len(deliveries.hanging) == 4
    for answer in deliveries.hanging:
        answer.set_result(OK)
    await deliveries.settle()
    assert len(deliveries.hanging) == 8
    await deliveries.queue.close(0.01)


async def test_one_stream_takes_no_other_s_place_and_its_newest_stay(
    capsys: pytest.CaptureFixture[str],
) -> None:
    deliveries = Deliveries(QueueLimits(waiting=100, waiting_per_target=20, waiting_per_stream=5))
    deliveries.answer = lambda target, event: FAILED
    deliveries.queue.put(A, event("quiet"))
    for number in range(200):
        deliveries.queue.put(A, event("loud", number))
    assert deliveries.queue.count == 6
    await deliveries.settle()
    deliveries.answer = lambda target, event: OK
    deliveries.tried.clear()
    await deliveries.advance(10)
    expected = {event_id("quiet", 0), *(event_id("loud", number) for number in range(195, 200))}
    assert {name for _, name, _ in deliveries.tried} == expected
    assert deliveries.outcomes["dropped"] == 195


async def test_a_flood_is_bounded_and_each_dropped_one_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    limits = QueueLimits(waiting=300, waiting_per_target=200, waiting_per_stream=10)
    deliveries = Deliveries(limits)
    deliveries.answer = lambda target, event: None
    for number in range(20_000):
        deliveries.queue.put((A, B)[number % 2], event(f"s{number % 500}", number))
    assert deliveries.queue.count == 300
    await deliveries.settle()
    assert len(deliveries.hanging) == 8
    assert deliveries.outcomes["dropped"] == 20_000 - 300
    # What made room is not kept either.
    assert sum(len(each.due) for each in deliveries.queue._lines.values()) < 2 * 300 + 64
    await deliveries.queue.close(0.01)
    assert deliveries.outcomes["dropped"] == 20_000
    assert deliveries.queue.count == 0


async def test_410_ends_all_that_waits_for_that_target_and_no_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    deliveries = Deliveries()
    deliveries.answer = lambda target, event: FAILED
    for number in range(3):
        deliveries.queue.put(A, event(number=number))
    await deliveries.settle()
    deliveries.answer = lambda target, event: GONE if target is A else OK
    await deliveries.advance(6)
    assert deliveries.queue.count == 0
    deliveries.tried.clear()
    deliveries.queue.put(A, event(number=9))
    deliveries.queue.put(B, event(number=9))
    await deliveries.advance(3600)
    assert [name for name, _, _ in deliveries.tried] == ["b"]
    assert deliveries.outcomes["gone"] == 4


async def test_at_the_stop_what_waits_is_tried_once_more(capsys: pytest.CaptureFixture[str]) -> None:
    deliveries = Deliveries()
    deliveries.answer = lambda target, event: FAILED
    for number in range(3):
        deliveries.queue.put(A, event(number=number))
    await deliveries.settle()
    deliveries.tried.clear()
    deliveries.answer = lambda target, event: FAILED if event.sequence == 1 else OK
    await deliveries.queue.close(1)
    assert len(deliveries.tried) == 3
    assert (deliveries.outcomes["delivered"], deliveries.outcomes["dropped"]) == (2, 1)
    deliveries.queue.put(A, event(number=5))
    assert deliveries.outcomes["dropped"] == 2


async def test_an_event_may_wait_before_its_first_try() -> None:
    deliveries = Deliveries()
    deliveries.queue.put(A, event(), delay_seconds=2.0)
    await deliveries.settle()
    assert deliveries.tried == []
    await deliveries.advance(2)
    assert len(deliveries.tried) == 1


async def test_what_waits_for_a_target_goes_on_to_the_one_in_its_place() -> None:
    deliveries = Deliveries()
    deliveries.answer = lambda target, event: FAILED if target == A else OK
    deliveries.queue.put(A, event())
    await deliveries.settle()
    deliveries.queue.replace(A, B)
    await deliveries.advance(5)
    assert [name for name, _, _ in deliveries.tried] == ["a", "b"]
    assert deliveries.outcomes == {"retried": 1, "delivered": 1}
    assert deliveries.queue.count == 0
    # It leaves nothing behind: the one before is a target like any other.
    deliveries.queue.put(A, event(number=1))
    await deliveries.settle()
    assert deliveries.tried[-1][0] == "a"


async def test_a_410_of_the_address_before_says_nothing_of_the_next_one() -> None:
    deliveries = Deliveries()
    deliveries.answer = lambda target, event: None if target == A else OK
    deliveries.queue.put(A, event())
    await deliveries.settle()
    deliveries.queue.replace(A, B)
    deliveries.hanging[0].set_result(GONE)
    await deliveries.advance(5)
    assert [name for name, _, _ in deliveries.tried] == ["a", "b"]
    assert deliveries.outcomes["delivered"] == 1


async def test_a_target_that_is_taken_out_is_told_nothing_more() -> None:
    deliveries = Deliveries()
    deliveries.answer = lambda target, event: FAILED if event.sequence == 0 else None
    for number in range(3):
        deliveries.queue.put(A, event(number=number))
    await deliveries.settle()
    deliveries.queue.replace(A, None)
    assert deliveries.queue.count == 0
    assert deliveries.outcomes == {"retried": 1, "dropped": 3}
    for each in deliveries.hanging:
        each.set_result(OK)
    tried = len(deliveries.tried)
    await deliveries.advance(4_000)
    assert len(deliveries.tried) == tried
    assert deliveries.outcomes == {"retried": 1, "dropped": 3}
    # One that was gone may come again.
    deliveries.answer = lambda target, event: GONE
    deliveries.queue.put(B, event())
    await deliveries.settle()
    deliveries.queue.replace(B, None)
    deliveries.answer = lambda target, event: OK
    deliveries.queue.put(B, event())
    await deliveries.settle()
    assert deliveries.outcomes["delivered"] == 1
