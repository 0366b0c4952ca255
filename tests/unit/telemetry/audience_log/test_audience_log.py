"""The audience log: lines of records, a file for each day, and a disk that is full or does not answer."""

import json
import math
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from audiocast.stream.audience.audience import Audience
from audiocast.stream.audience.listen import ListenRecord, Way, Who
from audiocast.stream.audience.listen_end import ListenEnd
from audiocast.stream.counters import Counters
from audiocast.stream.errors import ShuttingDown
from audiocast.stream.hub import Hub
from audiocast.stream.hub_state import HubLimits
from audiocast.stream.now_playing import NowPlaying
from audiocast.telemetry.audience_log.agents import family_of
from audiocast.telemetry.audience_log.audience_log import AudienceLog, AudienceLogOptions
from audiocast.telemetry.audience_log.client_names import ClientNames
from audiocast.telemetry.audience_log.day_files import DayFiles
from audiocast.telemetry.audience_log.line_writer import Entry, LineWriter
from audiocast.telemetry.audience_log.lines import icecast_listen, json_listen
from audiocast.telemetry.audience_log.tracks import TrackChanges
from tests.support.clock.fake_clock import FakeClock

DEADLINE_SECONDS = 10.0
# 2026-11-30 23:59:59 UTC.
EVENING = 1_796_083_199.0
SECRET = "a secret of the server"

RECORD = ListenRecord(
    stream_id="news",
    way=Way.PLAYER,
    who=Who("192.0.2.77", 'Mozilla/5.0 "quoted" Firefox/140.0', "https://example.org/page"),
    aim_seconds=0.1,
    label=None,
    ended_at=EVENING,
    seconds=12.3456,
    sent_bytes=98_765,
    end=ListenEnd.LEFT,
)
COMBINED = re.compile(
    r'(\S+) - - \[([^]]+)\] "GET (\S+) HTTP/1\.1" 200 (\d+) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)" (\d+)\n'
)


def names(kind: str = "none") -> ClientNames:
    return ClientNames(kind, SECRET)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "expected it by now"
        time.sleep(0.01)


def lost(metrics: CollectorRegistry, reason: str) -> float:
    return metrics.get_sample_value("audiocast_audience_log_lines_lost_total", {"reason": reason}) or 0.0


class TestLines:
    def test_json_has_the_fields_that_reports_read(self) -> None:
        fields = json.loads(json_listen(RECORD, "member-1", names()))
        session, client = fields.pop("session"), fields.pop("client")
        assert re.fullmatch("[0-9a-f]{16}", session)
        assert re.fullmatch("[0-9a-f]{16}", client)
        assert fields == {
            "event": "listen",
            "at": EVENING,
            "started_at": 1_796_083_186.654,
            "node": "member-1",
            "stream_id": "news",
            "way": "player",
            "format": "opus",
            "seconds": 12.346,
            "bytes": 98_765,
            "agent": "Firefox",
            "aim_ms": 100,
            "end": "left",
            "label": None,
        }

    def test_who_says_no_aim_has_none(self) -> None:
        record = RECORD._replace(aim_seconds=math.inf, way=Way.STREAM)
        assert json.loads(json_listen(record, "m", names()))["aim_ms"] is None

    def test_icecast_s_line_is_the_combined_format_and_seconds(self) -> None:
        line = icecast_listen(RECORD, names("full")).decode()
        match = COMBINED.fullmatch(line)
        assert match, line
        assert match.groups() == (
            "192.0.2.77",
            "30/Nov/2026:23:59:59 +0000",
            "/stream/news",
            "98765",
            "https://example.org/page",
            r"Mozilla/5.0 \x22quoted\x22 Firefox/140.0",
            "12",
        )

    def test_hls_has_the_path_of_its_playlist(self) -> None:
        line = icecast_listen(RECORD._replace(way=Way.HLS), names()).decode()
        assert '"GET /stream/news/hls/index.m3u8 HTTP/1.1"' in line

    @pytest.mark.parametrize("hostile", ['\n200 "', "\x1b[31m", "\\", "\u2028", "я", '"' * 200, ""])
    def test_no_text_of_a_stranger_leaves_its_field(self, hostile: str) -> None:
        record = RECORD._replace(who=Who("192.0.2.1", hostile, hostile))
        line = icecast_listen(record, names("full")).decode("ascii")
        assert COMBINED.fullmatch(line), line
        assert line[:-1].isprintable(), line
        assert json_listen(record._replace(label=hostile), "m", names()).count(b"\n") == 1


class TestClientNames:
    def test_a_hash_is_of_one_day(self) -> None:
        first = names().name("192.0.2.1", "2026-11-30")
        assert first == names().name("192.0.2.1", "2026-11-30")
        assert "192" not in first
        others = [names().name("192.0.2.1", "2026-12-01"), names().name("192.0.2.2", "2026-11-30")]
        others.append(ClientNames("none", "another secret").name("192.0.2.1", "2026-11-30"))
        assert len({first, *others}) == 4

    @pytest.mark.parametrize(
        ("address", "network"),
        [("192.0.2.77", "192.0.2.0/24"), ("2001:db8:1:2::3", "2001:db8:1::/48"), ("unix", ""), ("", "")],
    )
    def test_a_prefix_is_a_network(self, address: str, network: str) -> None:
        assert names("prefix").name(address, "2026-11-30") == network

    def test_full_is_the_address(self) -> None:
        assert names("full").name("2001:db8::1", "2026-11-30") == "2001:db8::1"

    def test_icecast_s_log_has_no_slash_in_its_first_field(self) -> None:
        assert icecast_listen(RECORD, names("prefix")).startswith(b"192.0.2.0 - - [")


@pytest.mark.parametrize(
    ("agent", "family"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36", "Chrome"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) AppleWebKit/605 Version/19.0 Safari/604.1", "Safari"),
        ("AppleCoreMedia/1.0.0.22A (iPhone; U; CPU OS 18_0 like Mac OS X; en_us)", "Apple"),
        ("VLC/3.0.21 LibVLC/3.0.21", "VLC"),
        ("mpv 0.40.0", "mpv"),
        ("Lavf/61.7.100", "ffmpeg"),
        ("curl/8.5.0", "curl"),
        ("Some radio of the kitchen", "other"),
        ("", "other"),
    ],
)
def test_agents_have_families(agent: str, family: str) -> None:
    assert family_of(agent) == family


class TestDayFiles:
    def test_a_new_file_begins_at_midnight(self, tmp_path: Path) -> None:
        files = DayFiles(str(tmp_path / "audience.log"))
        for day in ("2026-11-30", "2026-11-30", "2026-12-01"):
            files.write(b"line\n", day)
        files.close()
        assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
            "audience-2026-11-30.log": "line\n" * 2,
            "audience-2026-12-01.log": "line\n",
        }

    def test_it_is_appended_to_and_not_for_everybody(self, tmp_path: Path) -> None:
        for _ in range(2):
            files = DayFiles(str(tmp_path / "a.jsonl"))
            files.write(b"x\n", "2026-11-30")
            files.close()
        path = tmp_path / "a-2026-11-30.jsonl"
        assert path.read_text() == "x\n" * 2
        assert path.stat().st_mode & 0o007 == 0

    def test_each_worker_has_its_own(self, tmp_path: Path) -> None:
        files = DayFiles(str(tmp_path / "audience"), worker="host:9/../1-2")
        assert files.name("2026-11-30") == tmp_path / "audience-host_9_.._1-2-2026-11-30"


class TestLineWriter:
    @pytest.fixture
    def metrics(self) -> CollectorRegistry:
        return CollectorRegistry()

    def test_what_cannot_be_written_is_counted_and_said_once(
        self, tmp_path: Path, metrics: CollectorRegistry
    ) -> None:
        folder = tmp_path / "later"
        writer = LineWriter(DayFiles(str(folder / "a.log")), metrics)
        with capture_logs() as logs:
            for number in range(5):
                writer.put(Entry(EVENING, lambda: b"lost\n"))
                wait_until(lambda: lost(metrics, "write_failed") == number + 1)  # noqa: B023
            folder.mkdir()
            writer.put(Entry(EVENING, lambda: b"kept\n"))
            writer.close()
        assert [each["event"] for each in logs] == ["audience_log_failed", "audience_log_resumed"]
        assert (folder / "a-2026-11-30.log").read_text() == "kept\n"
        assert lost(metrics, "write_failed") == 5

    def test_a_full_disk_is_no_end(self, metrics: CollectorRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
        files = DayFiles("-")
        files._descriptor = os.open("/dev/full", os.O_WRONLY)
        writer = LineWriter(files, metrics)
        with capture_logs() as logs:
            writer.put(Entry(EVENING, lambda: b"line\n"))
            wait_until(lambda: lost(metrics, "write_failed") == 1)
            writer.put(Entry(EVENING, lambda: b"line\n"))
            wait_until(lambda: lost(metrics, "write_failed") == 2)
            writer.close()
        os.close(files._descriptor)
        assert [each["event"] for each in logs] == ["audience_log_failed"]

    def test_a_disk_that_is_stuck_holds_nobody_up(self, metrics: CollectorRegistry) -> None:
        gate = threading.Event()

        def stuck() -> bytes:
            gate.wait(DEADLINE_SECONDS)
            return b""

        files = DayFiles("-")
        files._descriptor = os.open("/dev/null", os.O_WRONLY)
        writer = LineWriter(files, metrics, max_queued=10)
        with capture_logs() as logs:
            began_at = time.monotonic()
            for _ in range(30):
                writer.put(Entry(EVENING, stuck))
            assert time.monotonic() - began_at < 1
            writer.close(seconds=0.05)
        assert lost(metrics, "queue_full") == 20
        assert [each["event"] for each in logs] == ["audience_log_full", "audience_log_cut"]
        gate.set()
        writer._thread.join(DEADLINE_SECONDS)
        os.close(files._descriptor)


class Written:
    """A log with a clock that is turned by hand."""

    def __init__(self, folder: Path, form: Any = "json") -> None:
        self.clock = FakeClock()
        self.audience = Audience(self.clock)
        self.hub = Hub("news", title="", clock=self.clock, counters=Counters(), limits=HubLimits())
        self.is_owner = True
        options = AudienceLogOptions(
            path=str(folder / "audience.log"),
            format=form,
            address="none",
            flush_seconds=60.0,
            node="m",
            worker="",
            secret=SECRET,
        )
        tracks = TrackChanges(lambda: [self.hub], lambda _: self.is_owner)
        self.log = AudienceLog(options, self.audience, tracks, self.clock, CollectorRegistry())
        self._folder = folder

    def lines(self) -> list[str]:
        self.log.stop()
        return [line for path in sorted(self._folder.iterdir()) for line in path.read_text().splitlines()]

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines()]


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Written]:
    log = Written(tmp_path)
    log.log.start()
    yield log
    log.log.stop()


def test_a_listen_is_written_between_the_begin_and_the_end_of_the_process(written: Written) -> None:
    listen = written.audience.listen("news", Way.STREAM, Who(), aim_seconds=math.inf)
    listen.start(written.clock.time())
    listen.finish(ListenEnd.DRAINED, written.clock.time(), 3)
    events = written.events()
    assert [each["event"] for each in events] == ["started", "listen", "stopped"]
    assert {each["node"] for each in events} == {"m"}


def test_open_listens_are_summed_up_every_minute(written: Written) -> None:
    for _ in range(3):
        written.audience.listen("news", Way.LIVE, Who(), aim_seconds=0.08).start(written.clock.time())
        written.clock.advance(10)
    written.clock.advance(30)
    opened = [each for each in written.events() if each["event"] == "open"]
    assert [(each["stream_id"], each["way"], each["listeners"], each["seconds"]) for each in opened] == [
        ("news", "live", 3, 60 + 50 + 40)
    ]


def test_a_track_is_written_once_and_by_its_owner_alone(written: Written) -> None:
    def play(title: str) -> None:
        # Changes closer together than a second are shown late.
        written.clock.advance(1.5)
        written.hub.set_now_playing(NowPlaying(title=title, artist="Artist"))

    play("One")
    play("Two")
    written.clock.advance(5)
    written.is_owner = False
    play("Three")
    written.clock.advance(5)
    written.is_owner = True
    written.clock.advance(5)
    tracks = [each for each in written.events() if each["event"] == "track"]
    assert [(each["stream_id"], each["artist"], each["title"]) for each in tracks] == [
        ("news", "Artist", "One"),
        ("news", "Artist", "Two"),
    ]


def test_that_nothing_is_shown_any_more_is_written_too(written: Written) -> None:
    written.clock.advance(1.5)
    written.hub.set_now_playing(NowPlaying(title="One", artist=""))
    written.clock.advance(5)
    written.hub.titles.set(None)
    written.clock.advance(5)
    assert [each["title"] for each in written.events() if each["event"] == "track"] == ["One", ""]


def test_that_titles_go_with_the_server_is_no_track(written: Written) -> None:
    written.clock.advance(1.5)
    written.hub.set_now_playing(NowPlaying(title="One", artist=""))
    written.log.end_tracks()
    written.hub.end(ShuttingDown("this server stops"))
    # A server waits until last pages are sent, before it stops the log.
    written.clock.advance(5)
    assert [each["title"] for each in written.events() if each["event"] == "track"] == ["One"]


def test_icecast_s_log_has_listens_alone(tmp_path: Path) -> None:
    written = Written(tmp_path, "icecast")
    written.log.start()
    listen = written.audience.listen("news", Way.STREAM, Who(), aim_seconds=math.inf)
    listen.start(written.clock.time())
    written.clock.advance(61)
    listen.finish(ListenEnd.LEFT, written.clock.time(), 3)
    lines = written.lines()
    assert len(lines) == 1
    assert COMBINED.fullmatch(lines[0] + "\n")
    assert lines[0].endswith(" 61")
