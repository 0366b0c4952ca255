"""Description, accent and link of a stream: asked for at its start, kept in its key, shown where it is."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
import requests

from audiocast.web.public.covers.art import CoverArt, draw_svg
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer

SECRET = "a-secret-for-tests-1"
DESCRIPTION = 'Jazz from Vienna, each Friday. "><script>alert(1)</script>'
ASKED = {"description": DESCRIPTION, "accent": "#FFEE00", "link": "https://radio.example/jazz?a=1&b=2"}
TOLD = {**ASKED, "accent": "#ffee00"}
NOTHING = {"description": "", "accent": "", "link": ""}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudiocastServer]:
    with AudiocastServer(tmp_path_factory.mktemp("shown") / "server.log", SECRET_KEYS=SECRET) as server:
        yield server


def told(server: AudiocastServer, stream_id: str) -> dict[str, str]:
    state = server.state(stream_id)
    return {name: state[name] for name in NOTHING}


def test_what_was_asked_for_is_told_before_and_after_a_restart(
    server: AudiocastServer, tmp_path: Path
) -> None:
    started = server.start_stream(title="Jazz", visibility="public", **ASKED)
    assert told(server, started.stream_id) == TOLD
    with PacedSource(started.keyed_url, numbered_audio(seconds=30)):
        server.wait_for_state(started.stream_id, "live")
        assert told(server, started.stream_id) == TOLD
        (listed,) = requests.get(f"{server.base}/api/streams", timeout=10).json()["streams"]
        # What is long is in no list and no event.
        assert listed["accent"] == TOLD["accent"]
        assert not listed.keys() & {"description", "link"}
    with AudiocastServer(tmp_path / "after.log", SECRET_KEYS=SECRET) as after:
        url = started.keyed_url.replace(server.base, after.base)
        with PacedSource(url, numbered_audio(seconds=30)):
            after.wait_for_state(started.stream_id, "live")
            assert told(after, started.stream_id) == TOLD


def test_pages_show_it_and_nothing_in_it_is_markup(server: AudiocastServer) -> None:
    started = server.start_stream(title="Jazz", **ASKED)
    page = requests.get(started.listen_url, timeout=10).text
    assert "<script>alert" not in page
    for name in ("og:description", "description"):
        content = re.search(rf'<meta (?:name|property)="{name}" content="([^"]*)">', page)
        assert content is not None
        assert unescape(content[1]) == DESCRIPTION
    assert re.findall(r'data-accent-(?:light|dark)="(#[0-9a-f]{6})"', page) == ["#7a7200", "#ffee00"]
    about = page.partition('<p class="about">')[2].partition("</p>")[0]
    assert unescape(about).startswith(f'{DESCRIPTION} <a href="{ASKED["link"]}" ')
    assert about.endswith(' rel="noopener nofollow ugc">radio.example</a>')
    cover = requests.get(f"{server.base}/listen/{started.stream_id}/cover.svg", timeout=10).content
    assert cover == draw_svg(CoverArt(started.stream_id, "Jazz", "#ffee00"))
    plain = requests.get(server.start_stream().listen_url, timeout=10).text
    assert 'content="Listen live in your browser."' in plain
    assert "data-accent" not in plain
    assert 'class="about"' not in plain


@pytest.mark.parametrize(
    "asked",
    [
        {"description": "x" * 501},
        {"description": 1},
        {"accent": "red"},
        {"accent": "#fff"},
        {"accent": "#12345g"},
        {"link": "javascript:alert(1)"},
        {"link": "radio.example"},
        {"link": "https://bank.example@evil.example"},
        {"link": "https://radio.example/" + "a" * 279},
    ],
)
def test_what_cannot_be_shown_is_refused(server: AudiocastServer, asked: dict[str, object]) -> None:
    answer = requests.post(f"{server.base}/api/start", json=asked, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")
    (name,) = asked
    assert answer.json()["message"].startswith(f"{name}: ")


def test_the_longest_texts_fit_into_a_key_that_works(server: AudiocastServer) -> None:
    longest = {
        "title": "\U0001f3a7" * 200,
        "description": "\U0001f3a7" * 500,
        "accent": "#b5400f",
        "link": "https://radio.example/" + "a" * 278,
    }
    started = server.start_stream(**longest)
    with PacedSource(started.keyed_url, numbered_audio(seconds=30)):
        server.wait_for_state(started.stream_id, "live")
        assert told(server, started.stream_id) == {name: longest[name] for name in NOTHING}


def test_it_can_be_changed_while_it_is_on_and_before(server: AudiocastServer) -> None:
    started = server.start_stream(
        title="Jazz", starts_at=f"{datetime.now(UTC) + timedelta(hours=5):%Y-%m-%dT%H:%M:%SZ}", **ASKED
    )
    server.edit_stream(started, description="Blues", accent="")
    changed = {**TOLD, "description": "Blues", "accent": ""}
    assert told(server, started.stream_id) == changed
    assert server.state(started.stream_id)["starts_at"] is not None
    # The key claims what it was made with; the edit is newer.
    with PacedSource(started.keyed_url, numbered_audio(seconds=30)):
        server.wait_for_state(started.stream_id, "live")
        assert told(server, started.stream_id) == changed
        server.edit_stream(started, link="", accent="#00FF00", starts_at="")
        assert told(server, started.stream_id) == {"description": "Blues", "accent": "#00ff00", "link": ""}
        assert server.state(started.stream_id)["starts_at"] is None
    page = requests.get(started.listen_url, timeout=10).text
    assert '<p class="about">Blues</p>' in page


@pytest.mark.parametrize("edit", [{"accent": "red"}, {"link": "radio.example"}, {"starts_at": "tomorrow"}])
def test_an_edit_that_cannot_be_shown_is_refused(server: AudiocastServer, edit: dict[str, str]) -> None:
    started = server.start_stream(**ASKED)
    url = f"{server.base}/api/streams/{started.stream_id}?key={started.ingest_key}"
    answer = requests.patch(url, json=edit, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")
    assert told(server, started.stream_id) == TOLD
