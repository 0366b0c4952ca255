"""A listener over TLS that does not keep up is moved ahead as any other, and no page of it is broken."""

from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.audio.numbered_audio import PACKET_SECONDS, number_of, numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.network.certificates import Pair
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime


def test_a_slow_reader_skips_and_every_page_is_whole(tmp_path: Path, pair: Pair) -> None:
    settings = AudiocastServer(
        tmp_path / "server.log",
        **pair.settings,
        LISTENER_LAG_SECONDS=1,
        LISTENER_STALL_SECONDS=60,
        BACKLOG_SECONDS=4,
    )
    with ExitStack() as stack:
        server = stack.enter_context(settings)
        started = server.start_stream()
        path = f"/stream/{started.stream_id}"
        # 520 kbit/s, so that the buffers between the two are full soon.
        audio = numbered_audio(seconds=120, packet_bytes=1300)
        source = stack.enter_context(PacedSource(started.keyed_url, audio, lead_seconds=2))
        server.wait_for_state(started.stream_id, "live")
        good = stack.enter_context(Listener(server.tls_port, path, tls=pair.trusting()))
        slow = stack.enter_context(
            Listener(server.tls_port, path, receive_buffer_bytes=4096, reading=False, tls=pair.trusting())
        )
        # Twice: what was left in the middle of a record is gone on with.
        for skips in (1, 3):
            _wait_for_skips(server, good, skips)
            resumed_at_seconds = source.sent_seconds
            slow.resume()
            _wait_for_number(slow, (resumed_at_seconds + 1) / PACKET_SECONDS)
            slow.pause()
        capture, good_capture = slow.capture(), good.capture()
        assert server.metric("audiocast_listener_stalls_total") == 0
    good_capture.check_one_stream()
    good_numbers = [number_of(packet) for packet in good_capture.packets]
    assert good_numbers == list(range(good_numbers[0], good_numbers[0] + len(good_numbers)))
    # Checks each page's checksum and number.
    capture.check_one_stream()
    numbers = [number_of(packet) for packet in capture.packets]
    jumps = [after - at for at, after in pairwise(numbers) if after != at + 1]
    assert jumps, "nothing was left out"
    assert min(jumps) > 0, "a packet came twice"


def _wait_for_skips(server: AudiocastServer, good: Listener, count: int) -> None:
    good.wait(lambda: server.metric("audiocast_listener_skips_total") >= count, "skips", seconds=30)


def _wait_for_number(listener: Listener, number: float) -> None:
    listener.wait(lambda: _last_number(listener) > number, "the live edge")


def _last_number(listener: Listener) -> int:
    packets = listener.capture().packets
    return number_of(packets[-1]) if packets else -1
