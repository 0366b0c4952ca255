"""The audience against the truth: listeners with known lives, a member that is killed, one that is drained.

Two thousand listeners come and go at times that are known here, at the kernel's door of each connection. The
members' logs have to say the same: of members that lived within a thousandth, of the killed one within one
flush interval for each listen that was open.
"""

import heapq
import json
import random
import resource
import selectors
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.cluster.members import Members
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.source import PacedSource

pytestmark = pytest.mark.realtime

LISTENERS = 2_000
ARRIVAL_SECONDS = 15.0
LIFE_SECONDS = (8.0, 35.0)
KILLED_AFTER = 20.0
DRAINED_AFTER = 25.0
FLUSH_SECONDS = 2.0
ERROR = 0.001

HLS_PLAYERS = 30
HLS_LIFE_SECONDS = (6.0, 25.0)
HLS_POLL_SECONDS = 1.0

OWNER, KILLED, DRAINED = "m0", "m1", "m2"
QUERIES = {"stream": "", "live": "?latency=low", "player": "?latency=1500"}

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(slots=True)
class Life:
    """A listener.

    Attributes:
        member, way: Where and how it listens.
        comes_at, leaves_at: As planned, the monotonic clock's seconds.
        resets: It leaves with a reset instead of an end.
        began_at: When its first byte came.
        ended_at: When it left, or found that it was let go.
        was_let_go: By the server.
    """

    member: str
    way: str
    comes_at: float
    leaves_at: float
    resets: bool
    began_at: float = 0.0
    ended_at: float = 0.0
    was_let_go: bool = False
    connection: socket.socket | None = None

    @property
    def seconds(self) -> float:
        """How long it has listened."""
        return self.ended_at - self.began_at


class Drains:
    """Listeners that read all and keep nothing, on a thread of their own."""

    def __init__(self, lives: list[Life], ports: dict[str, int], stream_id: str) -> None:
        self._ports = ports
        self._path = f"/stream/{stream_id}"
        self._order = count()
        self._plan = [(life.comes_at, next(self._order), life) for life in lives]
        heapq.heapify(self._plan)
        self._selector = selectors.DefaultSelector()
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Wait until all have left."""
        self._thread.join(seconds)
        assert not self._thread.is_alive(), f"{len(self._plan)} are still to leave"
        if self.error is not None:
            raise self.error

    def _run(self) -> None:
        buffer = bytearray(65_536)
        try:
            while self._plan:
                while self._plan and self._plan[0][0] <= time.monotonic():
                    self._step(heapq.heappop(self._plan)[2])
                for key, _ in self._selector.select(0.005):
                    self._read(key.data, buffer)
        except Exception as error:
            self.error = error

    def _step(self, life: Life) -> None:
        """Let one come, or leave if it is still there."""
        if life.connection is not None:
            self._close(life)
            return
        try:
            connection = socket.create_connection(("127.0.0.1", self._ports[life.member]), 5)
        except OSError:
            # The member is gone by now: nobody listens there.
            return
        head = f"GET {self._path}{QUERIES[life.way]} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: mpv\r\n\r\n"
        connection.sendall(head.encode())
        connection.setblocking(False)
        if life.resets:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        life.connection = connection
        self._selector.register(connection, selectors.EVENT_READ, life)
        heapq.heappush(self._plan, (life.leaves_at, next(self._order), life))

    def _read(self, life: Life, buffer: bytearray) -> None:
        assert life.connection is not None
        try:
            size = life.connection.recv_into(buffer)
        except BlockingIOError:
            return
        except OSError:
            size = 0
        if not size:
            life.was_let_go = True
            self._close(life)
        elif not life.began_at:
            assert buffer.startswith(b"HTTP/1.1 200 "), bytes(buffer[:100])
            life.began_at = time.monotonic()

    def _close(self, life: Life) -> None:
        connection = life.connection
        assert connection is not None
        if connection.fileno() < 0:
            return
        self._selector.unregister(connection)
        connection.close()
        life.ended_at = time.monotonic()
        # One that was closed before it was heard counts for nothing here.
        life.began_at = life.began_at or life.ended_at


def play_hls(base: str, stream_id: str, random_: random.Random) -> list[float]:
    """Play as many HLS players with known lives; give how long each has asked for playlists."""
    url = f"{base}/stream/{stream_id}/hls/index.m3u8"
    began_at = time.monotonic()
    ends = [began_at + random_.uniform(*HLS_LIFE_SECONDS) for _ in range(HLS_PLAYERS)]
    first = [0.0] * HLS_PLAYERS
    last = [0.0] * HLS_PLAYERS
    with requests.Session() as session:
        while (turn_at := time.monotonic()) < max(ends):
            for number, end in enumerate(ends):
                if time.monotonic() < end:
                    answer = session.get(url, headers={"User-Agent": f"player-{number}"}, timeout=10)
                    assert answer.status_code == 200, answer.text
                    last[number] = time.monotonic()
                    first[number] = first[number] or last[number]
            time.sleep(max(0.0, turn_at + HLS_POLL_SECONDS - time.monotonic()))
    return [last[number] - first[number] for number in range(HLS_PLAYERS)]


def lines(folder: Path) -> list[dict[str, Any]]:
    """Return all lines of all members."""
    return [
        json.loads(line)
        for path in sorted(folder.glob("audience-*.log"))
        for line in path.read_text().splitlines()
    ]


def seconds_of_killed(log: Iterable[dict[str, Any]], node: str) -> tuple[float, int]:
    """Return how long was listened at a killed member by the documented rule, and how many were open last."""
    own = [line for line in log if line["node"] == node]
    total = sum(line["seconds"] for line in own if line["event"] == "listen")
    left_open = 0
    for way in QUERIES:
        of_way = [line for line in own if line.get("way") == way]
        place = max(place for place, line in enumerate(of_way) if line["event"] == "open")
        last = of_way[place]
        # Each of them has a record of its own behind that line.
        told = [each for each in of_way[place + 1 :] if each["started_at"] <= last["at"]]
        total += last["seconds"] - sum(min(each["at"], last["at"]) - each["started_at"] for each in told)
        left_open += last["listeners"] - len(told)
    return total, left_open


@pytest.fixture(autouse=True)
def _descriptors() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def test_listening_time_is_the_truth(tmp_path: Path) -> None:
    random_ = random.Random(19)
    with Members(
        tmp_path,
        AUDIENCE_LOG=str(tmp_path / "audience.log"),
        AUDIENCE_FLUSH_SECONDS=FLUSH_SECONDS,
        DRAIN_SECONDS=4,
        PREROLL_SECONDS=1,
    ) as members:
        started = members.start_stream(owner=OWNER, at=OWNER)
        with PacedSource(started.keyed_url, numbered_audio(seconds=120, packets_a_page=5)):
            members[OWNER].wait_for_state(started.stream_id, "live")
            ports = {name: members[name].port for name in members.names}
            zero = time.monotonic() + 0.5
            lives = []
            for number in range(LISTENERS):
                comes_at = zero + random_.uniform(0, ARRIVAL_SECONDS)
                lives.append(
                    Life(
                        member=members.names[number % 3],
                        way=list(QUERIES)[number // 3 % 3],
                        comes_at=comes_at,
                        leaves_at=comes_at + random_.uniform(*LIFE_SECONDS),
                        resets=random_.random() < 0.3,
                    )
                )
            drains = Drains(lives, ports, started.stream_id)
            hls: list[float] = []
            player = threading.Thread(
                target=lambda: hls.extend(play_hls(members[OWNER].base, started.stream_id, random_))
            )
            player.start()
            time.sleep(max(0.0, zero + KILLED_AFTER - time.monotonic()))
            members[KILLED].stop(signal.SIGKILL)
            time.sleep(max(0.0, zero + DRAINED_AFTER - time.monotonic()))
            assert members[DRAINED].stop(signal.SIGTERM) == 0
            drains.wait(90)
            player.join(60)
            url = f"{members[OWNER].base}/api/streams/{started.stream_id}/audience"
            audience = requests.get(url, {"key": started.ingest_key}, timeout=10).json()
            metric = {
                way: members[OWNER].metric("audiocast_listener_seconds_total", f'{{way="{way}"}}')
                for way in (*QUERIES, "hls")
            }
            assert members[OWNER].stop(signal.SIGTERM) == 0

    log = lines(tmp_path)
    listens = [line for line in log if line["event"] == "listen"]
    assert [line["event"] for line in log if line["node"] == KILLED].count("stopped") == 0
    for name in (OWNER, DRAINED):
        for way in QUERIES:
            truth = sum(life.seconds for life in lives if (life.member, life.way) == (name, way))
            told = sum(line["seconds"] for line in listens if (line["node"], line["way"]) == (name, way))
            print(f"{name} {way}: truth {truth:.1f} s, log {told:.1f} s, {(told / truth - 1) * 100:+.4f} %")
            assert told == pytest.approx(truth, rel=ERROR)
    truth = sum(hls)
    told = sum(line["seconds"] for line in listens if line["way"] == "hls")
    print(f"hls: truth {truth:.2f} s, log {told:.2f} s, {(told / truth - 1) * 100:+.4f} %")
    assert told == pytest.approx(truth, rel=ERROR)
    assert sum(line["way"] == "hls" for line in listens) == HLS_PLAYERS

    truth = sum(life.seconds for life in lives if life.member == KILLED)
    told, left_open = seconds_of_killed(log, KILLED)
    print(
        f"killed: truth {truth:.1f} s, log {told:.1f} s, {left_open} were open, {truth - told:.1f} s are lost"
    )
    assert left_open
    # What began after the last line is lost too: at most an interval of it.
    late = sum(life.member == KILLED and life.was_let_go for life in lives)
    assert -ERROR * truth <= truth - told <= (FLUSH_SECONDS + 0.5) * late

    ends = Counter((line["node"], line["end"]) for line in listens if line["way"] != "hls")
    let_go = sum(life.member == DRAINED and life.was_let_go for life in lives)
    print(f"ends: {dict(ends)}")
    assert set(ends) == {(OWNER, "left"), (KILLED, "left"), (DRAINED, "left"), (DRAINED, "drained")}
    # Who has left a moment before is not known to have.
    assert let_go <= ends[DRAINED, "drained"] <= let_go + 20

    # What metrics, the API and `audiocast report` say is the same.
    for way in (*QUERIES, "hls"):
        of_owner = sum(line["seconds"] for line in listens if (line["node"], line["way"]) == (OWNER, way))
        assert metric[way] == pytest.approx(of_owner, rel=1e-4)
    assert audience["listening_hours"] * 3600 == pytest.approx(sum(metric.values()), rel=ERROR)
    report = subprocess.run(
        [
            sys.executable,
            "-m",
            "audiocast",
            "report",
            "--format",
            "json",
            *map(str, tmp_path.glob("audience-*")),
        ],
        capture_output=True,
        check=True,
        text=True,
    )
    whole = sum(line["seconds"] for line in listens if line["node"] != KILLED) + told
    hours = json.loads(report.stdout)["total"]["listening_hours"]
    print(f"report: {hours * 3600:.1f} s, independent sum {whole:.1f} s")
    assert hours * 3600 == pytest.approx(whole, rel=1e-6)
