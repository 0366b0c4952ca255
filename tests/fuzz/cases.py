"""What all ways in share: a case, made of a seed; who is attacked; and how bytes are spoilt."""

import base64
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from audiocast.stream.keys import Claims, Keys

SECRET = "a-secret-to-fuzz-with"
VICTIM = "the-victim"
# Few, so that what the server keeps for each of them is soon there.
ATTACKED = tuple(f"attacked-{number}" for number in range(6))
# Its broadcaster ends it again and again.
ENDED = "attacked-ended"
NOBODYS = tuple(f"nobodys-{number}" for number in range(30))

# Where texts and numbers go wrong: separators, signs, the borders of integers, bytes that are no UTF-8.
ODD_BYTES = (
    b"", b"\0", b"\r\n", b"\n", b" ", b"%00", b"%", b"%zz", b"%ff", b"%ed%a0%80", b"%c2%9b", b"../" * 9,
    b"\xff", b"\xed\xa0\x80", b"\xe2\x80\xae", b"-1", b"0", b"1e999", b"NaN", b"2147483648",
    b"18446744073709551616", b"0x10", b"\xd9\xa1", b"true", b"null", b"[]", b"{}", b"'\"><script>",
    b"${jndi:x}", b"9" * 5000, b"a" * 9000,
)  # fmt: skip

Ending = Literal["answer", "half-close", "reset"]


@dataclass(frozen=True)
class Case:
    """What one connection sends.

    Attributes:
        way: Name of the way in.
        number: Of the case; with way and seed it says all.
        pieces: Sent one by one.
        ending: What is done after them: wait for an answer, close for sending and wait, or reset at once.
    """

    way: str
    number: int
    pieces: tuple[bytes, ...]
    ending: Ending

    def as_json(self) -> str:
        """Return what `from_json` reads, on one line."""
        pieces = [base64.b64encode(piece).decode() for piece in self.pieces]
        return json.dumps({"way": self.way, "number": self.number, "pieces": pieces, "ending": self.ending})

    @classmethod
    def from_json(cls, line: str) -> Self:
        """Read a case that was kept."""
        said: dict[str, Any] = json.loads(line)
        pieces = tuple(base64.b64decode(piece) for piece in said["pieces"])
        return cls(said["way"], said["number"], pieces, said["ending"])


# Makes the bytes of a case.
Make = Callable[[random.Random], tuple[bytes, ...]]


def make_case(ways: Mapping[str, Make], way: str, number: int, seed: int) -> Case:
    """Make one case.

    Args:
        ways: What makes the bytes of each way's cases.
        way: Which of them.
        number: Of the case.
        seed: The same seed, the same case.
    """
    dice = random.Random(f"{seed} {way} {number}")
    pieces = ways[way](dice)
    endings: tuple[Ending, ...] = ("answer", "answer", "answer", "half-close", "half-close", "reset")
    return Case(way, number, pieces, dice.choice(endings))


def key_of(stream_id: str, **claims: Any) -> str:
    """Return a good key."""
    return Keys([SECRET]).make(stream_id, Claims(**claims))


def some_key(dice: random.Random, stream_id: str) -> str:
    """Return a key, good more often than not; never a good one of the victim's."""
    good = key_of(stream_id, max_kbps=dice.choice([0, 0, 64])) if stream_id != VICTIM else "ac1..AAAA"
    if dice.random() < 0.85:
        return good
    return dice.choice(["", "x", key_of("another"), good[:-1], f"{good}A", key_of(stream_id, expires_at=1)])


def some_id(dice: random.Random) -> str:
    """Return a stream to ask for: the victim's, one that is attacked, one that is not there."""
    return dice.choice([VICTIM, VICTIM, *ATTACKED, ENDED, *NOBODYS[:4], dice.choice(NOBODYS)])


def mutate(dice: random.Random, data: bytes, times: int = 1) -> bytes:
    """Spoil some bytes: flip, delete, insert, repeat, cut off, overwrite."""
    for _ in range(times):
        at, length = dice.randrange(len(data) + 1), dice.choice([1, 2, 4, 30, 300])
        match dice.randrange(6):
            case 0 if data:
                at %= len(data)
                data = data[:at] + bytes((data[at] ^ 1 << dice.randrange(8),)) + data[at + 1 :]
            case 1:
                data = data[:at] + data[at + length :]
            case 2:
                data = data[:at] + dice.choice([dice.randbytes(length), b"OggS", *ODD_BYTES]) + data[at:]
            case 3:
                data = data[:at] + data[max(0, at - length) :]
            case 4:
                data = data[:at]
            case _:
                data = data[:at] + dice.choice([b"\0", b"\xff"]) * length + data[at + length :]
    return data


def cut(dice: random.Random, data: bytes, most: int = 6) -> tuple[bytes, ...]:
    """Cut bytes into pieces anywhere."""
    places = sorted(dice.randrange(len(data) + 1) for _ in range(dice.randrange(most)))
    pieces = (data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True))
    return tuple(piece for piece in pieces if piece)
