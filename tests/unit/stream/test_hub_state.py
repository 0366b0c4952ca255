"""Promises: bounded for each kind, and none pushes out one of the other kind."""

from audiocast.stream.fanout.limits import FanoutLimits
from audiocast.stream.hub_state import NO_PROMISE, HubLimits, Promise, Promises


def test_nothing_holds_for_an_unknown_stream() -> None:
    promises = Promises()
    assert promises.get("abc") == NO_PROMISE == Promise(generation=0, is_closed=False)
    assert "abc" not in promises


def test_the_last_word_holds() -> None:
    promises = Promises()
    promises.keep("abc", Promise(generation=3, is_closed=True))
    assert promises.get("abc") == Promise(3, True)
    promises.keep("abc", Promise(generation=3, is_closed=False))
    assert promises.get("abc") == Promise(3, False)
    assert "abc" in promises
    promises.drop("abc")
    assert "abc" not in promises


def test_ended_streams_push_out_the_oldest_of_their_kind_and_no_generation() -> None:
    promises = Promises(max_promises=3)
    promises.keep("replaced", Promise(generation=2))
    for number in range(10):
        promises.keep(f"ended{number}", Promise(is_closed=True))
    assert len(promises) == 4
    assert promises.get("replaced") == Promise(2, False)
    assert [number for number in range(10) if promises.get(f"ended{number}").is_closed] == [7, 8, 9]


def test_generations_are_bounded_too() -> None:
    promises = Promises(max_promises=3)
    for number in range(10):
        promises.keep(f"replaced{number}", Promise(generation=1))
    assert len(promises) == 3
    assert "replaced9" in promises


def test_twenty_thousand_of_each_kind_are_kept() -> None:
    promises = Promises()
    for number in range(20_001):
        promises.keep(f"ended{number}", Promise(is_closed=True))
        promises.keep(f"replaced{number}", Promise(generation=1))
    assert len(promises) == 40_000
    assert [f"{kind}{number}" in promises for kind in ("ended", "replaced") for number in (0, 1)] == [
        False,
        True,
        False,
        True,
    ]


def test_a_newer_generation_takes_back_an_end_and_an_older_one_changes_nothing() -> None:
    ended = Promise(generation=2, is_closed=True)
    assert ended.with_generation(1) is ended.with_generation(2) is ended
    assert ended.with_generation(3) == Promise(3, False)


def test_streams_behave_so_when_nothing_is_set() -> None:
    # The same as docs/settings.md says of the settings.
    assert HubLimits() == HubLimits(
        backlog_seconds=20.0,
        backlog_bytes=262_144,
        active_seconds=2.5,
        grace_seconds=30.0,
        log_sources=False,
        fanout=FanoutLimits(flush_interval_seconds=0.1, lag_seconds=10.0, stall_seconds=20.0),
    )
