"""A server that was frozen, as in a virtual machine that is moved, does not blame its sources for it."""

import time
from pathlib import Path

import pytest

from tests.support.audio.numbered_audio import number_of, numbered_audio
from tests.support.http.exchange import connect
from tests.support.http.listener import Listener
from tests.support.http.socket_source import SocketSource, numbered_messages
from tests.support.http.source import PacedSource, framed, ingest_head
from tests.support.processes.paused import asleep
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

LEAD_SECONDS = 3

# Longer than the lead, and longer than a source may be connected without audio (5 s).
FROZEN_SECONDS = 8.0


def test_sources_outlive_it_and_all_that_they_sent_is_heard(tmp_path: Path) -> None:
    settings: dict[str, str | int] = {
        "INGEST_LEAD_SECONDS": LEAD_SECONDS,
        "SOURCE_GRACE_SECONDS": 5,
        "ACTIVE_THRESHOLD_SEC": 1,
    }
    with AudiocastServer(tmp_path / "server.log", **settings) as server:
        framed_stream, socket_stream, late_stream = (server.start_stream() for _ in range(3))
        late_target = f"/ingest/{late_stream.stream_id}?key={late_stream.ingest_key}"
        with (
            PacedSource(framed_stream.keyed_url, numbered_audio(seconds=300)) as framed_source,
            SocketSource(server.base, socket_stream, numbered_messages(300)) as socket_source,
            connect(server.port) as late_source,
        ):
            for started in (framed_stream, socket_stream):
                server.wait_for_state(started.stream_id, "live")
            with (
                Listener(server.port, f"/stream/{framed_stream.stream_id}?latency=low") as framed_listener,
                Listener(server.port, f"/stream/{socket_stream.stream_id}?latency=low") as socket_listener,
            ):
                listeners = (framed_listener, socket_listener)
                heard = [listener.wait_for_audio(1).seconds for listener in listeners]
                late_source.sendall(ingest_head(late_target, "chunked"))
                with asleep([server.pid]):
                    late_source.sendall(framed(numbered_audio(seconds=1)))
                    time.sleep(FROZEN_SECONDS)
                for listener, seconds in zip(listeners, heard, strict=True):
                    listener.wait_for_audio(seconds + FROZEN_SECONDS + LEAD_SECONDS)
                    check_heard(listener)
                live = [event["stream_id"] for event in server.events() if event["event"] == "stream_live"]
                assert late_stream.stream_id in live, "its audio came while the server was frozen"
                assert server.metric("audiocast_sources") == 3
                assert socket_source.closed is None
                assert framed_source.sent_seconds > FROZEN_SECONDS
        assert [event for event in server.events() if event["event"] == "source_refused"] == []


def test_it_is_no_leave_to_be_faster_than_real_time(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log", INGEST_LEAD_SECONDS=LEAD_SECONDS) as server:
        started = server.start_stream()
        with PacedSource(started.keyed_url, numbered_audio(seconds=300), speed=4) as source:
            server.wait_for_state(started.stream_id, "live")
            with asleep([server.pid]):
                time.sleep(1)
            answer = source.answer()
    assert (answer.status, answer.error) == (429, "too_fast")


def check_heard(listener: Listener) -> None:
    """Hold what a listener got against the packets that were sent, silence of the server aside."""
    capture = listener.capture()
    capture.check_one_stream()
    numbers = [number_of(packet) for packet in capture.packets]
    sent = [number for number in numbers if number]
    assert sent == list(range(sent[0], sent[0] + len(sent))), "a packet is missing or foreign"
