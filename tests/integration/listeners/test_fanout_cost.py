"""What listeners of a real server cost, by its own counters: sends and passes, none of them timed."""

import re
import time
from contextlib import ExitStack

import pytest
import requests

from tests.support.audio.numbered_audio import PACKET_SECONDS, numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

# Of each kind.
LISTENERS = 5

SECONDS = 2.0
FLUSH_SECONDS = 0.1


def counters(server: AudiocastServer) -> tuple[float, float, float]:
    """Give pages in, sends and passes so far, all of the same moment."""
    text = requests.get(f"http://127.0.0.1:{server.internal_port}/metrics", timeout=10).text
    samples = dict(line.split(" ") for line in text.splitlines() if re.match(r"\w+ ", line))
    names = ("ingest_pages", "listener_sends", "fanout_passes")
    pages, sends, passes = (float(samples[f"audiocast_{name}_total"]) for name in names)
    return pages, sends, passes


def test_a_listener_costs_a_send_for_each_pass_and_no_more(server: AudiocastServer) -> None:
    started = server.start_stream()
    path = f"/stream/{started.stream_id}?preroll=0"
    with PacedSource(started.keyed_url, numbered_audio(seconds=60)), ExitStack() as stack:
        server.wait_for_state(started.stream_id, "live")
        buffered = [stack.enter_context(Listener(server.port, path)) for _ in range(LISTENERS)]
        low = [stack.enter_context(Listener(server.port, f"{path}&latency=low")) for _ in range(LISTENERS)]
        for listener in (*buffered, *low):
            listener.wait_for_audio(0.5)
        began_at = time.monotonic()
        before = counters(server)
        for listener in (*buffered, *low):
            listener.wait_for_audio(0.5 + SECONDS)
        pages, sends, passes = (now - then for now, then in zip(counters(server), before, strict=True))
        # A page that came before the first look may be sent after it; likewise a pass that was due.
        most_flushes = (time.monotonic() - began_at) / FLUSH_SECONDS + 1
        assert pages >= SECONDS / PACKET_SECONDS / 2
        assert sends <= LISTENERS * (pages + 1 + most_flushes)
        assert passes <= pages + 1 + most_flushes
        assert server.metric("audiocast_listeners") == 2 * LISTENERS
