"""`audiocast notify` beside a real server: from the first audio to what apprise sends."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.http_stand_in import Answer, Request, answering
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer
from tests.support.webhooks.receiver import SECRET

AUDIO = numbered_audio(seconds=60)


@contextmanager
def notifying(log: Path, *options: str, **environment: str) -> Iterator[int]:
    """Run the command on a free port while the `with` block runs; give the port."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "audiocast", "notify", "--port", "0", *options],
            env={"PATH": os.environ["PATH"], "NOTIFY_SECRETS": SECRET, **environment},
            stderr=output,
            stdout=output,
        )
        try:
            deadline = time.monotonic() + 60
            while (port := port_in(log.read_text())) is None:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield port
        finally:
            process.terminate()
            assert process.wait(20) == 0


def port_in(text: str) -> int | None:
    lines = [json.loads(line) for line in text.splitlines() if line.endswith("}")]
    return next((int(line["port"]) for line in lines if line["event"] == "notifying"), None)


def until(said: list[dict[str, object]], count: int) -> None:
    deadline = time.monotonic() + 30
    while len(said) < count:
        assert time.monotonic() < deadline, f"got {said}"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("language", "on_air", "ended"),
    [("en", "Morning is on air", "Morning has ended"), ("ru", "Morning в эфире", "Morning: эфир окончен")],
)
def test_people_are_told_when_a_show_is_on_air_and_over(
    tmp_path: Path, language: str, on_air: str, ended: str
) -> None:
    said: list[dict[str, object]] = []

    def answer(request: Request) -> Answer:
        said.append(json.loads(request.body))
        # The first time it fails: then it is said again where it was not.
        return Answer(500 if len(said) == 1 else 200, b"{}")

    with answering(answer) as base:
        urls = tmp_path / "urls"
        urls.write_text(
            f"# A service of a test's own\njson://{base.removeprefix('http://')}/token-of-a-service\n"
        )
        with notifying(tmp_path / "notify.log", "--language", language, NOTIFY_URLS_FILE=str(urls)) as port:
            settings = {
                "WEBHOOK_URLS": f"http://127.0.0.1:{port}/",
                "WEBHOOK_SECRETS": SECRET,
                "WEBHOOK_ALLOW_PRIVATE": "127.0.0.1",
            }
            with AudiocastServer(tmp_path / "server.log", **settings) as server:
                started = server.start_stream(title="Morning", visibility="public")
                hidden = server.start_stream(title="Hidden", visibility="unlisted")
                with PacedSource(started.keyed_url, AUDIO), PacedSource(hidden.keyed_url, AUDIO):
                    until(said, 2)
                    # It stops with the server, which tells the end at its own.
                    assert server.stop() == 0
                until(said, 3)
    assert [each["title"] for each in said] == [on_air, on_air, ended]
    assert all(each["message"] for each in said)
    log = (tmp_path / "notify.log").read_text()
    assert "notification_failed" in log
    assert "token-of-a-service" not in log
    assert SECRET not in log


@pytest.mark.parametrize(
    ("environment", "options", "said"),
    [
        ({}, (), "NOTIFY_SECRETS: expected what the server has in WEBHOOK_SECRETS, got none"),
        ({"NOTIFY_SECRETS": "whsec_short"}, (), "NOTIFY_SECRETS: expected whsec_"),
        ({"NOTIFY_SECRETS": SECRET}, (), "NOTIFY_URLS: expected services"),
        (
            {"NOTIFY_SECRETS": SECRET, "NOTIFY_URLS": "nonsense://secret-place"},
            (),
            "NOTIFY_URLS: URL 1 (nonsense)",
        ),
        ({"NOTIFY_SECRETS": SECRET, "NOTIFY_URLS_FILE": "/none"}, (), "NOTIFY_URLS_FILE: cannot read /none"),
        ({"NOTIFY_SECRETS": SECRET}, ("--events", "stream.died"), "--events: expected some of"),
    ],
)
def test_what_is_missing_is_told_and_no_secret(
    environment: dict[str, str], options: tuple[str, ...], said: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "audiocast", "notify", "--port", "0", *options],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert f"audiocast: {said}" in done.stderr
    assert "secret-place" not in done.stderr
