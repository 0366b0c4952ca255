"""Dates of options, and days of time zones."""

from zoneinfo import ZoneInfo

import pytest

from audiocast.report.period import BadTime, Period, parse_time
from tests.unit.report.logs import NOON

BERLIN = ZoneInfo("Europe/Berlin")


def test_dates_and_times() -> None:
    assert parse_time("2026-11-30T12:00Z", BERLIN) == NOON * 1000
    assert parse_time("2026-11-30T13:00", BERLIN) == NOON * 1000
    assert parse_time("2026-11-30", BERLIN) == (NOON - 13 * 3600) * 1000
    assert parse_time("2026-11-30", BERLIN, is_end=True) == (NOON + 11 * 3600) * 1000


@pytest.mark.parametrize("text", ["", "today", "2026-13-01", "9999-12-31", "1970-01-01", "9" * 5000])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(BadTime, match="expected a"):
        parse_time(text, BERLIN)


def test_the_days_on_which_clocks_are_set_have_23_and_25_hours() -> None:
    start, end = parse_time("2026-01-01", BERLIN), parse_time("2026-12-31", BERLIN, is_end=True)
    days, hours = Period(None, None, BERLIN).lengths(start, end)
    assert len(days) == 365
    assert (days["2026-03-29"], days["2026-10-25"]) == (23 * 3_600_000, 25 * 3_600_000)
    assert (hours[2], hours[3]) == (365 * 3_600_000, 365 * 3_600_000)
    days, hours = Period(None, None, BERLIN).lengths(parse_time("2026-10-25", BERLIN), end - 1)
    assert hours[2] == 69 * 3_600_000
    assert hours[23] == 68 * 3_600_000 - 1
