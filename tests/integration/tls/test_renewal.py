"""A certificate that is renewed while people listen, and bad files that are put in its place."""

import os
import shutil
import signal
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.audio.numbered_audio import number_of, numbered_audio
from tests.support.http.exchange import connect
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.network.certificates import Pair, make_pair
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

# The server looks every five seconds.
WAIT_SECONDS = 20.0
EXPIRES = "audiocast_certificate_expires_timestamp_seconds"
REFUSED = "audiocast_certificate_refused"


def test_no_listener_notices_a_renewal_and_bad_files_change_nothing(tmp_path: Path, pair: Pair) -> None:
    next_pair = make_pair(tmp_path, "next", days=9)
    used = Pair(tmp_path / "tls.crt", tmp_path / "tls.key")
    _put(pair, used)
    with AudiocastServer(tmp_path / "server.log", **used.settings) as server:
        started = server.start_stream()
        audio = numbered_audio(seconds=60)
        first_expires = server.metric(EXPIRES)
        path = f"/stream/{started.stream_id}"
        with (
            PacedSource(started.keyed_url, audio, lead_seconds=2),
            Listener(server.tls_port, path, tls=pair.trusting()) as listener,
        ):
            listener.wait_for_audio(1)
            _put(next_pair, used)
            _wait(lambda: server.metric(EXPIRES) > first_expires + 6 * 86_400, "the new certificate")
            connect(server.tls_port, tls=next_pair.trusting()).close()
            with pytest.raises(ssl.SSLCertVerificationError):
                connect(server.tls_port, tls=pair.trusting())
            shutil.copy(pair.key, used.key)
            _wait(lambda: server.metric(REFUSED) == 1, "the refusal")
            connect(server.tls_port, tls=next_pair.trusting()).close()
            events = {each["event"]: each for each in server.events()}
            assert "is another one's" in events["certificate_refused"]["error"]
            capture = listener.wait_for_audio(listener.capture().seconds + 0.5)
    capture.check_one_stream()
    numbers = [number_of(packet) for packet in capture.packets]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_workers_that_start_while_the_files_are_bad_have_the_last_good_certificate(
    tmp_path: Path, pair: Pair
) -> None:
    next_pair = make_pair(tmp_path, "next", days=9)
    used = Pair(tmp_path / "tls.crt", tmp_path / "tls.key")
    _put(pair, used)
    with AudiocastServer(tmp_path / "server.log", **used.settings, WORKERS=2) as server:

        def count(event: str) -> int:
            return sum(each["event"] == event for each in server.events())

        _put(next_pair, used)
        # By both workers, and by their parent.
        _wait(lambda: count("certificate_replaced") == 3, "the new certificate")
        used.key.write_text("no key")
        for pid in Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split():
            os.kill(int(pid), signal.SIGKILL)
        _wait(lambda: count("worker_serving") == 4, "both workers again")
        for _ in range(4):
            connect(server.tls_port, tls=next_pair.trusting()).close()
        assert server.metric(REFUSED) == 1
        # They still look at the files.
        _put(pair, used)
        _wait(lambda: server.metric(REFUSED) == 0, "the files are good again")
        connect(server.tls_port, tls=pair.trusting()).close()


def _put(source: Pair, target: Pair) -> None:
    shutil.copy(source.certificate, target.certificate)
    shutil.copy(source.key, target.key)


def _wait(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not in {WAIT_SECONDS:g} s: {what}"
        time.sleep(0.1)
