"""The way "members": what a member might send to another one's internal port, signed well or badly.

A signature is good once, and for one process; cases leave a place for it, which is filled when they are sent.
A member is trusted: what a good signature allows is asked for streams that are attacked, never the victim's.
"""

import random
import time
from collections.abc import Mapping
from dataclasses import replace

from audiocast.cluster import protocol
from audiocast.cluster.protocol import PeerRequest
from audiocast.cluster.signature.identity import Identity
from audiocast.cluster.signature.signer import Signer
from tests.fuzz.api_bodies import some_body
from tests.fuzz.cases import ATTACKED, NOBODYS, ODD_BYTES, SECRET, Case, cut, mutate
from tests.fuzz.ogg_streams import some_stream
from tests.support.processes.server import AudiocastServer

PLACE = b"signature goes here"
HEADERS = (
    protocol.SOURCE_ID_HEADER, protocol.LAST_PAGE_HEADER, protocol.GENERATION_HEADER, protocol.TITLE_HEADER,
    protocol.RESUME_HEADER, protocol.AGE_HEADER, protocol.NONCE_HEADER,
)  # fmt: skip
VALUES = (b"1-1", b"1-x", b"-1", b"0", b"1", b"99.99", b"0.0", b"nan", b"1e400", b"9" * 5000, *ODD_BYTES[5:])
ROUTES = (
    ("POST", protocol.HELLO), ("POST", protocol.GOODBYE), ("GET", protocol.CHANGES),
    ("POST", protocol.CHANGES), ("GET", protocol.STREAMS), ("GET", protocol.STREAM),
    ("DELETE", protocol.STREAM), ("POST", protocol.PLAYING),
    ("POST", protocol.REOPEN), ("POST", protocol.RULES), ("GET", protocol.HLS),
    ("POST", protocol.RELAY), ("POST", protocol.FORWARD),
)  # fmt: skip
ARGUMENTS = (b"origin", b"had", b"path", b"list", b"after", b"version", b"_HLS_msn", b"_HLS_part")
KINDS = (b"P", b"O", b"E", b"B", b"Z")


def messages(dice: random.Random) -> tuple[bytes, ...]:
    """Return one request, its signature left out, and frames if it may open a connection with audio."""
    method, path = dice.choice(ROUTES)
    target = path.format(stream_id=dice.choice([*ATTACKED, dice.choice(NOBODYS)])).encode()
    arguments = [
        dice.choice(ARGUMENTS) + b"=" + _clean(dice.choice(VALUES)) for _ in range(dice.randrange(3))
    ]
    if arguments:
        target += b"?" + b"&".join(arguments)
    version = b"%d" % (protocol.PROTOCOL_VERSION + dice.choice([0, 0, 0, 1]))
    lines = [b"%b %b HTTP/1.1" % (method.encode(), target), b"Host: member"]
    lines += [protocol.PROTOCOL_HEADER.encode() + b": " + version]
    lines += [
        dice.choice(HEADERS).encode() + b": " + _clean(dice.choice(VALUES)) for _ in range(dice.randrange(4))
    ]
    is_connection = path in (protocol.RELAY, protocol.FORWARD)
    body = (
        some_body(dice, ("name", "instance", "internal_port", "title", "artist")) if method == "POST" else b""
    )
    lines += [] if is_connection else [b"Content-Length: %d" % len(body)]
    lines += [protocol.SIGNATURE_HEADER.encode() + b": " + _signature(dice)]
    head = b"\r\n".join(lines) + b"\r\n\r\n"
    return (head, *cut(dice, _frames(dice), 5)) if is_connection else (head, body)


class Outsider:
    """Signs cases as a member that nobody has greeted.

    Args:
        addressee: The server that they are sent to.
        name: Its name in the ring.
    """

    def __init__(self, addressee: AudiocastServer, name: str) -> None:
        self._addressee = Identity(name, addressee.status()["instance"])
        self._signer = Signer([SECRET], Identity.of_new_process("outsider"))

    def signed(self, case: Case) -> Case:
        """Return a case with a good signature where it has left a place for one."""
        head, *rest = case.pieces
        if PLACE not in head:
            return case
        request_line, *lines = head.decode("latin-1").split("\r\n")[:-2]
        method, target, _ = request_line.split(" ")
        headers: Mapping[str, str] = {
            name: value.strip()
            for name, _, value in (line.partition(":") for line in lines)
            if name != protocol.SIGNATURE_HEADER
        }
        body = rest[0] if rest and "Content-Length" in headers else b""
        request = PeerRequest(method, target, headers, body)
        signature = self._signer.sign_request(request, self._addressee, time.time())
        return replace(case, pieces=(head.replace(PLACE, str(signature).encode()), *rest))


def _signature(dice: random.Random) -> bytes:
    if dice.random() < 0.8:
        return PLACE
    near = mutate(dice, b"time=1 nonce=00112233445566778899aabbccddeeff from=m1/x to=m0/y mac=AAAA")
    return dice.choice([b"", b"a" * 5000, near.translate(None, b"\r\n\0"), *map(_clean, ODD_BYTES[5:])])


def _frames(dice: random.Random) -> bytes:
    """Return frames whose MACs are no member's."""
    sent = b""
    for _ in range(dice.randrange(4)):
        data = some_stream(dice)[: dice.choice([0, 100, 60_000])]
        announced = len(data) if dice.random() < 0.8 else dice.choice([0, 70_001, 0xFFFFFFFF])
        sent += dice.choice(KINDS) + announced.to_bytes(4, "big") + data + dice.randbytes(16)
    return sent


def _clean(value: bytes) -> bytes:
    """Return a value without what ends a line or a request line."""
    return bytes(byte for byte in value if 0x20 < byte < 0x7F)
