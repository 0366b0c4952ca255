"""Cases are the same for the same seed, and what they find is told from what is planned."""

import itertools
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.fuzz.campaign import ALL_WAYS, Tally, attack, cases_of
from tests.fuzz.cases import VICTIM, Case, key_of
from tests.fuzz.delivery import outcome_of
from tests.fuzz.observation import faults_of

SOME = 25


@pytest.mark.parametrize("way", ALL_WAYS)
def test_the_same_seed_makes_the_same_cases(way: str) -> None:
    first, again, other = (list(itertools.islice(cases_of(way, seed), SOME)) for seed in (7, 7, 8))
    assert first == again
    assert len({case.pieces for case in (*first, *other)}) > 1.5 * SOME
    assert list(itertools.islice(cases_of(way, 7, 20), 3)) == first[20:23]
    assert [Case.from_json(case.as_json()) for case in first] == first


@pytest.mark.parametrize("way", ALL_WAYS)
def test_no_case_has_the_key_of_the_victim(way: str) -> None:
    mac = key_of(VICTIM).rpartition(".")[2].encode()
    assert not any(mac in b"".join(case.pieces) for case in itertools.islice(cases_of(way, 3), SOME))


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"", "no answer"),
        (b"\x88\x02", "no answer"),
        (b"HTTP/1.1 200 OK\r\n\r\nOggS", "200"),
        (b'HTTP/1.1 400 Bad Request\r\n\r\n{"error": "bad_crc", "message": "x"}', "400 bad_crc"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x89\x01x\x88\x03\x11\x30x", "101, closed with 4400"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "101"),
    ],
)
def test_an_answer_has_a_name(answer: bytes, outcome: str) -> None:
    assert outcome_of(answer) == outcome


@pytest.mark.parametrize(
    "line",
    [
        '{"event": "request", "status": 500, "level": "error"}',
        '{"event": "source_refused", "level": "info", "exception": "Traceback (most recent call last)"}',
        "Task exception was never retrieved",
    ],
)
def test_a_fault_in_the_log_is_found(line: str) -> None:
    usual = '{"event": "request", "status": 503, "level": "info"}'
    assert faults_of(f"{usual}\n{line}\n{usual}\n") == [line]


@contextmanager
def answering(status: int) -> Iterator[int]:
    """Answer every request with a status; give the port."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(1000)
            self.request.sendall(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as service:
        thread = threading.Thread(target=service.serve_forever, args=(0.05,))
        thread.start()
        yield int(service.server_address[1])
        service.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "harm", "findings"), [(500, "", 2), (503, "", 0), (404, "a hole", 1)])
def test_what_is_wrong_is_a_finding(status: int, harm: str, findings: int) -> None:
    case = Case("http", 0, (b"GET / HTTP/1.1\r\n\r\n",), "answer")
    tally = Tally()
    with answering(status) as port:
        attack([case] * 2, port, [], tally, harm=lambda: harm, seconds=10)
    assert tally.cases == 2
    assert len(tally.findings) == findings
    assert tally.suspects == ([case] * 2 if status == 500 else [])
