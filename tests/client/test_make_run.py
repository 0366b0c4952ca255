"""`make run`, from the link that it prints to its end, each way that it can end."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from qrcode.constants import ERROR_CORRECT_L
from qrcode.main import QRCode

from tests.client.command.drawn_qr import modules_of
from tests.client.demo_process import DemoProcess
from tests.client.sound import decode
from tests.support.http.http_stand_in import serving
from tests.support.http.listener import Listener
from tests.support.network.ports import free_ports

pytestmark = pytest.mark.realtime

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "cmd" / "python_packages.py"


@pytest.fixture
def port() -> int:
    """A port that is free, as are those after it, which the demo takes for the server's internal port."""
    return free_ports(3)[0]


@contextmanager
def listening(link: str, query: str = "") -> Iterator[Listener]:
    parts = urlsplit(link)
    assert parts.port is not None
    with Listener(parts.port, parts.path.replace("/listen/", "/stream/") + query) as listener:
        yield listener


def test_it_plays_music_ends_by_itself_and_can_be_run_again_at_once(port: int, tmp_path: Path) -> None:
    links = set()
    for seconds in (8, 3):
        with DemoProcess("--seconds", str(seconds), "--no-qr", "--port", str(port)) as demo:
            link = demo.link()
            # Of this computer in its network, or localhost where it has none.
            assert urlsplit(link).port == port
            assert requests.get(link, timeout=10).status_code == 200
            # To the end of the stream: what was already played when we came is in the backlog.
            with listening(link, "?preroll=20") as listener:
                listener.wait_for_end()
            assert demo.wait() == 0
        heard = tmp_path / "heard.opus"
        heard.write_bytes(listener.body)
        left, right = decode(heard)
        assert seconds - 1.5 < len(left) / 48_000 < seconds + 0.5
        assert 500 < max(left) < 20_000
        assert 500 < max(right) < 20_000
        links.add(link)
    assert len(links) == 2


def test_the_qr_code_holds_the_link_for_a_phone(port: int) -> None:
    with DemoProcess("--port", str(port), "--title", "QR") as demo:
        link = demo.link()
        title = requests.get(link.replace("/listen/", "/api/streams/"), timeout=10).json()["title"]
        demo.send_signal(signal.SIGTERM)
        assert demo.wait() == 0
        text = demo.text
    shown = [line.split()[-1] for line in text.splitlines() if "/listen/" in line]
    assert title == "QR"
    assert shown[0] == link
    drawing = "\n".join(line for line in text.splitlines() if line and set(line) <= set(" ▀▄█"))
    code = QRCode(error_correction=ERROR_CORRECT_L, border=4)
    code.add_data(shown[-1])
    code.make(fit=True)
    assert modules_of(drawing, is_ink_dark=False) == code.get_matrix()
    for other in shown[1:]:
        assert urlsplit(other).path == urlsplit(link).path
        assert urlsplit(other).port == port
        assert not urlsplit(other).netloc.startswith(("localhost", "127."))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_both_and_listeners_get_a_proper_end(port: int, number: signal.Signals) -> None:
    with DemoProcess("--no-qr", "--port", str(port)) as demo:
        with listening(demo.link()) as listener:
            listener.wait_for_audio(1.0)
            children = demo.children()
            assert set(children) == {"audiocast", "tk_streamer"}
            # A Ctrl-C goes to the terminal's foreground group, of which they must not be.
            assert all(os.getpgid(pid) == pid for pid in children.values())
            demo.send_signal(number)
            assert demo.wait() == 0
            capture = listener.wait_for_end()
        assert "Traceback" not in demo.text
    capture.check_one_stream()
    assert listener.end == "closed"
    assert capture.pages[-1].is_eos
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), timeout=5):
        pass


@pytest.mark.parametrize(("module", "name"), [("audiocast", "server"), ("tk_streamer", "broadcaster")])
def test_when_one_dies_it_says_which_and_ends_the_other(port: int, module: str, name: str) -> None:
    with DemoProcess("--no-qr", "--port", str(port)) as demo:
        demo.link()
        os.kill(demo.children()[module], signal.SIGKILL)
        assert demo.wait() == 1
        assert f"The {name} ended with exit code -9. Its last lines:" in demo.text
        assert "Traceback" not in demo.text


def test_an_address_that_is_not_ours_is_told(port: int) -> None:
    with DemoProcess("--no-qr", "--port", str(port), HOST="192.0.2.77.invalid") as demo:
        assert demo.wait() == 1
        assert demo.text.splitlines()[-1].startswith("cannot listen on '192.0.2.77.invalid': ")
        assert "Traceback" not in demo.text


def test_a_port_that_is_taken_is_passed_over(port: int) -> None:
    with socket.create_server(("", port)), DemoProcess("--no-qr", "--port", str(port)) as demo:
        chosen = urlsplit(demo.link()).port
        assert chosen is not None
        assert chosen > port
        assert f"Port {port} is taken, so this is port {chosen}." in demo.text


def test_settings_come_from_the_environment(port: int) -> None:
    with DemoProcess(
        "--no-qr", PORT=str(port), HOST="127.0.0.1", API_TOKENS="a-secret-token-1,another-token-22"
    ) as demo:
        assert demo.link().startswith(f"http://127.0.0.1:{port}/listen/")
        assert "same network" not in demo.text
        assert "a-secret-token-1" not in demo.text


@pytest.mark.parametrize(
    ("arguments", "settings", "complaint"),
    [
        (["--port", "0"], {}, "expected a port from 1 to 65535, got 0"),
        (["--seconds", "0"], {}, "expected a number above 0, got 0"),
        ([], {"PORT": "eight"}, "PORT: "),
    ],
)
def test_wrong_arguments_are_told_in_words(
    arguments: list[str], settings: dict[str, str], complaint: str
) -> None:
    with DemoProcess(*arguments, **settings) as demo:
        assert demo.wait() == 2
        assert complaint in demo.text
        assert "Traceback" not in demo.text


def make_plan(target: str) -> str:
    """Return the commands that make would run in a tree where nothing is installed."""
    command = ["make", "--dry-run", "--always-make", target]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True, timeout=60
    ).stdout


@pytest.mark.parametrize("target", ["run", "cluster"])
def test_a_demo_installs_the_server_and_the_client_only(target: str) -> None:
    plan = make_plan(target)
    assert "requirements-run.lock .venv" in plan
    assert "requirements.lock" not in plan
    assert "apt-get" not in plan


def test_a_full_environment_will_do_for_the_demo() -> None:
    plan = make_plan("check")
    assert "requirements.lock .venv" in plan
    assert "touch .venv/.installed-run .venv/.installed" in plan


def installed_from(index: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the first step of `make run` with a package that is nowhere, and an index of the test's own."""
    lock = folder / "example.lock"
    lock.write_text(f"audiocast-no-such-package==1.0 \\\n    --hash=sha256:{'0' * 64}\n")
    python = folder / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    # This run's own pip, without an environment of its own: nothing gets installed.
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    names = ("PATH", "HOME", "TMPDIR")
    environment = {name: os.environ[name] for name in names if name in os.environ}
    environment |= {"PIP_INDEX_URL": index, "PIP_CONFIG_FILE": os.devnull, "no_proxy": "127.0.0.1"}
    return subprocess.run(
        [sys.executable, SCRIPT, lock, folder / "venv"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_package_index_that_does_not_answer_is_told_in_words_and_soon(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        # Bound and not listening: whoever connects is refused.
        nobody.bind(("127.0.0.1", 0))
        index = f"http://127.0.0.1:{nobody.getsockname()[1]}/simple"
        began = time.monotonic()
        done = installed_from(index, tmp_path)
        seconds = time.monotonic() - began
    assert done.returncode == 1
    assert done.stdout == "Installing 1 Python packages from example.lock ...\n"
    first, *rest = done.stderr.splitlines()
    assert first == "The package index does not answer, so Python packages cannot be installed."
    assert rest[0].endswith("/simple/audiocast-no-such-package/ and got: [Errno 111] Connection refused")
    assert "PIP_INDEX_URL" in done.stderr
    assert "Traceback" not in done.stderr
    assert seconds < 30


def test_an_index_that_has_nothing_is_told_in_other_words(tmp_path: Path) -> None:
    with serving(lambda *_: None) as index:
        done = installed_from(index, tmp_path)
    assert done.returncode == 1
    assert "does not answer" not in done.stderr
    assert done.stderr.splitlines()[-1] == "Does PIP_INDEX_URL, or pip's configuration, name a package index?"
