"""Icecast's access log, of our servers and of Icecast."""

import pytest

from audiocast.report.access_lines import agent_family, parse_access_line
from audiocast.report.records import BadLine, LoggedListen
from tests.unit.report.logs import NOON

LINE = (
    '192.0.2.7 - - [30/Nov/2026:13:00:30 +0100] "GET /stream/show?latency=200 HTTP/1.1" 200 4321 '
    '"https://radio.example/" "Mozilla/5.0 (X11) Gecko/20100101 Firefox/140.0" 30'
)


def test_a_listen() -> None:
    assert parse_access_line(LINE) == LoggedListen(
        "", "show", "player", "Firefox", "192.0.2.7", NOON * 1000, (NOON + 30) * 1000, 4321
    )


@pytest.mark.parametrize(
    ("target", "stream", "way"),
    [
        ("/stream/show", "show", "stream"),
        ("/stream/show?latency=low", "show", "live"),
        ("/hls/show/audio.m3u8", "show", "hls"),
        ("/live.ogg", "live.ogg", "stream"),
        ("/caf%C3%A9", "café", "stream"),
    ],
)
def test_streams_and_ways(target: str, stream: str, way: str) -> None:
    listen = parse_access_line(LINE.replace("/stream/show?latency=200", target))
    assert listen
    assert (listen.stream_id, listen.way) == (stream, way)


@pytest.mark.parametrize(
    "line",
    [
        LINE.replace("GET", "SOURCE"),
        LINE.replace(" 200 ", " 404 "),
        LINE.replace("/stream/show?latency=200", "/status.xsl"),
        LINE.replace("/stream/show?latency=200", "/admin/stats"),
        LINE.replace("/stream/show?latency=200", "/"),
    ],
)
def test_other_requests_are_no_listens(line: str) -> None:
    assert parse_access_line(line) is None


@pytest.mark.parametrize(
    "line",
    [
        "",
        LINE[:-3],
        LINE.replace("Nov", "Nix"),
        LINE.replace("2026", "1970"),
        LINE.replace(" 30", " 999999999"),
        LINE.replace("4321", "9" * 16),
        LINE.replace('"GET', "GET"),
        '"' * 60_000,
        "a " * 30_000,
        'a - - [30/Nov/2026:13:00:30 +0100] "' + '" "' * 20_000,
    ],
)
def test_bad_lines(line: str) -> None:
    with pytest.raises(BadLine):
        parse_access_line(line)


def test_quotes_in_an_agent_break_nothing() -> None:
    listen = parse_access_line(LINE.replace("Firefox/140.0", 'Fire"fox" 5'))
    assert listen
    assert listen.end - listen.start == 30_000


def test_families() -> None:
    agents = {
        "VLC/3.0.21 LibVLC/3.0.21": "VLC",
        "mpv 0.40.0": "mpv",
        "Lavf/61.7.100": "ffmpeg",
        "Mozilla/5.0 AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0": "Edge",
        "Mozilla/5.0 AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36": "Chrome",
        "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1": "Safari",
        "-": "unknown",
        "anything": "other",
    }
    assert {agent: agent_family(agent) for agent in agents} == agents
