"""Waits for a server that was just installed, and listens to it until there is sound that is not silence."""

import io
import subprocess
import time
from urllib.parse import urlsplit

import av
import numpy as np
import requests

from tests.support.http.listener import Listener

SERVING_SECONDS = 30.0
SOUND_SECONDS = 30.0
HEARD_SECONDS = 1.0
POLL_SECONDS = 0.1
# Of full scale; the demo's music is above it nearly always.
LEAST_PEAK = 0.01


def wait_until_serving(url: str, server: subprocess.Popen[str]) -> None:
    """Wait until a server says that it is ready.

    Args:
        url: Of its health.
        server: Its process: one that has ended is told at once.
    """
    deadline = time.monotonic() + SERVING_SECONDS
    while True:
        assert server.poll() is None, f"the server has ended with {server.returncode}"
        try:
            if requests.get(url, timeout=1).ok:
                return
        except requests.RequestException:
            pass
        assert time.monotonic() < deadline, f"the server is not ready within {SERVING_SECONDS:.0f} s"
        time.sleep(POLL_SECONDS)


def hear(client: subprocess.Popen[str], port: int) -> None:
    """Listen by the link that a broadcaster prints, until there was a second that is not silence."""
    assert client.stdout is not None
    link = client.stdout.readline().strip()
    path = urlsplit(link).path
    assert path.startswith("/listen/"), f"expected a listen link, got {link!r}"
    with Listener(port, path.replace("/listen/", "/stream/") + ".opus") as listener:
        listener.wait_for_audio(HEARD_SECONDS, SOUND_SECONDS)
        body = listener.body
    with av.open(io.BytesIO(body), "r") as container:
        samples = [frame.to_ndarray() for frame in container.decode(container.streams.audio[0])]
    peak = max(float(np.abs(each).max()) for each in samples)
    assert peak > LEAST_PEAK, f"expected sound, got a peak of {peak}"
