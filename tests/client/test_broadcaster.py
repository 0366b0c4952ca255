"""Staying on the air: what is tried again and what is not."""

import threading
from collections.abc import Callable, Iterator
from itertools import repeat
from queue import SimpleQueue

import pytest

from audiocast.ogg.headers import OpusTags, is_opus_head
from tests.capture import read_pages
from tests.client.stand_in import SECONDS, StandIn, Visit
from tk_streamer import broadcaster as module
from tk_streamer.broadcaster import Broadcaster
from tk_streamer.connection import open_session
from tk_streamer.encoder import OpusEncoder
from tk_streamer.errors import ClientError, Refused
from tk_streamer.streams import Ticket

BLOCK = bytes(4 * 960)
TAGS = OpusTags(vendor="test", comments=())


def run(
    server: StandIn,
    blocks: Iterator[bytes],
    stop: threading.Event | None = None,
    on_trouble: Callable[[ClientError, float], None] = lambda error, seconds: None,
) -> None:
    ticket = Ticket(server.url, "abc", f"{server.url}/ingest/abc", f"{server.url}/listen/abc", "secret-key")
    with open_session() as session:
        Broadcaster(
            session,
            ticket,
            blocks,
            make_encoder=OpusEncoder,
            tags=TAGS,
            stop=stop or threading.Event(),
            on_trouble=on_trouble,
        ).run()


@pytest.fixture(autouse=True)
def _quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_RETRY_SECONDS", 0.001)
    monkeypatch.setattr(module, "LAST_RETRY_SECONDS", 0.008)


def take_all(received: list[list[bytes]]) -> Callable[[Visit], None]:
    def scene(visit: Visit) -> None:
        received.append(visit.chunks())
        visit.answer(200)

    return scene


def test_a_source_that_ends_is_sent_whole_and_once() -> None:
    received: list[list[bytes]] = []
    with StandIn(take_all(received)) as server:
        run(server, repeat(BLOCK, 10))
    # Headers, ten blocks, and the packet with the encoder's look-ahead.
    assert [len(chunks) for chunks in received] == [12]


def test_a_lost_connection_is_made_again_under_the_same_stream_and_key_with_a_bitstream_of_its_own() -> None:
    received: list[list[bytes]] = []
    troubles: list[str] = []

    def break_after_two(visit: Visit) -> None:
        received.append([visit.chunk(), visit.chunk()])

    def live() -> Iterator[bytes]:
        # It ends some time after the second connection has begun.
        while len(received) < 2:
            yield BLOCK
        yield from repeat(BLOCK, 3)

    def take_the_rest(visit: Visit) -> None:
        received.append([])
        received[-1].extend(visit.chunks())
        visit.answer(200)

    with StandIn(break_after_two, take_the_rest) as server:
        run(server, live(), on_trouble=lambda error, seconds: troubles.append(type(error).__name__))
    assert troubles == ["ConnectionLost"]
    assert [visit.request_line for visit in server.visits] == ["POST /ingest/abc HTTP/1.1"] * 2
    assert {visit.headers["authorization"] for visit in server.visits} == {"Bearer secret-key"}
    heads = [read_pages(chunks[0])[0] for chunks in received]
    assert all(is_opus_head(head.body) for head in heads)
    assert len({head.serial for head in heads}) == 2


@pytest.mark.parametrize("status", [401, 409, 410, 415])
def test_a_refusal_for_good_is_not_argued_with(status: int) -> None:
    def refuse(visit: Visit) -> None:
        visit.answer(status, {"error": "no", "message": "never"})

    with StandIn(refuse) as server, pytest.raises(Refused, match="never"):
        run(server, repeat(BLOCK))
    assert len(server.visits) == 1


def test_a_refusal_for_now_is_tried_again_and_again_with_growing_pauses() -> None:
    troubles: list[tuple[ClientError, float]] = []
    received: list[list[bytes]] = []

    def busy(visit: Visit) -> None:
        visit.answer(503, {"error": "shutting_down", "message": "later"})

    def blocks() -> Iterator[bytes]:
        while not received:
            yield BLOCK

    def welcome(visit: Visit) -> None:
        received.append([visit.chunk()])
        visit.chunks()
        visit.answer(200)

    with StandIn(*repeat(busy, 6), welcome) as server:
        run(server, blocks(), on_trouble=lambda error, seconds: troubles.append((error, seconds)))
    assert [str(error) for error, _ in troubles] == ["the server refused with 503 shutting_down: later"] * 6
    exact = [0.001, 0.002, 0.004, 0.008, 0.008, 0.008]
    assert [seconds for _, seconds in troubles] == pytest.approx(exact, rel=0.2501)


def test_after_a_good_connection_the_pauses_begin_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GOOD_CONNECTION_BLOCKS", 3)
    delays: list[float] = []
    # A source that gives as many blocks as the server lets it, so that nothing hangs on who is quicker.
    permits: SimpleQueue[bytes] = SimpleQueue()

    def break_at_once(visit: Visit) -> None:
        visit.answer(503)
        permits.put(BLOCK)

    def break_later(visit: Visit) -> None:
        for _ in range(3):
            permits.put(BLOCK)
        # The header pages, then the blocks.
        for _ in range(4):
            visit.chunk()
        break_at_once(visit)

    def end(visit: Visit) -> None:
        permits.put(b"")
        visit.chunks()
        visit.answer(200)

    with StandIn(*repeat(break_at_once, 3), break_later, end) as server:
        run(
            server,
            iter(lambda: permits.get(timeout=SECONDS), b""),
            on_trouble=lambda error, seconds: delays.append(seconds),
        )
    assert len(delays) == 4
    assert delays[2] > 0.002
    assert delays[3] < 0.002


def test_stop_ends_it_during_a_pause() -> None:
    stop = threading.Event()
    with StandIn(lambda visit: visit.answer(503)) as server:
        run(server, repeat(BLOCK), stop, on_trouble=lambda error, seconds: stop.set())
    assert len(server.visits) == 1


def test_stop_ends_it_while_it_sends_with_a_whole_body() -> None:
    stop = threading.Event()
    received: list[list[bytes]] = []

    def blocks() -> Iterator[bytes]:
        # As the pacing does: a source that ends because it was told to.
        while not stop.is_set():
            yield BLOCK

    def take(visit: Visit) -> None:
        visit.chunk()
        stop.set()
        received.append(visit.chunks())
        visit.answer(200)

    with StandIn(take) as server:
        run(server, blocks(), stop)
    (last,) = read_pages(received[0][-1])
    assert last.eos
