"""Who has listened, as the desktop program asks for it and draws it."""

from typing import Any

import pytest

from tests.client.scripted_server import ScriptedServer
from tk_streamer.errors import BadResponse
from tk_streamer.server.connection import LiveSession
from tk_streamer.server.streams import AudienceCurve, StreamCredentials, fetch_audience
from tk_streamer.window.panels.audience import LEAST_MINUTES, curve_places

CURVE = [[100, 0.0], [101, 2.5], [102, 4]]


def ask(answer: Any) -> tuple[AudienceCurve, str, str]:
    """Give what a server's answer is taken for, the line of the request, and its authorization."""
    with ScriptedServer(lambda client: client.answer(200, answer)) as server, LiveSession() as session:
        credentials = StreamCredentials(server.url, "abc", "", "", "secret-key")
        audience = fetch_audience(session, credentials)
    (asked,) = server.connections
    return audience, asked.request_line, asked.headers["authorization"]


def test_it_is_asked_for_with_the_key() -> None:
    audience, line, authorization = ask({"curve": CURVE, "listening_hours": 7.5, "now": 3})
    assert audience == AudienceCurve((100, 101, 102), (0.0, 2.5, 4.0), 7.5)
    assert line == "GET /api/streams/abc/audience HTTP/1.1"
    assert authorization == "Bearer secret-key"


def test_a_server_with_no_listeners_yet_has_no_curve() -> None:
    assert ask({"curve": [], "listening_hours": 0})[0] == AudienceCurve()


def test_of_a_curve_that_is_too_long_the_last_day_counts() -> None:
    audience = ask({"curve": [[minute, 1] for minute in range(5_000)], "listening_hours": 1})[0]
    assert audience.minutes == tuple(range(3_560, 5_000))


@pytest.mark.parametrize(
    "answer",
    [{}, {"curve": None, "listening_hours": 1}, {"curve": [[1]], "listening_hours": 1}, {"curve": CURVE},
     {"curve": [["x", 1]], "listening_hours": 1}, {"curve": [[1, 2]], "listening_hours": "many"}],
)  # fmt: skip
def test_what_is_no_audience_is_refused(answer: Any) -> None:
    with pytest.raises(BadResponse):
        ask(answer)


def test_the_area_under_the_curve_begins_and_ends_at_the_bottom() -> None:
    minutes = tuple(range(60))
    places = curve_places(AudienceCurve(minutes, tuple(float(minute) for minute in minutes)), 590, 100)
    assert (places[0], places[-1]) == ((0.0, 100), (590.0, 100))
    heights = [y for _, y in places[1:-1]]
    assert heights == sorted(heights, reverse=True)
    assert (heights[0], heights[-1]) == (99.0, 1.0)


def test_a_show_that_has_just_begun_is_a_narrow_piece_at_the_right() -> None:
    places = curve_places(AudienceCurve((100, 101), (1.0, 1.0)), LEAST_MINUTES * 10, 100)
    assert [x for x, _ in places] == [290.0, 290.0, 300.0, 300.0]
    # One listener does not fill the height.
    assert places[1][1] > 70


def test_without_a_minute_nothing_is_drawn() -> None:
    assert curve_places(AudienceCurve(), 100, 100) == []
