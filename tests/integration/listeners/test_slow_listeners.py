"""Listeners that do not keep up cost nobody else anything, and are let go on time."""

import re
import socket
import time
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.audio.numbered_audio import PACKET_SECONDS, number_of, numbered_audio
from tests.support.http.exchange import connect
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

SLOW_LISTENERS = 200
STALL_SECONDS = 4.0
SMALL_BUFFER_BYTES = 4096
MAX_GROWTH_BYTES = 20 * 1024 * 1024
# Pages go out each 100 ms; a listener that waits longer than this has been held up by others.
MAX_GAP_SECONDS = 1.0


def test_200_listeners_that_never_read(tmp_path: Path) -> None:
    settings = AudiocastServer(tmp_path / "server.log", LISTENER_STALL_SECONDS=STALL_SECONDS)
    with ExitStack() as stack:
        server = stack.enter_context(settings)
        started = server.start_stream()
        path = f"/stream/{started.stream_id}"
        stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=120), lead_seconds=5))
        server.wait_for_state(started.stream_id, "live")
        good = stack.enter_context(Listener(server.port, f"{path}?preroll=1"))
        good.wait_for_audio(2)
        before_bytes, before_files = _resident_bytes(server.pid), _open_files(server.pid)
        joined_at = time.monotonic()
        slow = [stack.enter_context(_never_reads(server.port, path)) for _ in range(SLOW_LISTENERS)]
        good.wait(lambda: server.metric("audiocast_listeners") == SLOW_LISTENERS + 1, "all to join")
        peak_bytes = before_bytes
        while server.metric("audiocast_listener_stalls_total") < SLOW_LISTENERS:
            peak_bytes = max(peak_bytes, _resident_bytes(server.pid))
            elapsed = time.monotonic() - joined_at
            assert elapsed < 4 * STALL_SECONDS, "the stalled listeners are not closed"
            if elapsed < STALL_SECONDS - 1:
                assert server.metric("audiocast_listener_stalls_total") == 0, "closed before their time"
            time.sleep(0.2)
        assert server.metric("audiocast_listeners") == 1
        assert _open_files(server.pid) <= before_files + 2
        capture = good.wait_for_audio(good.capture().seconds + 1)
        gaps = [after - at for (at, _), (after, _) in pairwise(good.arrivals)]
        print(f"memory grew by {(peak_bytes - before_bytes) / 1e6:.1f} MB; longest gap {max(gaps):.3f} s")
        assert peak_bytes - before_bytes < MAX_GROWTH_BYTES
        assert max(gaps) < MAX_GAP_SECONDS
        assert all(_is_over(each) for each in slow)
    capture.check_one_stream()


def test_a_slow_reader_that_resumes_is_moved_to_the_live_edge_in_one_stream(tmp_path: Path) -> None:
    settings = AudiocastServer(
        tmp_path / "server.log", LISTENER_LAG_SECONDS=2, LISTENER_STALL_SECONDS=60, BACKLOG_SECONDS=10
    )
    with ExitStack() as stack:
        server = stack.enter_context(settings)
        started = server.start_stream()
        path = f"/stream/{started.stream_id}"
        # 240 kbit/s, so that the buffers between the two are full soon.
        audio = numbered_audio(seconds=120, packet_bytes=600)
        source = stack.enter_context(PacedSource(started.keyed_url, audio, lead_seconds=2))
        server.wait_for_state(started.stream_id, "live")
        good = stack.enter_context(Listener(server.port, path))
        slow = stack.enter_context(
            Listener(server.port, path, receive_buffer_bytes=SMALL_BUFFER_BYTES, reading=False)
        )
        good.wait(lambda: server.metric("audiocast_listener_skips_total") >= 2, "two skips", seconds=30)
        resumed_at_seconds = source.sent_seconds
        slow.resume()
        slow.wait(lambda: _last_number(slow) * PACKET_SECONDS > resumed_at_seconds + 2, "the live edge")
        capture, good_capture = slow.capture(), good.capture()
        assert server.metric("audiocast_listener_stalls_total") == 0
    good_capture.check_one_stream()
    numbers = [number_of(packet) for packet in good_capture.packets]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    capture.check_one_stream()
    slow_numbers = [number_of(packet) for packet in capture.packets]
    jumps = [after - at for at, after in pairwise(slow_numbers) if after != at + 1]
    assert jumps, "nothing was left out"
    assert min(jumps) > 0, "a packet came twice"
    assert sum(jumps) * PACKET_SECONDS > 2
    # No jump once it reads again: the last two seconds are whole.
    assert slow_numbers[-100:] == list(range(slow_numbers[-1] - 99, slow_numbers[-1] + 1))


def _never_reads(port: int, path: str) -> socket.socket:
    connection = connect(port, receive_buffer_bytes=SMALL_BUFFER_BYTES)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return connection


def _is_over(connection: socket.socket) -> bool:
    """Say whether the server has closed it, after what was on its way already."""
    try:
        while connection.recv(65_536):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


def _last_number(listener: Listener) -> int:
    packets = listener.capture().packets
    return number_of(packets[-1]) if packets else -1


def _resident_bytes(pid: int) -> int:
    found = re.search(r"^VmRSS:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) * 1024


def _open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
