"""Literal addresses need no thread, and names have threads of their own."""

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from audiocast.cluster.discovery.address_resolver import AddressResolver

LOOKUP_THREADS = 4


async def test_a_literal_address_is_answered_while_all_threads_are_busy() -> None:
    loop = asyncio.get_running_loop()
    release = threading.Event()
    common = ThreadPoolExecutor(1)
    loop.set_default_executor(common)
    resolver = AddressResolver()
    try:
        busy = [loop.run_in_executor(None, release.wait)]
        busy += [loop.run_in_executor(resolver._threads, release.wait) for _ in range(LOOKUP_THREADS)]
        async with asyncio.timeout(10):
            assert await resolver.resolve("127.0.0.1", 81) == [(socket.AF_INET, ("127.0.0.1", 81))]
            assert await resolver.resolve("::1", 81) == [(socket.AF_INET6, ("::1", 81, 0, 0))]
    finally:
        release.set()
    await asyncio.gather(*busy)
    resolver.close()


async def test_a_name_is_looked_up_while_the_common_threads_are_busy() -> None:
    loop = asyncio.get_running_loop()
    release = threading.Event()
    loop.set_default_executor(ThreadPoolExecutor(1))
    busy = loop.run_in_executor(None, release.wait)
    resolver = AddressResolver()
    try:
        async with asyncio.timeout(10):
            found = await resolver.resolve("localhost", 81, socket.AF_INET)
        assert found == [(socket.AF_INET, ("127.0.0.1", 81))]
    finally:
        release.set()
    await busy
    resolver.close()


async def test_a_name_that_many_ask_for_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    looked_up: list[str] = []

    def getaddrinfo(host: str, port: int, *more: Any) -> Any:
        if more[-1] & socket.AI_NUMERICHOST:
            raise socket.gaierror(socket.EAI_NONAME, "not a number")
        looked_up.append(host)
        release.wait()
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    resolver = AddressResolver()
    first = asyncio.ensure_future(resolver.resolve("peers", 81))
    others = [asyncio.ensure_future(resolver.resolve("peers", 81)) for _ in range(20)]
    await asyncio.sleep(0)
    first.cancel()
    release.set()
    assert await asyncio.gather(*others) == [[(socket.AF_INET, ("10.0.0.1", 81))]] * 20
    assert looked_up == ["peers"]
    await resolver.resolve("peers", 81)
    assert looked_up == ["peers", "peers"], "an answer is not kept: addresses of names change"
    resolver.close()


async def test_a_name_that_is_not_known_is_an_error() -> None:
    resolver = AddressResolver()
    with pytest.raises(socket.gaierror):
        await resolver.resolve("no-such-name.invalid", 81)
    resolver.close()


async def test_closing_waits_for_no_look_up_and_forgets_those_that_wait() -> None:
    loop = asyncio.get_running_loop()
    release = threading.Event()
    limit = threading.Timer(20, release.set)
    limit.start()
    resolver = AddressResolver()
    busy = [loop.run_in_executor(resolver._threads, release.wait) for _ in range(LOOKUP_THREADS)]
    waiting = asyncio.ensure_future(resolver.resolve("no-such-name.invalid", 81))
    await asyncio.sleep(0)
    resolver.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not release.is_set()
    release.set()
    limit.cancel()
    await asyncio.gather(*busy)
