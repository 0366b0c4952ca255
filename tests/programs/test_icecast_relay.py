"""Icecast as a listener: it relays a stream to its own listeners, with the configuration of the documents."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.client.sound import SAMPLE_RATE
from tests.programs.documents import block, filled
from tests.programs.heard import check_steady, check_tone, decoded
from tests.programs.ordinary_user import PREFIX, ordinary_folder
from tests.programs.program import Program
from tests.support.http.listener import Listener
from tests.support.network.ports import free_port
from tests.support.processes.encoder_process import EncoderProcess
from tests.support.processes.server import AudiocastServer, Started

pytestmark = pytest.mark.realtime

SECONDS = 15.0
AGAIN_SECONDS = 5.0
START_SECONDS = 20.0
LISTEN_SECONDS = 60.0
MOUNT = "/evening.opus"


def test_a_listener_of_icecast_hears_the_stream_and_the_source_that_takes_it_over(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log") as server:
        started = server.start_stream()
        with EncoderProcess(started.keyed_url, tone_hz=440, log=tmp_path / "first.log"):
            server.wait_for_state(started.stream_id, "live")
            with (
                _icecast(server, started, tmp_path / "icecast.log") as port,
                Listener(port, MOUNT) as listener,
            ):
                listener.wait_for_audio(SECONDS + 1, LISTEN_SECONDS)
                check_tone(listener.body, 440, seconds=SECONDS)
                seconds = listener.capture().seconds
                with EncoderProcess(started.keyed_url, tone_hz=880, log=tmp_path / "second.log"):
                    capture = listener.wait_for_audio(seconds + AGAIN_SECONDS, LISTEN_SECONDS)
                body, end = listener.body, listener.end
        joins = server.metric("audiocast_listener_joins_total")
        takeovers = server.metric("audiocast_source_takeovers_total")
    assert (joins, takeovers, end) == (1, 1, None)
    capture.check_one_stream()
    check_steady(decoded(body)[-2 * SAMPLE_RATE :], 880)


@contextmanager
def _icecast(server: AudiocastServer, started: Started, log: Path) -> Iterator[int]:
    """Run an Icecast with the documents' relay; give its port."""
    port = free_port()
    relay = filled(block("listening-programs.md", "Icecast", "xml"), server, started)
    with ordinary_folder() as folder:
        (folder / "icecast.xml").write_text(_configuration(port, relay, folder))
        with Program(f"exec {PREFIX}icecast2 -c icecast.xml", log=log, folder=folder) as icecast:
            icecast.wait_for(
                lambda: f"listener count on {MOUNT} now 0" in icecast.output, "the relay", START_SECONDS
            )
            yield port
            assert icecast.exit_code is None
        complaints = [line for line in icecast.output.splitlines() if " WARN " in line or " EROR " in line]
        assert complaints == []


def _configuration(port: int, relay: str, folder: Path) -> str:
    """Give the least that Icecast starts with, and the relay."""
    return f"""
<icecast>
    <hostname>127.0.0.1</hostname>
    <location>Here</location>
    <admin>admin@example.org</admin>
    <listen-socket>
        <bind-address>127.0.0.1</bind-address>
        <port>{port}</port>
    </listen-socket>
    {relay}
    <paths>
        <logdir>{folder}</logdir>
        <webroot>{folder}</webroot>
        <adminroot>{folder}</adminroot>
    </paths>
    <logging>
        <accesslog>-</accesslog>
        <errorlog>-</errorlog>
        <loglevel>3</loglevel>
    </logging>
</icecast>
"""
