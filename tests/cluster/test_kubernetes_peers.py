"""Pods find each other by a watch on EndpointSlices, whatever becomes of the API server."""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from tornado.httputil import HTTPHeaders

from audiocast.cluster.discovery import kubernetes_api, kubernetes_peers
from audiocast.cluster.discovery.kubernetes_peers import KubernetesPeers
from audiocast.cluster.discovery.pod import Pod
from tests.cluster.api_server import PORT_NAME, SERVICE, ApiServer, Refusal, endpoint, endpoint_slice

SECONDS = 10.0
A, B, C = "10.0.0.1", "10.0.0.2", "10.0.0.3"
AT_A, AT_B, AT_C = f"{A}:8001", f"{B}:8001", f"{C}:8001"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long before a new try."""
    monkeypatch.setattr(kubernetes_peers, "FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(kubernetes_peers, "LONGEST_WAIT_SECONDS", 0.05)


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[ApiServer]:
    api = ApiServer(tmp_path)
    api.put(endpoint_slice("one", 8001, endpoint(A)))
    yield api
    await api.close()


class Watcher:
    """What one pod is told."""

    def __init__(self, answers: AsyncGenerator[list[str], None]) -> None:
        self._answers = answers

    async def wait_for(self, *addresses: str) -> None:
        """Wait until these are told."""
        async with asyncio.timeout(SECONDS):
            async for found in self._answers:
                if sorted(found) == sorted(addresses):
                    return
        raise AssertionError("no more answers")


@asynccontextmanager
async def watching(
    api: ApiServer, *, pod: Pod | None = None, port: int | str = PORT_NAME, **times: Any
) -> AsyncIterator[Watcher]:
    peers = KubernetesPeers(SERVICE, port, pod or api.pod, **times)
    async with aclosing(peers.answers()) as answers:
        yield Watcher(answers)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not condition():
            await asyncio.sleep(0.01)


async def test_changes_are_told_as_they_come_and_nothing_is_listed_twice(api: ApiServer) -> None:
    async with watching(api) as pod:
        await pod.wait_for(AT_A)
        api.put(endpoint_slice("one", 8001, endpoint(A), endpoint(B)))
        await pod.wait_for(AT_A, AT_B)
        api.put(endpoint_slice("two", 8001, endpoint(C)))
        await pod.wait_for(AT_A, AT_B, AT_C)
        api.put(endpoint_slice("one", 8001, endpoint(A, terminating=True), endpoint(B)))
        await pod.wait_for(AT_B, AT_C)
        api.delete("two")
        await pod.wait_for(AT_B)
    assert api.asked == ["", "101"]


async def test_a_port_of_ones_own_is_taken_instead_of_the_services(api: ApiServer) -> None:
    async with watching(api, port=9001) as pod:
        await pod.wait_for(f"{A}:9001")


async def test_a_watch_that_has_ended_goes_on_where_it_was_and_bookmarks_count(api: ApiServer) -> None:
    async with watching(api, watch_seconds=1) as pod:
        await pod.wait_for(AT_A)
        api.bookmark()
        await pod.wait_for(AT_A)
        ended = asyncio.ensure_future(pod.wait_for(AT_B))
        await until(lambda: len(api.asked) == 3)
        api.put(endpoint_slice("one", 8001, endpoint(B)))
        await ended
    assert api.asked == ["", "101", "102"]


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
async def test_an_answer_that_is_no_success_is_asked_for_again(api: ApiServer, status: int) -> None:
    # For two lists, then a watch.
    refusal = Refusal(status, {"Retry-After": "9"})
    api.refusals += [refusal, refusal]
    with capture_logs() as events:
        async with watching(api) as pod:
            await pod.wait_for(AT_A)
            api.refusals.append(refusal)
            await pod.wait_for(AT_A)
    told = [event for event in events if event["event"] == "peers_not_told"]
    assert len(told) == 3
    needs_a_person = status in (401, 403, 404)
    assert {event["log_level"] for event in told} == {"error" if needs_a_person else "warning"}
    assert all(bool(event["hint"]) == needs_a_person for event in told)
    assert all(f"{status} BecauseOfTheTest" in event["reason"] for event in told)


def wait_of(headers: dict[str, str]) -> int:
    return kubernetes_api._refusal(429, HTTPHeaders(headers), b"not JSON").wait_seconds


def test_how_long_to_wait_is_what_was_asked_for_if_it_is_a_number() -> None:
    assert wait_of({"Retry-After": "7"}) == 7
    for text in ("", "soon", "-1", "9" * 6000, "Fri, 31 Dec 1999 23:59:59 GMT"):
        assert wait_of({"Retry-After": text}) == 0


async def test_waits_grow_are_bounded_and_begin_anew_after_a_success(
    api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubernetes_peers, "FIRST_WAIT_SECONDS", 0.1)
    monkeypatch.setattr(kubernetes_peers, "LONGEST_WAIT_SECONDS", 0.3)
    monkeypatch.setattr(random, "uniform", lambda low, high: 1.0)
    api.refusals += [Refusal(429, {"Retry-After": "9"}), Refusal(500, {}), Refusal(500, {})]
    with capture_logs() as events:
        async with watching(api) as pod:
            await pod.wait_for(AT_A)
            api.put(endpoint_slice("one", 8001, endpoint(B)))
            await pod.wait_for(AT_B)
            api.say(b"nonsense")
            await pod.wait_for(AT_B)
    waits = [event["again_seconds"] for event in events if event["event"] == "peers_not_told"]
    assert waits == [0.3, 0.2, 0.3, 0.1]


async def test_a_version_that_is_too_old_is_listed_anew(api: ApiServer) -> None:
    async with watching(api, watch_seconds=1) as pod:
        await pod.wait_for(AT_A)
        again = asyncio.ensure_future(pod.wait_for(AT_C))
        await until(lambda: len(api.asked) == 2)
        # While it watches the history goes, and a change with it.
        api._slices["one"] = endpoint_slice("one", 8001, endpoint(C))
        api.forget_history()
        await again
    assert api.asked[:4] == ["", "101", "101", ""]


async def test_a_dead_watch_is_found_by_its_silence(api: ApiServer) -> None:
    async with watching(api, silence_seconds=0.5) as pod:
        await pod.wait_for(AT_A)
        again = asyncio.ensure_future(pod.wait_for(AT_B))
        api.is_deaf = True
        api.put(endpoint_slice("one", 8001, endpoint(B)))
        await again
    # It was the new list that told.
    assert api.asked[-1] == ""


@pytest.mark.parametrize(
    "line", [b"nonsense", b"{", b"[" * 100_000, b'{"type":"ADDED","object":{}}', b'"' + b"x" * 200_000 + b'"']
)
async def test_a_watch_that_brings_nonsense_is_begun_anew(api: ApiServer, line: bytes) -> None:
    with capture_logs() as events:
        async with watching(api) as pod:
            await pod.wait_for(AT_A)
            api.say(line)
            await pod.wait_for(AT_A)
    assert api.asked[:3] == ["", "101", ""]
    assert all(len(event["reason"]) <= 300 for event in events)


async def test_an_event_in_many_pieces_is_one(api: ApiServer) -> None:
    many = [endpoint(f"10.1.{number // 200}.{number % 200 + 1}") for number in range(2000)]
    async with watching(api) as pod:
        await pod.wait_for(AT_A)
        api.put(endpoint_slice("one", 8001, *many))
        await pod.wait_for(*(f"{each['addresses'][0]}:8001" for each in many))
    assert api.asked == ["", "101"]


@pytest.mark.parametrize("text", [b"", b"nonsense", b"[1]", b"[" * 100_000, b'{"items":[]}'])
async def test_a_list_that_is_none_is_asked_for_again(api: ApiServer, text: bytes) -> None:
    api.lists.append(text)
    async with watching(api) as pod:
        await pod.wait_for(AT_A)
    assert api.asked == ["", ""]


async def test_an_answer_without_end_is_cut(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubernetes_api, "MAX_ANSWER_BYTES", 100_000)
    api.lists.append(b" " * 100_001)
    with capture_logs() as events:
        async with watching(api) as pod:
            await pod.wait_for(AT_A)
    assert ["longer than 100000 bytes" in event["reason"] for event in events] == [True]


async def test_the_token_is_read_anew_since_it_is_rotated(api: ApiServer) -> None:
    async with watching(api, watch_seconds=1) as pod:
        await pod.wait_for(AT_A)
        (api.account / "token").write_text("second-token")
        api.forget_history()
        await pod.wait_for(AT_A)
    assert (api.tokens[0], api.tokens[-1]) == ("first-token", "second-token")


async def test_an_account_that_is_not_there_is_waited_for_and_named(api: ApiServer, tmp_path: Path) -> None:
    pod = replace(api.pod, account=tmp_path / "nowhere")
    with capture_logs() as events:
        async with watching(api, pod=pod) as watcher:
            waiting = asyncio.ensure_future(watcher.wait_for(AT_A))
            await until(lambda: bool(events))
            api.account.rename(pod.account)
            await waiting
    assert "automountServiceAccountToken" in events[0]["hint"]
    assert "nowhere" in events[0]["reason"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("token", b""),
        ("token", b"two\nlines"),
        ("token", b"two\r\nlines"),
        ("token", b"\xff"),
        ("token", "ключ".encode()),
        ("ca.crt", b""),
        ("ca.crt", b"no certificate"),
        ("namespace", b"\n"),
    ],
)
async def test_an_accounts_file_that_is_none_is_waited_for(api: ApiServer, name: str, text: bytes) -> None:
    good = (api.account / name).read_bytes()
    (api.account / name).write_bytes(text)
    with capture_logs() as events:
        async with watching(api) as watcher:
            waiting = asyncio.ensure_future(watcher.wait_for(AT_A))
            await until(lambda: bool(events))
            assert api.tokens == []
            (api.account / name).write_bytes(good)
            await waiting
    assert {event["event"] for event in events} == {"peers_not_told"}


async def test_a_server_with_another_authoritys_certificate_gets_no_token(
    api: ApiServer, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = ApiServer(tmp_path / "other")
    pod = replace(api.pod, account=other.account)
    with capture_logs() as events:
        async with watching(api, pod=pod) as watcher:
            waiting = asyncio.ensure_future(watcher.wait_for(AT_A))
            await until(lambda: bool(events))
            assert api.tokens == []
            (other.account / "ca.crt").write_text((api.account / "ca.crt").read_text())
            await waiting
    await other.close()
    assert "CERTIFICATE_VERIFY_FAILED" in events[0]["reason"]


async def test_an_api_server_that_is_away_is_waited_for(api: ApiServer) -> None:
    pod = replace(api.pod, api_port=1)
    with capture_logs() as events:
        async with watching(api, pod=pod) as watcher:
            waiting = asyncio.ensure_future(watcher.wait_for(AT_A))
            await until(lambda: len(events) > 2)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
    assert all("127.0.0.1:1" in event["reason"] for event in events)


async def test_a_service_that_does_not_tell_the_port_is_named(api: ApiServer) -> None:
    with capture_logs() as events:
        async with watching(api, port="peers") as pod:
            await pod.wait_for()
    assert [(event["event"], event["ports_seen"]) for event in events] == [("peers_none_yet", [PORT_NAME])]
