"""When a broadcast is to begin: told by its broadcaster, for its page and for calendars."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.support.processes.server import AudiocastServer

SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudiocastServer]:
    with AudiocastServer(tmp_path_factory.mktemp("server") / "server.log") as server:
        yield server


def calendar(server: AudiocastServer, stream_id: str) -> requests.Response:
    return requests.get(f"{server.base}/listen/{stream_id}/calendar.ics", timeout=10)


def test_it_is_in_the_state_on_the_page_and_in_the_calendar(server: AudiocastServer) -> None:
    berlin = SOON.astimezone(tz=None).isoformat()
    started = server.start_stream(title="Premiere", starts_at=berlin)
    assert server.state(started.stream_id)["starts_at"] == SOON.timestamp()
    page = requests.get(started.listen_url, timeout=10).text
    assert f"Starts {SOON:%a, %d %b, %H:%M} UTC" in page
    answer = calendar(server, started.stream_id)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert f"DTSTART:{SOON:%Y%m%dT%H%M%SZ}\r\n" in answer.content.decode()


def test_without_a_start_there_is_nothing_for_a_calendar(server: AudiocastServer) -> None:
    started = server.start_stream(title="Some day")
    assert server.state(started.stream_id)["starts_at"] is None
    answer = calendar(server, started.stream_id)
    assert (answer.status_code, answer.json()["error"]) == (404, "no_start")
    assert calendar(server, "nobody-knows-it").status_code == 404


# Names, since times differ from one worker of a test run to the other.
REFUSED: dict[str, Any] = {
    "no zone": SOON.replace(tzinfo=None).isoformat(),
    "far ahead": (SOON + timedelta(days=400)).isoformat(),
    "long ago": (SOON - timedelta(days=5)).isoformat(),
    "a day": "2027-01-31",
    "a word": "tomorrow",
    "nothing": "",
    "a number": round(SOON.timestamp()),
    "a number in quotes": str(round(SOON.timestamp())),
    "the last second": "9999-12-31T23:59:59Z",
    "the first second": "0001-01-01T00:00:00Z",
    "before all time": "0001-01-01T00:00:00+14:00",
    "a list": [],
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_time_or_far_away_is_refused(server: AudiocastServer, name: str) -> None:
    answer = requests.post(f"{server.base}/api/start", json={"starts_at": REFUSED[name]}, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")
