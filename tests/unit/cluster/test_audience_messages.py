"""The audience of a stream at all members together, and answers that are none."""

from typing import Any

import pytest

from audiocast.cluster.audience.audience_messages import MemberAudience, parse_all, whole_audience
from audiocast.stream.audience.audience import NO_AUDIENCE
from audiocast.stream.audience.stream_audience import AudienceSnapshot

MINUTE = 30_000_000
NOW = (MINUTE + 3) * 60.0


def member(name: str, *, now: int = 1, peak: int = 2, seconds: float = 90.0) -> MemberAudience:
    curve = [(MINUTE, 0.5), (MINUTE + 1, 1.0)]
    return MemberAudience(name, AudienceSnapshot(now, peak, seconds, MINUTE, curve))


def test_numbers_of_members_are_added() -> None:
    whole = whole_audience([member("b"), member("a", now=4, peak=7, seconds=270.0)], NOW)
    assert whole == {
        "now": 5,
        "peak": 7,
        "listening_hours": 0.1,
        "average": 2.0,
        "curve": [[MINUTE, 1.0], [MINUTE + 1, 2.0]],
        "members": [
            {"name": "a", "now": 4, "peak": 7, "listening_hours": 0.075},
            {"name": "b", "now": 1, "peak": 2, "listening_hours": 0.025},
        ],
    }


def test_where_nobody_has_listened_there_is_nothing() -> None:
    whole = whole_audience([MemberAudience("a", NO_AUDIENCE)], NOW)
    assert whole == {
        "now": 0, "peak": 0, "listening_hours": 0.0, "average": 0.0, "curve": [], "members": []
    }  # fmt: skip


def test_what_is_sent_is_what_is_read() -> None:
    assert parse_all([member("a").as_json()]) == [member("a")]


@pytest.mark.parametrize(
    "hostile",
    [
        None,
        [],
        {},
        {**member("a").as_json(), "now": "1"},
        {**member("a").as_json(), "curve": [[1, 2]] * 1441},
        {**member("a").as_json(), "curve": [7]},
        {**member("a").as_json(), "curve": [["x", 1.0]]},
    ],
)
def test_what_is_no_audience_is_left_out(hostile: Any) -> None:
    assert parse_all([hostile, member("b").as_json()]) == [member("b")]
