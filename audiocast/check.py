"""`audiocast check URL`: sends two seconds of audio to a service and hears them, packet by packet.

The check is a client like any other, with HTTP and `audiocast.ogg`; it knows nothing of a server's inside. It
sends packets of silence with their number in the padding (RFC 6716 section 3.2.5), which decoders ignore.
Through a balancer, two members may do the receiving and the sending.
"""

import json
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import (
    HTTPConnection,
    HTTPException,
    HTTPResponse,
    HTTPSConnection,
    IncompleteRead,
    RemoteDisconnected,
)
from urllib.parse import SplitResult, urlsplit

from audiocast.ogg.errors import OggError
from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.opus import SAMPLE_RATE
from audiocast.ogg.packets import PacketAssembler
from audiocast.ogg.reader import PageReader
from audiocast.ogg.silence import SILENCE_SAMPLES, silence_packet
from audiocast.ogg.writer import PageWriter
from audiocast.server_addresses import candidate_urls

PACKET_SECONDS = SILENCE_SAMPLES / SAMPLE_RATE
PACKETS = 100

# 64 kbit/s.
PACKET_BYTES = 160

# From the listener's request until all packets must have been heard.
TIMEOUT_SECONDS = 15.0

NUMBER_BYTES = 2
READ_BYTES = 65_536
MAX_SHOWN_CHARACTERS = 200

# Of several that fit the first; what is in none of them has a reason of its own.
REASONS: tuple[tuple[type[Exception], str], ...] = (
    (
        ConnectionRefusedError,
        "nobody listens there; start it (audiocast serve), or name its URL (audiocast check URL)",
    ),
    (socket.gaierror, "no host has this name; look for a slip of the pen, or ask your DNS"),
    (
        TimeoutError,
        f"no answer came within {TIMEOUT_SECONDS:g} s; look at firewalls and proxies between here and it",
    ),
    (
        RemoteDisconnected,
        "it closed the connection without an answer; https:// and http:// have ports of their own",
    ),
    (
        ConnectionError,
        "the connection broke off; look at the server's log, and at proxies between here and it",
    ),
    (
        IncompleteRead,
        "the connection broke off; look at the server's log, and at proxies between here and it",
    ),
)

Body = bytes | Iterator[bytes] | None

OPUS_HEAD = OpusHead(channels=1, pre_skip=0)


class CheckFailed(Exception):
    """The service failed the check. The message says what was expected and what came."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of a check that went well.

    Attributes:
        stream_id: The stream that the check has made, and ended.
        packets: How many were sent; each was heard once, in order, byte for byte.
        first_audio_seconds: From the listener's request to its first packet.
    """

    stream_id: str
    packets: int
    first_audio_seconds: float


def check(server: str, token: str = "") -> CheckResult:
    """Start a stream, send it, listen to it, end it.

    Args:
        server: URL of the public port, or of a proxy before it; without a scheme, see `server_addresses`.
        token: API token, if the server requires one.

    Raises:
        CheckFailed: A packet was not heard as it was sent, or a request failed.
    """
    first, *others = candidate_urls(server)
    try:
        return _check_url(first, token)
    except CheckFailed:
        for other in others:
            # Of several, the failure of the first is told.
            with suppress(CheckFailed):
                return _check_url(other, token)
        raise


def _check_url(server: str, token: str) -> CheckResult:
    url = SplitResult("", "", "", "", "")
    with suppress(ValueError):
        url = urlsplit(server)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise CheckFailed(f"expected a URL as http://host:port, got {server[:MAX_SHOWN_CHARACTERS]!r}")
    try:
        return _check(url, token)
    except (OSError, HTTPException, OggError, ValueError, TypeError, LookupError) as error:
        raise CheckFailed(_reason(error)) from error


def _reason(error: Exception) -> str:
    """Return what is wrong, and what to do, for people."""
    for kind, reason in REASONS:
        if isinstance(error, kind):
            return reason
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not good here: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return "it speaks no TLS there; http:// and https:// have ports of their own"
    if isinstance(error, OggError):
        return f"expected Ogg Opus from the stream: {error}"
    if isinstance(error, OSError):
        return f"it cannot be reached: {error.strerror or error}"
    return "what answers there is no audiocast; name the URL of its public port, or of the proxy before it"


def _check(url: SplitResult, token: str) -> CheckResult:
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    started = json.loads(_request(url, "POST", "/api/start", b'{"title": "audiocast check"}', bearer))
    stream_id, with_key = started["stream_id"], {"Authorization": f"Bearer {started['ingest_key']}"}
    packets = [_packet(number) for number in range(1, PACKETS + 1)]
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(_request, url, "POST", f"/ingest/{stream_id}", _pages(packets), with_key)
        try:
            first_audio_seconds = _listen(url, stream_id, packets)
        finally:
            # Its error, if there is one, is why nothing was heard.
            sending.result()
    _request(url, "DELETE", f"/api/streams/{stream_id}", None, with_key)
    return CheckResult(stream_id, len(packets), first_audio_seconds)


def _listen(url: SplitResult, stream_id: str, packets: Sequence[bytes]) -> float:
    """Listen until all packets were heard; return the seconds to the first one."""
    asked_at = time.monotonic()
    pages, assembler = PageReader(), PacketAssembler()
    heard = 0
    first_audio_seconds = 0.0
    with _open(url, "GET", f"/stream/{stream_id}?preroll=20&latency=low", None, {}) as response:
        while heard < len(packets):
            data = response.read1(READ_BYTES)
            if not data or time.monotonic() - asked_at > TIMEOUT_SECONDS:
                raise CheckFailed(f"expected {len(packets)} packets in {TIMEOUT_SECONDS:g} s, heard {heard}")
            pages.feed(data)
            while (page := pages.next_page()) is not None:
                for number in filter(None, map(_number, assembler.push(page))):
                    first_audio_seconds = first_audio_seconds or time.monotonic() - asked_at
                    heard += 1
                    if number != heard:
                        raise CheckFailed(f"expected packet {heard} next, heard packet {number}")
    return first_audio_seconds


def _pages(packets: Sequence[bytes]) -> Iterator[bytes]:
    """Yield one page for each packet, in real time."""
    writer = PageWriter(serial=time.time_ns() & 0xFFFF_FFFF)
    began_at = time.monotonic()
    yield writer.headers(OPUS_HEAD, OpusTags(vendor="audiocast check"))
    for count, packet in enumerate(packets):
        time.sleep(max(0.0, began_at + count * PACKET_SECONDS - time.monotonic()))
        yield writer.audio([packet])


def _packet(number: int) -> bytes:
    return silence_packet(OPUS_HEAD, PACKET_BYTES)[:-NUMBER_BYTES] + number.to_bytes(NUMBER_BYTES, "big")


def _number(packet: bytes) -> int:
    """Return the number of a packet; 0 for headers, and for silence that the server has made."""
    number = int.from_bytes(packet[-NUMBER_BYTES:], "big")
    return number if packet == _packet(number) else 0


def _request(url: SplitResult, method: str, path: str, body: Body, headers: dict[str, str]) -> bytes:
    with _open(url, method, path, body, headers) as response:
        return response.read()


@contextmanager
def _open(
    url: SplitResult, method: str, path: str, body: Body, headers: dict[str, str]
) -> Iterator[HTTPResponse]:
    """Send a request, in chunks if its body is an iterator; yield the response, which was a success."""
    connect = HTTPSConnection if url.scheme == "https" else HTTPConnection
    # A server that redirects people to HTTPS answers the check as it answers a proxy with HTTPS of its own.
    headers = {**headers, "X-Forwarded-Proto": "https"}
    with closing(connect(url.netloc, timeout=TIMEOUT_SECONDS)) as connection:
        connection.request(method, url.path.rstrip("/") + path, body=body, headers=headers)
        with closing(connection.getresponse()) as response:
            if response.status >= 300:
                asked = f"{method} {path.partition('?')[0]}"
                said = _printable(response.read(MAX_SHOWN_CHARACTERS).decode(errors="replace").strip())
                remedy = "; set API_TOKENS as the server has it" if "token_needed" in said else ""
                raise CheckFailed(f"expected {asked} to go well, got {response.status} {said}{remedy}")
            yield response


def _printable(text: str) -> str:
    """Return a text that moves no cursor of a terminal, whoever has sent it."""
    return "".join(each if each.isprintable() else " " for each in text)
