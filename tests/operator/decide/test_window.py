"""When a maintenance window is open."""

from datetime import UTC, datetime
from typing import Any

import pytest

from audiocast_operator.decide.window import is_window_open
from audiocast_operator.errors import BadSpec
from audiocast_operator.models.audio_cast import MaintenanceWindow

FRIDAY, SATURDAY = 4, 5


def at(day: int, clock: str) -> datetime:
    return datetime.fromisoformat(f"2030-01-{day:02}T{clock}:00").replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("rules", "clock", "expected"),
    [
        ({"start": "02:00", "end": "05:00"}, "01:59", False),
        ({"start": "02:00", "end": "05:00"}, "02:00", True),
        ({"start": "02:00", "end": "05:00"}, "05:00", False),
        ({"start": "22:00", "end": "02:00"}, "23:00", True),
        ({"start": "22:00", "end": "02:00"}, "01:00", True),
        ({"start": "22:00", "end": "02:00"}, "12:00", False),
        ({"start": "00:00", "end": "00:00"}, "12:00", True),
        # 12:00 in UTC is 13:00 in Berlin's winter.
        ({"start": "13:00", "end": "14:00", "timeZone": "Europe/Berlin"}, "12:00", True),
        ({"start": "12:00", "end": "13:00", "timeZone": "Europe/Berlin"}, "12:00", False),
        ({"start": "10:00", "end": "14:00", "days": ["Fri"]}, "12:00", True),
        ({"start": "10:00", "end": "14:00", "days": ["Sat", "Thu"]}, "12:00", False),
    ],
)
def test_it_is_open(rules: dict[str, Any], clock: str, expected: bool) -> None:
    assert is_window_open(MaintenanceWindow.model_validate(rules), at(FRIDAY, clock)) is expected


def test_over_midnight_the_day_is_that_on_which_it_began() -> None:
    window = MaintenanceWindow.model_validate({"start": "22:00", "end": "02:00", "days": ["Fri"]})
    assert is_window_open(window, at(SATURDAY, "01:00"))
    assert not is_window_open(window, at(FRIDAY, "01:00"))


def test_without_a_window_it_always_is() -> None:
    assert is_window_open(None, at(FRIDAY, "12:00"))


def test_a_time_zone_that_is_none_is_named() -> None:
    window = MaintenanceWindow.model_validate({"start": "22:00", "end": "02:00", "timeZone": "Mars/Olympus"})
    with pytest.raises(
        BadSpec, match=r"drain\.window\.timeZone: expected an IANA time zone, got 'Mars/Olympus'"
    ):
        is_window_open(window, at(FRIDAY, "12:00"))
