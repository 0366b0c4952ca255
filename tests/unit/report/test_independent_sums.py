"""The report's numbers are those of another algorithm: listen by listen, by Python's dates, all pairs."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.report.logs import NOON, Line, added_up, listen, rows, track

ZONES = ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe"]
# The clocks of Berlin go back in the night to 25 October 2026, and forward on 28 March 2027.
BEGINS = [NOON, 1_792_882_800, 1_806_188_400]


class Heard(NamedTuple):
    """A listen, milliseconds."""

    start: int
    end: int
    stream: str
    way: str
    agent: str
    client: str


@st.composite
def listens(draw: st.DrawFn) -> list[Heard]:
    begin = draw(st.sampled_from(BEGINS)) * 1000
    found = []
    for _ in range(draw(st.integers(0, 40))):
        # Coarse times meet each other, and fine ones do not.
        unit = draw(st.sampled_from([1, 1000, 900_000]))
        start = begin + draw(st.integers(0, 200_000_000 // unit)) * unit
        length = draw(st.integers(0, 90_000_000 // unit)) * unit
        names = [draw(st.sampled_from(choice)) for choice in ("ab", ["stream", "hls"], "xyz", "1234")]
        found.append(Heard(start, start + length, *names))
    return found


def line(heard: Heard) -> Line:
    return listen(
        heard.start / 1000 - NOON,
        (heard.end - heard.start) / 1000,
        stream_id=heard.stream,
        way=heard.way,
        agent=heard.agent,
        client=heard.client,
    )


def most_at_once(some: list[Heard]) -> int:
    return max((sum(each.start <= one.start < each.end for each in some) for one in some), default=0)


def cut(some: list[Heard], start: int, end: int) -> list[Heard]:
    inside = [each._replace(start=max(each.start, start), end=min(each.end, end)) for each in some]
    return [
        new
        for new, old in zip(inside, some, strict=True)
        if new.start < new.end or (old.start == old.end and start <= old.start < end)
    ]


def by_local(some: list[Heard], zone: str, form: str) -> dict[str, int]:
    """Return listening time by a part of the local time, minute by minute of unix time."""
    times: Counter[str] = Counter()
    for each in some:
        at = each.start
        while at < each.end:
            until = min(at - at % 60_000 + 60_000, each.end)
            local = datetime.fromtimestamp(at // 1000, UTC).astimezone(ZoneInfo(zone))
            times[local.strftime(form)] += until - at
            at = until
    return dict(times)


@settings(max_examples=60, deadline=None)
@given(listens(), st.sampled_from(ZONES), st.booleans())
def test_all_numbers(some: list[Heard], zone: str, is_cut: bool) -> None:
    start, end = None, None
    if is_cut and some:
        start = some[0].start + 3_600_001
        end = start + int(timedelta(hours=30).total_seconds()) * 1000
    result = added_up(map(line, some), start=start, end=end, zone=zone)
    inside = some if start is None or end is None else cut(some, start, end)
    assert result.total.milliseconds == sum(each.end - each.start for each in inside)
    assert result.total.sessions == len(inside)
    assert result.total.uniques == len({each.client for each in inside})
    lasting = [each for each in inside if each.start < each.end]
    assert result.total.peak == most_at_once(lasting)
    for dimension, form in (("day", "%Y-%m-%d"), ("hour", "%H")):
        times = {name: row.milliseconds for name, row in rows(result, dimension).items() if row.milliseconds}
        assert times == by_local(lasting, zone, form)
        assert sum(row.sessions for row in result.rows[dimension]) == len(inside)
    for dimension in ("stream", "way", "agent"):
        parts = defaultdict(list)
        for each in inside:
            parts[getattr(each, dimension)].append(each)
        assert {
            name: (row.milliseconds, row.sessions, row.uniques, row.peak)
            for name, row in rows(result, dimension).items()
        } == {
            name: (
                sum(each.end - each.start for each in part),
                len(part),
                len({each.client for each in part}),
                most_at_once([each for each in part if each.start < each.end]),
            )
            for name, part in parts.items()
        }


@settings(max_examples=60, deadline=None)
@given(listens())
def test_peaks_of_days_are_those_of_their_parts(some: list[Heard]) -> None:
    result = added_up(map(line, some))
    days: dict[str, list[Heard]] = defaultdict(list)
    for each in some:
        at = each.start
        while at < each.end:
            midnight = at - at % 86_400_000 + 86_400_000
            day = datetime.fromtimestamp(at // 1000, UTC).date().isoformat()
            days[day].append(each._replace(start=at, end=min(midnight, each.end)))
            at = midnight
    peaks = {name: row.peak for name, row in rows(result, "day").items() if row.peak}
    assert peaks == {day: most_at_once(part) for day, part in days.items()}


@settings(max_examples=60, deadline=None)
@given(listens(), st.lists(st.tuples(st.integers(0, 200_000), st.sampled_from("ab"), st.sampled_from("mno"))))
def test_performances_are_all_pairs_of_a_listen_and_a_play(
    some: list[Heard], changes: list[tuple[int, str, str]]
) -> None:
    begin = min((each.start for each in some), default=NOON * 1000)
    # One title at one time.
    changes = list({(at, stream): (at, stream, title) for at, stream, title in changes}.values())
    lines = [track(begin / 1000 - NOON + at, "", title, stream_id=stream) for at, stream, title in changes]
    longest = 30_000_000
    result = added_up([*map(line, some), *lines], longest_play=longest)
    expected: Counter[str] = Counter()
    for stream in "ab":
        ordered = sorted((begin + at * 1000, title) for at, each, title in changes if each == stream)
        plays: list[tuple[int, str]] = []
        for at, title in ordered:
            if not plays or plays[-1][1] != title or at - plays[-1][0] >= longest:
                plays.append((at, title))
        for place, (at, title) in enumerate(plays):
            until = min([at + longest, *(later for later, _ in plays[place + 1 : place + 2])])
            expected[title] += sum(
                each.stream == stream and each.start < until and each.end > at and each.end > each.start
                for each in some
            )
    found = {row.title: row.performances for row in result.performances}
    assert found == {title: count for title, count in expected.items() if count}


def test_the_average_is_the_time_over_the_period() -> None:
    result = added_up([listen(0, 1800), listen(0, 3600)], start=NOON * 1000, end=(NOON + 7200) * 1000)
    assert result.total.average == pytest.approx(0.75)
    assert {name: row.average for name, row in rows(result, "hour").items()} == {"12": 1.5}
    assert rows(result, "stream")["show"].average == pytest.approx(0.75)
