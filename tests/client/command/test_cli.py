"""`audiocast-stream` against a real server: what it prints, how it ends, its exit codes."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.client.broadcast_process import SECONDS, BroadcastProcess
from tests.client.command.drawn_qr import modules_of
from tests.client.sound import decode, power_share
from tests.support.audio.capture import Capture
from tests.support.audio.media import wav_file
from tests.support.http.listener import Listener
from tests.support.http.pictures import make_picture
from tests.support.processes.nginx_process import NginxProcess
from tests.support.processes.server import AudiocastServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AudiocastServer]:
    with AudiocastServer(tmp_path / "server.log") as server:
        yield server


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run it to its end, without a server."""
    command = [sys.executable, "-m", "tk_streamer", *arguments]
    environment = {**os.environ, **environment}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS)


def test_a_tone_arrives_and_the_link_is_all_of_standard_output(
    server: AudiocastServer, tmp_path: Path
) -> None:
    picture = tmp_path / "cover.webp"
    picture.write_bytes(make_picture("image/webp"))
    said = ["--title", "Größe", "--accent", "#117733", "--picture", str(picture)]
    with BroadcastProcess(server.base, "--tone", "1000", "--seconds", "4", *said) as broadcast:
        stream_id = broadcast.stream_id()
        state = server.wait_for_state(stream_id, "live")
        assert (state["title"], state["accent"]) == ("Größe", "#117733")
        assert requests.get(state["cover_url"], timeout=10).headers["Content-Type"] == "image/webp"
        with Listener(server.port, f"/stream/{stream_id}?preroll=20") as listener:
            listener.wait_for_end()
        assert broadcast.wait() == 0
    heard = tmp_path / "heard.opus"
    heard.write_bytes(listener.body)
    left, _ = decode(heard)
    assert power_share(left, 1000) > 0.95
    assert len(left) / 48_000 > 2.5
    assert broadcast.output == f"{server.base}/listen/{stream_id}\n"
    lines = broadcast.text.splitlines()
    assert lines[-2:] == ["stopped", "0:00:04 sent, 0.1 MB"]
    assert "ON AIR: tone of 1000 Hz" in lines
    assert server.state(stream_id)["state"] == "ended"


def test_a_private_stream_has_a_code_that_is_told(server: AudiocastServer) -> None:
    private = ["--tone", "--visibility", "private"]
    with BroadcastProcess(server.base, *private) as broadcast:
        stream_id = broadcast.stream_id()
        broadcast.wait_for("link of their own: ")
        code = broadcast.text.partition("link of their own: ")[2].split()[0]
        assert code.count("-") == 2
        url = f"{server.base}/listen/{stream_id}"
        assert requests.get(url, headers={"Accept": "text/html"}, timeout=10).status_code == 401
        let_in = requests.Session().post(f"{url}/code", data={"code": code}, timeout=10)
        assert (let_in.status_code, let_in.url) == (200, url)
        broadcast.send_signal(signal.SIGTERM)
        assert broadcast.wait() == 0
    assert broadcast.output == f"{url}\n"


def test_a_code_of_ones_own_is_better_in_a_variable(server: AudiocastServer) -> None:
    json_lines = ["--tone", "--visibility", "private", "--log-format", "json"]
    environment = {"AUDIOCAST_ACCESS_CODE": "open sesame"}
    with BroadcastProcess(server.base, *json_lines, environment=environment) as broadcast:
        broadcast.wait_for('"access_code": "open sesame"')
        broadcast.send_signal(signal.SIGTERM)
        assert broadcast.wait() == 0
    assert all(json.loads(line) for line in broadcast.text.splitlines())
    told = run(
        "--server", "http://127.0.0.1:9", "--no-retry", *json_lines[:3], "--access-code", "open sesame"
    )
    assert "better set AUDIOCAST_ACCESS_CODE" in told.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_stream(server: AudiocastServer, number: signal.Signals) -> None:
    with BroadcastProcess(server.base, "--tone") as broadcast:
        stream_id = broadcast.stream_id()
        server.wait_for_state(stream_id, "live")
        broadcast.send_signal(number)
        assert broadcast.wait() == 0
    assert "\nstopped\n" in broadcast.text
    assert server.state(stream_id)["state"] == "ended"


def test_a_file_is_played_to_its_end_and_copied(server: AudiocastServer, tmp_path: Path) -> None:
    path, copy = wav_file(tmp_path, seconds=2.0, tone_hz=600.0), tmp_path / "copy.opus"
    arguments = [
        "--file",
        str(path),
        "--copy",
        str(copy),
        "--channels",
        "1",
        "--bitrate",
        "64",
        "--frame-ms",
        "10",
    ]
    with BroadcastProcess(server.base, *arguments) as broadcast:
        assert broadcast.wait() == 0
    (mono,) = decode(copy, 1)
    assert len(mono) == 96_000
    assert power_share(mono, 600) > 0.95
    capture = Capture.parse(copy.read_bytes())
    assert capture.head.channels == 1
    assert {len(packet) for packet in capture.packets} == {80}


def test_a_file_again_and_again(server: AudiocastServer, tmp_path: Path) -> None:
    path = wav_file(tmp_path, seconds=0.5)
    with BroadcastProcess(server.base, "--file", str(path), "--loop", "--seconds", "2") as broadcast:
        assert broadcast.wait() == 0
    assert "0:00:02 sent" in broadcast.text


def test_a_token_and_an_id_make_a_link_that_stays(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log", API_TOKENS="a-secret-token-1") as server:
        environment = {"AUDIOCAST_TOKEN": "a-secret-token-1"}
        for _ in range(2):
            arguments = ["--tone", "--id", "evening", "--seconds", "1"]
            with BroadcastProcess(server.base, *arguments, environment=environment) as broadcast:
                assert broadcast.wait() == 0
            assert broadcast.output == f"{server.base}/listen/evening\n"
        with BroadcastProcess(server.base, "--tone", "--token", "wrong") as broadcast:
            assert broadcast.wait() == 4
    assert "can be seen by other users" in broadcast.text
    assert "The server does not accept this API token." in broadcast.text
    assert "wrong" not in broadcast.text.replace("wrong arguments", "")


def test_json_is_a_line_each_and_tells_all(server: AudiocastServer) -> None:
    with BroadcastProcess(server.base, "--tone", "--seconds", "2", "--log-format", "json") as broadcast:
        assert broadcast.wait() == 0
    said = [json.loads(line) for line in broadcast.text.splitlines()]
    phases = [each["phase"] for each in said if each["event"] == "phase"]
    # Each of them once and in this order; one that is over within a tenth of a second may go unseen.
    assert phases == [phase for phase in ("connecting", "on_air", "stopping", "stopped") if phase in phases]
    assert {"on_air", "stopped"} <= set(phases)
    assert said[-1]["event"] == "ended"
    assert said[-1]["seconds_sent"] == pytest.approx(2.0, abs=0.01)
    assert said[-1]["trouble"] is None
    assert said[-1]["listen_url"] + "\n" == broadcast.output


def test_on_a_terminal_one_line_changes_and_the_link_is_drawn(server: AudiocastServer) -> None:
    ours, theirs = pty.openpty()
    command = [
        sys.executable,
        "-m",
        "tk_streamer",
        "--server",
        server.base,
        "--tone",
        "--seconds",
        "2",
        "--qr",
    ]
    environment = {**os.environ, "PYTHONUTF8": "1", "TERM": "xterm", "COLUMNS": "100"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while True:
            try:
                data = os.read(ours, 65_536)
            except OSError:  # how a terminal says that nobody writes to it any more
                break
            shown += data
    finally:
        os.close(ours)
        output, _ = process.communicate(timeout=SECONDS)
    text = shown.decode()
    assert process.returncode == 0
    assert output.startswith(server.base.encode())
    assert "\r\x1b[KON AIR  [#" in text
    assert "listening" in text
    drawing = [line for line in text.splitlines() if line.startswith("\x1b[38;5;16;48;5;231m")]
    plain = "\n".join(line.removeprefix("\x1b[38;5;16;48;5;231m").removesuffix("\x1b[0m") for line in drawing)
    # Three finder patterns of 7 by 7 modules, the first right behind the margin of 4.
    assert modules_of(plain, is_ink_dark=True)[4][4:11] == [True] * 7


@pytest.mark.parametrize(
    ("arguments", "exit_code", "told"),
    [
        (["--server", "ftp://nonsense", "--tone"], 5, "This is no address of a server."),
        (["--server", "http://127.0.0.1:9", "--tone", "--no-retry"], 5, "Nothing answers at"),
        (["--server", "http://127.0.0.1:9", "--file", "nothing.mp3"], 3, "The file cannot be read."),
        (["--server", "http://127.0.0.1:9", "--file", __file__], 3, "There is no sound in the file"),
        (["--server", "http://no-such-host.invalid", "--tone", "--no-retry"], 5, "name is not known"),
        (["--tone"], 2, "expected --server URL, got none"),
        (["--server", "http://x", "--tone", "10"], 2, "expected 20 to 20000 Hz, got 10"),
        (["--server", "http://x", "--tone", "--gain", "99"], 2, "expected -30 to 20 dB, got 99"),
        (["--server", "http://x", "--bitrate", "5"], 2, "expected 6 to 510 kbit/s, got 5"),
        (["--server", "http://x", "--seconds", "0"], 2, "expected a number above 0, got 0"),
        (["--server", "http://x", "--loop"], 2, "expected --loop with --file"),
        (["--server", "http://x", "--ffmpeg-filter", "volume=2"], 2, "with --encoder ffmpeg"),
        (["--server", "http://x", "--tone", "--music"], 2, "not allowed with"),
        (["--server", "http://x", "--frame-ms", "30"], 2, "invalid choice"),
    ],
)
def test_each_way_to_fail_has_its_exit_code_and_words(
    arguments: list[str], exit_code: int, told: str
) -> None:
    done = run(*arguments)
    assert done.returncode == exit_code, done.stderr
    assert told in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_help_names_the_exit_codes() -> None:
    done = run("--help", COLUMNS="100")
    assert done.returncode == 0
    for code in range(6):
        assert f"\n  {code}  " in done.stdout
    assert "AUDIOCAST_TOKEN" in done.stdout


def test_a_certificate_is_checked_and_one_that_is_trusted_serves(tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log") as server, NginxProcess(tmp_path, server.port) as nginx:
        with BroadcastProcess(nginx.tls_base, "--tone") as broadcast:
            assert broadcast.wait() == 5
        assert "The server's certificate is not valid" in broadcast.text
        # OpenSSL's own variable, for servers whose certificate is of a private authority.
        trusted = {"SSL_CERT_FILE": str(nginx.certificate)}
        arguments = ["--tone", "--seconds", "3"]
        with BroadcastProcess(nginx.tls_base, *arguments, environment=trusted) as broadcast:
            assert broadcast.wait() == 0
        assert "ON AIR" in broadcast.text
