"""Members that were killed: what they had told of counts, once."""

import random

from tests.unit.report.logs import Line, added_up, listen, mark, opened, rows

FLUSH = 60.0


def test_the_last_word_of_a_killed_member_counts() -> None:
    result = added_up([mark("started", 0), opened(60, 2, 70), opened(120, 3, 200), mark("started", 500)])
    assert (result.total.milliseconds, result.total.sessions) == (200_000, 3)
    assert (result.lost_milliseconds, result.lost_sessions) == (200_000, 3)
    assert result.total.uniques is None


def test_what_has_a_record_is_not_counted_twice() -> None:
    # Open at 120: one since 20, one since 30. The first is recorded afterwards, the second is lost.
    result = added_up([mark("started", 0), opened(120, 2, 100 + 90), listen(20, 110)])
    assert (result.total.milliseconds, result.total.sessions) == (200_000, 2)
    assert (result.lost_milliseconds, result.lost_sessions) == (90_000, 1)


def test_a_listen_that_began_afterwards_takes_nothing_away() -> None:
    result = added_up([opened(120, 1, 100), listen(121, 5)])
    assert (result.total.milliseconds, result.total.sessions) == (105_000, 2)


def test_an_hls_session_that_had_ended_before_its_end_was_noted_is_not_counted_twice() -> None:
    # Its last request was at 100; the member learns a minute later that it was the last.
    result = added_up([opened(120, 1, 120), listen(0, 100)])
    assert (result.total.milliseconds, result.lost_sessions) == (100_000, 0)


def test_a_proper_stop_leaves_nothing_lost() -> None:
    lines = [mark("started", 0), opened(60, 1, 60), listen(0, 90, end="server_stopped"), mark("stopped", 91)]
    result = added_up([*lines, mark("started", 95)])
    assert (result.total.milliseconds, result.lost_sessions) == (90_000, 0)


def test_after_a_proper_stop_nothing_is_added_for_a_record_that_is_missing() -> None:
    result = added_up([mark("started", 0), opened(60, 2, 90), listen(0, 90), mark("stopped", 91)])
    assert (result.total.sessions, result.lost_sessions) == (1, 0)


def test_members_ways_and_streams_are_kept_apart() -> None:
    result = added_up(
        [
            opened(60, 1, 10),
            opened(60, 1, 20, node="two"),
            opened(60, 1, 40, way="hls"),
            opened(60, 1, 80, stream_id="other"),
            listen(50, 20, node="two"),
            mark("stopped", 70, "two"),
        ]
    )
    assert result.lost_milliseconds == 130_000
    assert result.total.milliseconds == 150_000
    assert {name: row.milliseconds for name, row in rows(result, "stream").items()} == {
        "show": 70_000,
        "other": 80_000,
    }


def test_a_killed_member_is_missing_less_than_its_flush_interval() -> None:
    for seed in range(30):
        chance = random.Random(seed)
        killed_at = chance.uniform(100, 900)
        lives = [(start := chance.uniform(0, 800), start + chance.uniform(0, 400)) for _ in range(50)]
        lines: list[tuple[float, Line]] = [
            (end, listen(start, end - start)) for start, end in lives if end < killed_at
        ]
        at = FLUSH
        while at < killed_at:
            on = [start for start, end in lives if start <= at < end]
            lines.append((at, opened(at, len(on), sum(at - start for start in on))))
            at += FLUSH
        lines.sort(key=lambda each: each[0])
        result = added_up([mark("started", 0), *(line for _, line in lines)])
        truth = sum(min(end, killed_at) - start for start, end in lives if start < killed_at)
        missing = truth - result.total.milliseconds / 1000
        cut_off = [start for start, end in lives if start < killed_at <= end]
        assert -1 <= missing <= FLUSH * len(cut_off)
        # Nobody is there twice: those who are missing came after the last word.
        assert result.total.sessions <= sum(start < killed_at for start, _ in lives)
