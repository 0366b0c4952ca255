"""Icecast's access log, of our servers and of Icecast."""

import re

import pytest

from audiocast.report.access_lines import parse_access_line
from audiocast.report.records import BadLine, LoggedListen
from audiocast.stream.audience.listen import ListenRecord, Way, Who
from audiocast.stream.audience.listen_end import ListenEnd
from audiocast.telemetry.audience_log.client_names import ClientNames
from audiocast.telemetry.audience_log.lines import icecast_listen
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
        ("/stream/show/hls/index.m3u8", "show", "hls"),
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


@pytest.mark.parametrize(
    ("agent", "family"), [("VLC/3.0.21 LibVLC/3.0.21", "VLC"), ("-", "unknown"), ("x", "other")]
)
def test_agents_are_families(agent: str, family: str) -> None:
    listen = parse_access_line(re.sub('"[^"]*" 30$', f'"{agent}" 30', LINE))
    assert listen
    assert listen.agent == family


@pytest.mark.parametrize("way", [Way.STREAM, Way.HLS])
def test_lines_of_our_own_servers(way: Way) -> None:
    hostile = 'a"b\\c" 200 5 "x\r\n\x1b'
    record = ListenRecord(
        "show", way, Who("192.0.2.7", hostile, hostile), 1.0, None, NOON + 30.4, 29.6, 4321, ListenEnd.LEFT
    )
    line = icecast_listen(record, ClientNames("full", "secret"))
    listen = parse_access_line(line.decode().rstrip("\n"))
    assert listen == LoggedListen(
        "", "show", way.value, "other", "192.0.2.7", NOON * 1000, (NOON + 30) * 1000, 4321
    )
