"""The way "websocket": an upgrade, and frames (RFC 6455) of each opcode, form of length and mask."""

import random
import struct

from tests.fuzz.cases import ATTACKED, ODD_BYTES, VICTIM, cut, mutate, some_key
from tests.fuzz.ogg_streams import HEADS, some_head_packet, some_packet, some_stream

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
FIN, MASKED = 0x80, 0x80


def frames(dice: random.Random) -> tuple[bytes, ...]:
    """Return an upgrade and what a broken browser sends after it."""
    messages = _packets(dice) if dice.random() < 0.6 else cut(dice, some_stream(dice)[:150_000], 9)
    sent = b"".join(_message(dice, message) for message in messages)
    if dice.random() < 0.3:
        code = dice.choice(
            [b"", b"\x03", struct.pack(">H", dice.choice([0, 999, 1000, 1005, 1006, 2999, 4999]))]
        )
        sent += _frame(dice, CLOSE, code + dice.choice([b"", b"bye", b"\xff", b"x" * 200]))
    if dice.random() < 0.1:
        sent = mutate(dice, sent)
    return cut(dice, _upgrade(dice) + sent)


def _packets(dice: random.Random) -> tuple[bytes, ...]:
    head = dice.choice([HEADS[0].encode(), HEADS[0].encode(), some_head_packet(dice)])
    return (head, *(some_packet(dice) for _ in range(dice.choice([1, 5, 30]))))


def _message(dice: random.Random, message: bytes) -> bytes:
    """Return a message as one frame or in fragments, maybe with a control frame among them."""
    opcode = BINARY if dice.random() < 0.93 else dice.choice([0, TEXT, *range(3, 16)])
    if dice.random() < 0.8:
        return _frame(dice, opcode, message)
    fragments = cut(dice, message, 4) or (b"",)
    sent = b""
    for number, fragment in enumerate(fragments):
        is_last = number == len(fragments) - 1
        sent += _frame(dice, opcode if number == 0 else 0, fragment, is_final=is_last or dice.random() < 0.03)
        if dice.random() < 0.2:
            sent += _frame(dice, dice.choice([PING, PONG, BINARY]), dice.choice(ODD_BYTES)[:200])
    return sent


def _frame(dice: random.Random, opcode: int, payload: bytes, *, is_final: bool = True) -> bytes:
    first = (
        (FIN if is_final else 0) | opcode | (dice.choice([0x40, 0x20, 0x10]) if dice.random() < 0.02 else 0)
    )
    announced = (
        len(payload)
        if dice.random() < 0.97
        else dice.choice([0, len(payload) + 1, 70_000, (1 << 63) - 1, 1 << 63])
    )
    is_masked = dice.random() < 0.97
    mask = dice.randbytes(4) if is_masked else b""
    length = _length(dice, announced, MASKED if is_masked else 0)
    return bytes((first,)) + length + mask + (_masked(payload, mask) if is_masked else payload)


def _length(dice: random.Random, size: int, mask_bit: int) -> bytes:
    """Return a length in the shortest form, or now and then in one that is longer than allowed."""
    form = 0 if size < 126 else 1 if size < 65_536 else 2
    if dice.random() < 0.05:
        form = dice.randrange(form, 3)
    if form == 0:
        return bytes((mask_bit | size,))
    return struct.pack(">BH", mask_bit | 126, size) if form == 1 else struct.pack(">BQ", mask_bit | 127, size)


def _masked(payload: bytes, mask: bytes) -> bytes:
    repeated = int.from_bytes((mask * (len(payload) // 4 + 1))[: len(payload)], "big")
    return (int.from_bytes(payload, "big") ^ repeated).to_bytes(len(payload), "big")


def _upgrade(dice: random.Random) -> bytes:
    stream_id = dice.choice([*ATTACKED, VICTIM])
    fields = {
        "Host": "localhost",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        # The nonce is that of RFC 6455 section 1.3.
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol": f"audiocast, {some_key(dice, stream_id)}",
    }
    if dice.random() < 0.15:
        name = dice.choice(list(fields))
        fields[name] = dice.choice(
            ["", "0", "x" * 3000, "a, b, c, d", ",", "\xff", "8", "keep-alive, upgrade"]
        )
    if dice.random() < 0.1:
        extension = dice.choice(
            ["permessage-deflate", "permessage-deflate; client_max_window_bits=99", "x;;=,", '"']
        )
        fields["Sec-WebSocket-Extensions"] = extension
    if dice.random() < 0.1:
        fields["Origin"] = dice.choice(
            ["http://localhost", "null", "http://[", "x" * 2000, "http://localhost:99999"]
        )
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"GET /ingest/{stream_id}/ws HTTP/1.1\r\n{lines}\r\n".encode("latin-1")
