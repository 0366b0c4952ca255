"""One request to a receiver on loopback: what counts as delivered, and what is never dialled."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from tornado.iostream import IOStream

from audiocast.cluster.discovery import address_resolver
from audiocast.webhooks.addresses import AddressRules
from audiocast.webhooks.event import Event, EventType
from audiocast.webhooks.sender import MAX_ANSWER_BYTES, Sender, TryResult
from audiocast.webhooks.signature import parse_secret
from audiocast.webhooks.target import Target
from tests.support.network.certificates import make_pair
from tests.support.webhooks.receiver import SECRET, Received, Receiver, Reply

LOOPBACK = AddressRules.parse(["127.0.0.1"])
EVENT = Event(EventType.STREAM_LIVE, "news", "evt_1", 1.5, 7, {"title": "Новости"})
SECRETS = (parse_secret(SECRET),)

# Of example.com; nothing is sent there.
PUBLIC = "93.184.215.14"


def target(url: str) -> Target:
    return Target.parse(url, SECRETS)


async def send(url: str, rules: AddressRules = LOOPBACK, **options: Any) -> TryResult:
    sender = Sender(rules, max_requests=4, version="1", **options)
    try:
        return await sender.send(target(url), EVENT)
    finally:
        sender.close()


async def answered(reply: Reply, **options: Any) -> tuple[TryResult, list[Received]]:
    with Receiver(lambda _: reply) as receiver:
        result = await send(receiver.url, **options)
        return result, receiver.received


async def test_others_code_takes_it_with_what_the_url_says() -> None:
    result, [received] = await answered(Reply(204))
    assert result == TryResult(True)
    assert (received.event_id, received.type) == ("evt_1", "stream.live")
    assert received.data == {"stream_id": "news", "sequence": 7, "title": "Новости"}
    assert received.headers["content-type"] == "application/json"


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_a_success_is_one_whatever_it_says(status: int) -> None:
    body = b"" if status == 204 else b"x" * 1000
    assert (await answered(Reply(status, body=body)))[0].is_delivered


async def test_a_success_with_more_than_is_read_is_one() -> None:
    result, _ = await answered(Reply(200, body=b"x" * (4 * MAX_ANSWER_BYTES)))
    assert result.is_delivered


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
async def test_any_other_answer_is_a_failure(status: int) -> None:
    result, _ = await answered(Reply(status, body=b"secret details"))
    assert result == TryResult(False, f"answered {status}")


async def test_410_says_that_the_receiver_wants_no_more() -> None:
    result, _ = await answered(Reply(410))
    assert (result.is_delivered, result.is_gone) == (False, True)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("where", ["http://169.254.169.254/latest/meta-data", "{other}"])
async def test_a_redirect_is_not_followed_wherever_it_leads(status: int, where: str) -> None:
    with (
        Receiver() as other,
        Receiver(lambda _: Reply(status, {"Location": where.format(other=other.url)})) as receiver,
    ):
        result = await send(receiver.url)
        assert result == TryResult(
            False, f"{status}: redirects are not followed; set the address that it leads to"
        )
        assert (len(receiver.received), other.received) == (1, [])


async def test_a_receiver_that_is_too_slow_has_failed_and_one_that_is_not_has_not() -> None:
    result, received = await answered(Reply(200, after_seconds=30), try_seconds=0.5)
    assert (result.is_delivered, len(received)) == (False, 1)
    assert "imeout" in result.reason
    assert (await answered(Reply(200, after_seconds=0.2), try_seconds=10))[0].is_delivered


@pytest.fixture
async def trickling() -> AsyncIterator[tuple[str, Callable[[bytes], None]]]:
    """A receiver that answers with bytes a test gives, and then a byte now and then, for ever."""
    first: list[bytes] = []
    tasks: set[asyncio.Task[None] | None] = set()
    is_over = False

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(first[0])
        with contextlib.suppress(OSError):
            while not is_over:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.02)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", first.append
    is_over = True
    server.close()
    await asyncio.gather(*filter(None, tasks))


@pytest.mark.parametrize(
    ("first", "is_delivered"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", True),
        (b"HTTP/1.1 500 No\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nX: ", False),
        (b"no HTTP at all", False),
    ],
)
async def test_an_answer_without_end_ends(
    trickling: tuple[str, Callable[[bytes], None]], first: bytes, is_delivered: bool
) -> None:
    url, say = trickling
    say(first)
    async with asyncio.timeout(10):
        assert (await send(url, try_seconds=1)).is_delivered is is_delivered


async def test_nobody_listens_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        result = await send(f"http://127.0.0.1:{free.getsockname()[1]}/")
    assert result == TryResult(False, "Connection refused")


async def test_an_address_that_is_not_allowed_is_not_dialled() -> None:
    with Receiver() as receiver:
        for rules in (AddressRules(), AddressRules.parse(["127.0.0.2", "10.0.0.0/8"])):
            result = await send(receiver.url, rules)
            assert not result.is_delivered
            assert "expected a public address, got 127.0.0.1" in result.reason
        assert receiver.received == []


class Names:
    """Stands for the system's names: gives the addresses of each look in turn."""

    def __init__(self, *looks: list[str]) -> None:
        self.looks = list(looks)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, family: int, flags: int) -> list[tuple[int, Any]]:
        if flags & socket.AI_NUMERICHOST:
            raise socket.gaierror
        self.asked.append(host)
        return [(socket.AF_INET, (address, port)) for address in self.looks.pop(0)]


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that are dialled; those that are not of this machine refuse."""
    addresses: list[str] = []
    connect = IOStream.connect

    def dial(stream: IOStream, address: Any, *given: Any, **more: Any) -> Any:
        addresses.append(address[0])
        return connect(stream, ("127.0.0.1", 1) if address[0] == PUBLIC else address, *given, **more)

    monkeypatch.setattr(IOStream, "connect", dial)
    return addresses


async def test_a_name_that_is_another_at_the_second_look_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, dialled: list[str]
) -> None:
    with Receiver() as receiver:
        names = Names([PUBLIC], ["127.0.0.1"], ["127.0.0.1"])
        monkeypatch.setattr(address_resolver, "_addresses", names)
        url = f"http://rebinding.example:{receiver.port}/"
        # What is dialled is what was checked, without a second look.
        assert not (await send(url, AddressRules())).is_delivered
        assert (names.asked, dialled) == (["rebinding.example"], [PUBLIC])
        # The next try looks anew, and what it finds is not dialled.
        result = await send(url, AddressRules())
        assert "got 127.0.0.1" in result.reason
        assert dialled == [PUBLIC]
        assert receiver.received == []
        # A name that is named may have it.
        assert (await send(url, AddressRules.parse(["rebinding.example"]))).is_delivered
        assert receiver.received[0].headers["host"] == f"rebinding.example:{receiver.port}"


async def test_of_several_addresses_only_the_public_ones_are_dialled(
    monkeypatch: pytest.MonkeyPatch, dialled: list[str]
) -> None:
    monkeypatch.setattr(address_resolver, "_addresses", Names(["127.0.0.1", PUBLIC, "169.254.169.254"]))
    await send("http://mixed.example/", AddressRules())
    assert set(dialled) == {PUBLIC}


async def test_a_name_that_is_not_there_is_told_without_the_url(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: Any) -> Any:
        raise socket.gaierror

    monkeypatch.setattr(address_resolver, "_addresses", missing)
    result = await send("http://nowhere.example/token")
    assert result == TryResult(False, "the name of the host was not found")


async def test_a_receiver_proves_itself_by_its_name_at_the_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pair = make_pair(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    with Receiver() as receiver:
        receiver.wrap(context)
        url = f"https://localhost:{receiver.port}/"
        result = await send(url)
        assert not result.is_delivered
        assert result.reason.startswith("TLS: ")
        assert receiver.received == []
        assert (await send(url, tls=pair.trusting())).is_delivered
        monkeypatch.setattr(address_resolver, "_addresses", Names(["127.0.0.1"]))
        other = await send(f"https://other.example:{receiver.port}/", tls=pair.trusting())
        assert not other.is_delivered
        assert len(receiver.received) == 1
