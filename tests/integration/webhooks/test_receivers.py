"""Receivers that are slow, broken, away or hostile: what they miss, and that no listener notices."""

import json
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from tests.cluster.heard import check_every_page_once, longest_pause, path_of
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.clock.machine_waits import MachineWaits
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.network.ports import free_ports
from tests.support.processes.server import AudiocastServer
from tests.support.webhooks.receiver import OK, SECRET, Received, Receiver, Reply

AUDIO = numbered_audio(seconds=60)
HEARD_SECONDS = 8.0

# A pause that a player with 80 ms in hand may hear is longer; the machines are shared.
MOST_PAUSE_SECONDS = 0.5

METADATA_SERVICE = "http://169.254.169.254/latest/meta-data/"


def events(log: Path, name: str) -> list[dict[str, object]]:
    """Give the lines of the log with an event of this name."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == name]


def test_a_receiver_that_is_away_gets_what_it_missed_with_the_same_id(tmp_path: Path) -> None:
    [port] = free_ports(1)
    with Receiver(port=port) as receiver:
        settings = receiver.settings
    with AudiocastServer(tmp_path / "server.log", **settings) as server:
        started = server.start_stream()
        with PacedSource(started.keyed_url, AUDIO):
            server.wait_for_state(started.stream_id, "live")
            until_logged(tmp_path / "server.log", "webhook_not_delivered")
            assert server.metric("audiocast_webhooks_queued") == 1
            assert server.metric("audiocast_webhooks_oldest_seconds") > 0
            with Receiver(port=port) as receiver:
                receiver.wait_for(started.stream_id, "stream.live")
                tried = events(tmp_path / "server.log", "webhook_not_delivered")
                assert {line["webhook_id"] for line in tried} == {receiver.received[0].event_id}
                assert {line["target"] for line in tried} == {f"http://127.0.0.1:{port}"}
                wait_for_outcome(server, "delivered")
                assert server.metric("audiocast_webhooks_queued") == 0


def until_logged(log: Path, name: str, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not events(log, name):
        assert time.monotonic() < deadline, f"expected {name} in the log"
        time.sleep(0.05)


def wait_for_outcome(server: AudiocastServer, outcome: str, count: float = 1, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while outcomes(server).get(outcome, 0) < count:
        assert time.monotonic() < deadline, f"expected {outcome}, got {outcomes(server)}"
        time.sleep(0.05)


def outcomes(server: AudiocastServer) -> dict[str, float]:
    """Give how webhooks have ended so far, of all types together."""
    found: dict[str, float] = {}
    text = requests.get(f"http://127.0.0.1:{server.internal_port}/metrics", timeout=10).text
    for line in text.splitlines():
        if line.startswith("audiocast_webhooks_total{"):
            outcome = line.partition('outcome="')[2].partition('"')[0]
            found[outcome] = found.get(outcome, 0) + float(line.rpartition(" ")[2])
    return found


def test_a_redirect_to_the_metadata_service_is_a_failure_that_says_so(tmp_path: Path) -> None:
    with (
        Receiver(lambda _: Reply(307, {"Location": METADATA_SERVICE})) as receiver,
        AudiocastServer(tmp_path / "server.log", **receiver.settings) as server,
    ):
        started = server.start_stream()
        with PacedSource(started.keyed_url, AUDIO):
            until_logged(tmp_path / "server.log", "webhook_not_delivered")
    [line, *_] = events(tmp_path / "server.log", "webhook_not_delivered")
    assert "redirects are not followed" in str(line["reason"])
    assert "token" not in json.dumps(line)


def test_a_private_address_is_not_asked_unless_it_is_named(tmp_path: Path) -> None:
    with Receiver() as receiver:
        settings = receiver.settings | {
            "WEBHOOK_URLS": receiver.url.replace("127.0.0.1", "localhost"),
            "WEBHOOK_ALLOW_PRIVATE": "10.0.0.0/8",
        }
        with AudiocastServer(tmp_path / "server.log", **settings) as server:
            started = server.start_stream()
            with PacedSource(started.keyed_url, AUDIO):
                until_logged(tmp_path / "server.log", "webhook_not_delivered")
        assert receiver.received == []
        settings["WEBHOOK_ALLOW_PRIVATE"] = "localhost"
        with AudiocastServer(tmp_path / "named.log", **settings) as server:
            started = server.start_stream()
            with PacedSource(started.keyed_url, AUDIO):
                receiver.wait_for(started.stream_id, "stream.live")
    [line, *_] = events(tmp_path / "server.log", "webhook_not_delivered")
    assert "expected a public address" in str(line["reason"])


def test_at_the_stop_the_end_is_told_and_a_receiver_that_hangs_keeps_nobody(tmp_path: Path) -> None:
    def reply(received: Received) -> Reply:
        if received.headers["host"].startswith("localhost"):
            return Reply(after_seconds=60)
        # Longer than the server takes for all else, and shorter than it waits.
        return Reply(after_seconds=0.8) if received.type == "stream.ended" else OK

    with Receiver(reply) as receiver:
        urls = f"{receiver.url},{receiver.url.replace('127.0.0.1', 'localhost')}"
        settings = receiver.settings | {"WEBHOOK_URLS": urls, "WEBHOOK_ALLOW_PRIVATE": "127.0.0.1,localhost"}
        with AudiocastServer(tmp_path / "server.log", **settings) as server:
            started = server.start_stream()
            with PacedSource(started.keyed_url, AUDIO):
                receiver.wait_for(started.stream_id, "stream.live")
                began = time.monotonic()
                assert server.stop() == 0
                assert time.monotonic() - began < 10
        told = [each for each in receiver.of(started.stream_id) if each.type == "stream.ended"]
        assert {each.data["reason"] for each in told} == {"shutting_down"}
    [dropped] = events(tmp_path / "server.log", "webhooks_dropped")
    assert dropped["count"] == 2


def test_410_ends_it_until_the_next_start(tmp_path: Path) -> None:
    with (
        Receiver(lambda _: Reply(410)) as receiver,
        AudiocastServer(tmp_path / "server.log", **receiver.settings) as server,
    ):
        for _ in range(2):
            started = server.start_stream()
            with PacedSource(started.keyed_url, AUDIO):
                server.wait_for_state(started.stream_id, "live")
        until_logged(tmp_path / "server.log", "webhook_target_gone")
        wait_for_outcome(server, "gone", 2)
        assert len(receiver.received) <= 2


def hear(tmp_path: Path, name: str, receiver: Receiver | None) -> float:
    """Give a listener's longest pause that the machine has not caused, while many streams come and go."""
    settings = receiver.settings if receiver is not None else {}
    with ExitStack() as stack:
        server = stack.enter_context(AudiocastServer(tmp_path / f"{name}.log", **settings))
        victim = server.start_stream()
        stack.enter_context(PacedSource(victim.keyed_url, AUDIO))
        server.wait_for_state(victim.stream_id, "live")
        listener = stack.enter_context(Listener(server.port, path_of(victim)))
        listener.wait_for_audio(0.5)
        waits = stack.enter_context(MachineWaits(server.pid))
        since = time.monotonic()
        for number in range(20):
            other = server.start_stream(title=f"Show {number}")
            with PacedSource(other.keyed_url, AUDIO):
                server.wait_for_state(other.stream_id, "live")
                server.edit_stream(other, title=f"Show {number}, in the middle")
            url = f"{server.base}/api/streams/{other.stream_id}?key={other.ingest_key}"
            requests.delete(url, timeout=10).raise_for_status()
        listener.wait_for_audio(HEARD_SECONDS)
        check_every_page_once(listener)
        times = [since, *(at for at, _ in listener.arrivals if at >= since)]
        pause, own = longest_pause(listener, since), waits.longest_gap(times)
        print(f"{name}: longest pause {pause:.3f} s, {own:.3f} s of it the server's own")
        if receiver is not None:
            # Something was under way all the time: four requests, of 20 shows of two events.
            receiver.wait_until(lambda: len(receiver.received) >= 8)
        return own


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> float:
    """The longest pause of a server's own where no receiver is."""
    return hear(tmp_path_factory.mktemp("without"), "without", None)


@pytest.mark.realtime
@pytest.mark.parametrize(
    "reply",
    [Reply(after_seconds=60), Reply(500), Reply(307, {"Location": METADATA_SERVICE}), OK],
    ids=["slow", "500", "redirect", "well"],
)
def test_no_listener_notices_what_receivers_do(tmp_path: Path, without: float, reply: Reply) -> None:
    with Receiver(lambda _: reply) as receiver:
        beside = hear(tmp_path, "beside", receiver)
    assert beside < max(MOST_PAUSE_SECONDS, 2 * without)


def test_the_first_secret_and_the_one_before_both_sign(tmp_path: Path) -> None:
    other = SECRET[:-4] + "AAA="
    with Receiver(secret=other) as receiver:
        settings = receiver.settings | {"WEBHOOK_SECRETS": f"{SECRET},{other}"}
        with AudiocastServer(tmp_path / "server.log", **settings) as server:
            started = server.start_stream()
            with PacedSource(started.keyed_url, AUDIO):
                receiver.wait_for(started.stream_id, "stream.live")


def test_only_the_events_that_are_wanted_are_told(tmp_path: Path) -> None:
    with Receiver() as receiver:
        settings = receiver.settings | {"WEBHOOK_EVENTS": "stream.ended,source.refused"}
        with AudiocastServer(tmp_path / "server.log", **settings) as server:
            started = server.start_stream()
            answer = requests.post(started.keyed_url, data=b"no audio at all, but a text" * 100, timeout=10)
            assert answer.status_code >= 400
            receiver.wait_for(started.stream_id, "source.refused")
            with PacedSource(started.keyed_url, AUDIO):
                server.wait_for_state(started.stream_id, "live")
                requests.delete(
                    f"{server.base}/api/streams/{started.stream_id}?key={started.ingest_key}", timeout=10
                ).raise_for_status()
            receiver.wait_for(started.stream_id, "stream.ended")
        assert receiver.told(started.stream_id) == ["source.refused", "stream.ended"]
        assert receiver.of(started.stream_id)[0].data["code"] == answer.json()["error"]
