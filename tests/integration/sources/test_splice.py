"""Sources come and go; a listener hears one logical bitstream, whatever they do."""

import re
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.audio.capture import Capture
from tests.support.audio.media import opus_file
from tests.support.audio.numbered_audio import number_of, numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import Framing, PacedSource
from tests.support.processes.encoder_process import EncoderProcess
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

NORMAL_IN_A_CAPTURE = (
    # The pages between the headers and the join are not there, and the end is where the capture was cut.
    r"sequence number gap in stream 1\. Got page \d+ when expecting page 2\.",
    r"discontinuity in stream \(1\)",
    r"missing \*\*\* eos",
    r"EOS not set",
    # The line above oggz-validate's findings.
    r"\.opus: Error:$",
)


def test_two_listeners_keep_one_stream_while_the_source_is_killed_three_times(
    server: AudiocastServer, media: Path, tmp_path: Path
) -> None:
    started = server.start_stream()
    path = f"/stream/{started.stream_id}"
    ffmpeg_log = tmp_path / "ffmpeg.log"
    opusenc = opus_file(media, seconds=30, encoder="opusenc", page_ms=200, tone_hz=660).read_bytes()
    sources: tuple[EncoderProcess | PacedSource, ...] = (
        EncoderProcess(started.keyed_url, tone_hz=440, log=ffmpeg_log),
        PacedSource(started.keyed_url, opusenc),
        EncoderProcess(started.keyed_url, tone_hz=880, log=ffmpeg_log),
        EncoderProcess(started.keyed_url, tone_hz=550, log=ffmpeg_log, channels=1),
    )
    with ExitStack() as stack:
        listeners: list[Listener] = []
        for number, source in enumerate(sources):
            with source:
                server.wait_for_state(started.stream_id, "live")
                if not listeners:
                    listeners = [
                        stack.enter_context(Listener(server.port, path + query))
                        for query in ("", "?preroll=0&latency=low")
                    ]
                _wait_for_sources(server, splices=number, listener=listeners[0])
                so_far = [listener.capture().seconds for listener in listeners]
                for listener, seconds in zip(listeners, so_far, strict=True):
                    listener.wait_for_audio(seconds + 2)
            so_far = [listener.capture().seconds for listener in listeners]
            for listener, seconds in zip(listeners, so_far, strict=True):
                listener.wait_for_audio(seconds + 0.5)
        bodies = [listener.body for listener in listeners]
    assert server.metric("audiocast_silence_seconds_total") > 0
    for number, body in enumerate(bodies):
        capture = Capture.parse(body)
        capture.check_one_stream()
        assert capture.seconds > 8
        _check_with_programs(body, tmp_path / f"listener-{number}.opus")


@pytest.mark.parametrize("framing", ["chunked", "raw"])
def test_the_newest_source_wins_at_once_and_the_older_one_is_told(
    server: AudiocastServer, framing: Framing
) -> None:
    started = server.start_stream()
    older = numbered_audio(seconds=60)
    newer = numbered_audio(seconds=60, packet_bytes=300, serial=2)
    with PacedSource(started.keyed_url, older, framing=framing) as first:
        server.wait_for_state(started.stream_id, "live")
        with Listener(server.port, f"/stream/{started.stream_id}") as listener:
            listener.wait_for_audio(1)
            with PacedSource(started.keyed_url, newer, framing=framing):
                answer = first.answer()
                assert (answer.status, answer.error) == (409, "taken_over")
                capture = listener.wait_for_audio(listener.capture().seconds + 1)
                assert server.metric("audiocast_sources") == 1
    capture.check_one_stream()
    sizes = [len(packet) for packet in capture.packets]
    cut = sizes.index(300)
    assert set(sizes[cut:]) == {300}, "the older source was heard again, or silence between the two"
    numbers = [number_of(packet) for packet in capture.packets[cut:]]
    assert numbers == list(range(len(numbers))), "the newer source is heard from its first packet"
    assert server.metric("audiocast_source_takeovers_total") == 1


def test_chained_input_is_spliced(server: AudiocastServer) -> None:
    started = server.start_stream()
    links = [numbered_audio(seconds=2, packet_bytes=200 + serial, serial=serial) for serial in (1, 2, 3)]
    with PacedSource(started.keyed_url, b"".join(links), lead_seconds=0.5) as source:
        server.wait_for_state(started.stream_id, "live")
        with Listener(server.port, f"/stream/{started.stream_id}?preroll=20") as listener:
            answer = source.finish()
            assert answer.status == 200, answer
            capture = listener.wait_for_audio(6)
    capture.check_one_stream()
    sizes = [len(packet) for packet in capture.packets[:300]]
    assert sizes == [201] * 100 + [202] * 100 + [203] * 100
    assert [number_of(packet) for packet in capture.packets[:300]] == [*range(100)] * 3
    assert server.metric("audiocast_source_splices_total") == 2


def test_a_source_that_cannot_be_spliced_ends_the_stream_properly(
    server: AudiocastServer, media: Path
) -> None:
    started = server.start_stream()
    path = f"/stream/{started.stream_id}"
    surround = opus_file(media, seconds=20, encoder="opusenc", channels=6, bitrate_kbps=256).read_bytes()
    with PacedSource(started.keyed_url, numbered_audio(seconds=60)):
        server.wait_for_state(started.stream_id, "live")
        with Listener(server.port, path) as listener:
            listener.wait_for_audio(0.5)
            with PacedSource(started.keyed_url, surround):
                capture = listener.wait_for_end()
                with Listener(server.port, path) as again:
                    surround_capture = again.wait_for_audio(1)
    assert listener.end == "closed"
    capture.check_one_stream()
    assert capture.pages[-1].is_eos
    surround_capture.check_one_stream()
    assert (capture.head.channels, surround_capture.head.channels) == (1, 6)
    assert capture.pages[0].serial != surround_capture.pages[0].serial


def _wait_for_sources(server: AudiocastServer, *, splices: int, listener: Listener) -> None:
    listener.wait(
        lambda: server.metric("audiocast_source_splices_total") == splices, f"{splices} splices of sources"
    )


def _check_with_programs(body: bytes, path: Path) -> None:
    path.write_bytes(body)
    for command in (["opusinfo", str(path)], ["oggz-validate", str(path)]):
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        complaints = [
            line
            for line in (done.stdout + done.stderr).splitlines()
            if re.search(r"WARNING|ERROR|[Ee]rror|serialno|gap|issing", line)
        ]
        strange = [line for line in complaints if not re.search("|".join(NORMAL_IN_A_CAPTURE), line)]
        assert not strange, f"{command[0]}:\n{done.stdout}{done.stderr}"
        assert len(complaints) <= len(NORMAL_IN_A_CAPTURE), "what is normal once came more often"
