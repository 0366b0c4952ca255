"""What the fan-out tells of a listen: when it began and ended, why, and how many bytes were sent."""

import math
import socket
import time
from collections.abc import Callable

import pytest

from audiocast.stream.audience.departure import seconds_since_heard, seconds_since_left
from audiocast.stream.audience.listen import NOBODY, Listen, Way
from audiocast.stream.audience.listen_end import ListenEnd
from audiocast.stream.fanout.limits import FanoutLimits
from tests.unit.stream.fake_sink import FakeSink
from tests.unit.stream.fanout.fanout_harness import HTTP_HEAD, FanoutHarness

DEADLINE_SECONDS = 10.0


class Heard:
    """Listens of a harness, and what became of them."""

    def __init__(self, harness: FanoutHarness) -> None:
        self.harness = harness
        self.begun: list[Listen] = []
        self.ended: list[tuple[ListenEnd, float, int]] = []

    def join(self, *, room_bytes: float = math.inf, preroll_seconds: float = 0.0) -> FakeSink:
        sink = FakeSink(room_bytes)
        listen = Listen(
            "s",
            Way.STREAM,
            NOBODY,
            aim_seconds=math.inf,
            on_begin=self.begun.append,
            on_end=lambda listen, end, size: self.ended.append(
                (end, listen.ended_at - listen.began_at, size)
            ),
        )
        head = HTTP_HEAD + self.harness.muxer.header_pages
        self.harness.fanout.join(
            sink, head, preroll_seconds=preroll_seconds, aim_seconds=math.inf, listen=listen
        )
        return sink


@pytest.fixture
def harness() -> FanoutHarness:
    return FanoutHarness()


@pytest.fixture
def heard(harness: FanoutHarness) -> Heard:
    return Heard(harness)


def test_who_goes_has_left_and_has_got_what_its_socket_took(harness: FanoutHarness, heard: Heard) -> None:
    harness.broadcast(2)
    sink = heard.join(preroll_seconds=1)
    harness.broadcast(3)
    sink.error = BrokenPipeError()
    harness.flush()
    harness.broadcast(0.2)
    assert len(heard.begun) == 1
    ((end, seconds, size),) = heard.ended
    assert end is ListenEnd.LEFT
    assert seconds == pytest.approx(3.1, abs=0.1)
    assert size == len(sink.received)


def test_the_end_of_the_stream_ends_it(harness: FanoutHarness, heard: Heard) -> None:
    sink = heard.join()
    harness.broadcast(1)
    harness.end()
    harness.clock.advance(1)
    assert [(end, size) for end, _, size in heard.ended] == [(ListenEnd.STREAM_ENDED, len(sink.received))]


def test_a_server_that_stops_says_so_also_of_who_is_slow(harness: FanoutHarness, heard: Heard) -> None:
    in_step, slow = heard.join(), heard.join(room_bytes=500)
    harness.broadcast(1)
    harness.publish(eos=True)
    harness.fanout.finish(ListenEnd.SERVER_STOPPED)
    # The server waits no longer for them.
    harness.clock.advance(1)
    assert {end for end, *_ in heard.ended} == {ListenEnd.SERVER_STOPPED}
    assert [size for *_, size in heard.ended] == [len(in_step.received), len(slow.received)]


def test_who_is_let_go_was_drained(harness: FanoutHarness, heard: Heard) -> None:
    heard.join()
    harness.broadcast(1)
    harness.fanout.close_listeners(1)
    assert [end for end, *_ in heard.ended] == [ListenEnd.DRAINED]


def test_who_takes_nothing_has_stalled(heard: Heard, harness: FanoutHarness) -> None:
    sink = heard.join(room_bytes=1000)
    harness.broadcast(25)
    assert [(end, size) for end, _, size in heard.ended] == [(ListenEnd.STALLED, len(sink.received))]


def test_what_was_skipped_is_not_counted_as_sent() -> None:
    harness = FanoutHarness(limits=FanoutLimits(flush_interval_seconds=0.1, lag_seconds=2.0))
    heard = Heard(harness)
    sink = heard.join(room_bytes=1000)
    harness.broadcast(8)
    sink.unblock()
    harness.broadcast(2)
    assert harness.counters.skips
    sink.error = ConnectionResetError()
    harness.broadcast(0.3)
    ((_, _, size),) = heard.ended
    assert size == len(sink.received)


def test_pages_that_are_gone_count_by_their_mean() -> None:
    harness = FanoutHarness(backlog_seconds=1, limits=FanoutLimits(flush_interval_seconds=0.1))
    heard = Heard(harness)
    sink = heard.join(room_bytes=1000)
    harness.broadcast(8)
    sink.unblock()
    harness.broadcast(2)
    harness.fanout.close_listeners(1)
    ((_, _, size),) = heard.ended
    assert size == pytest.approx(len(sink.received), rel=0.02)


class TestDeparture:
    """With sockets, since the kernel is asked."""

    @pytest.fixture
    def pair(self) -> tuple[socket.socket, socket.socket]:
        with socket.create_server(("127.0.0.1", 0)) as server:
            client = socket.create_connection(server.getsockname())
            accepted, _ = server.accept()
        accepted.setblocking(False)
        return accepted, client

    def _first_error(self, accepted: socket.socket) -> OSError:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            try:
                accepted.send(b"x")
            except OSError as error:
                return error
            time.sleep(0.02)
        raise AssertionError("no send has failed")

    @pytest.mark.parametrize("reset", [False, True])
    def test_it_was_when_the_other_end_was_closed(
        self, pair: tuple[socket.socket, socket.socket], reset: bool
    ) -> None:
        accepted, client = pair
        accepted.send(b"audio")
        if not reset:
            client.recv(100)
        closed_at = time.monotonic()
        client.close()
        time.sleep(0.3)
        error = self._first_error(accepted)
        ago = time.monotonic() - closed_at
        left = seconds_since_left(accepted, error)
        accepted.close()
        # A reset came some time since the last acknowledgement: half of it is right in the mean.
        assert left == pytest.approx(ago / 2 if reset else ago, abs=0.1)

    def test_nothing_is_known_of_what_is_no_connection(self) -> None:
        assert seconds_since_heard(FakeSink()) is None
        assert seconds_since_left(FakeSink(), BrokenPipeError()) == 0

    def test_nor_of_one_that_is_closed(self, pair: tuple[socket.socket, socket.socket]) -> None:
        for end in pair:
            end.close()
        assert seconds_since_left(pair[0], None) == 0


def test_a_listen_does_not_end_before_it_began() -> None:
    ended: list[float] = []
    note: Callable[[Listen, ListenEnd, int], None] = lambda listen, end, size: ended.append(  # noqa: E731
        listen.ended_at
    )
    listen = Listen("s", Way.HLS, NOBODY, aim_seconds=1, on_begin=lambda _: None, on_end=note)
    listen.start(7.0)
    listen.finish(ListenEnd.LEFT, 3.0, 0)
    assert ended == [7.0]
