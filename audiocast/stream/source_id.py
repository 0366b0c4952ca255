"""The identity of a source, the same on every node that the audio of its encoder's connection passes."""

import re
import secrets
import time
from dataclasses import dataclass
from typing import Self

_TEXT = re.compile(r"([0-9a-f]{1,16})-([0-9a-f]{1,16})")
NONCE_BITS = 64


@dataclass(frozen=True, order=True, slots=True)
class SourceId:
    """Identity of a source. Of two sources of a stream the greater one is the newer, and the newer one wins.

    Attributes:
        started_at_us: When the source connected, unix microseconds by the clock of the node that accepted it.
        nonce: Random; tells apart two sources of the same microsecond.
    """

    started_at_us: int
    nonce: int

    @classmethod
    def new(cls, *, newer_than: "SourceId | None" = None) -> Self:
        """Return the identity of a source that connects now.

        Args:
            newer_than: The stream's present source. Clocks differ and step back; the later source is the
                newer.
        """
        least = newer_than.started_at_us + 1 if newer_than else 0
        return cls(max(time.time_ns() // 1000, least), secrets.randbits(NONCE_BITS))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the text form.

        Raises:
            ValueError: `text` is none.
        """
        found = _TEXT.fullmatch(text)
        if not found:
            raise ValueError(f"expected a source id like 5f2a-9c, got {text[:40]!r}")
        return cls(int(found[1], 16), int(found[2], 16))

    def __str__(self) -> str:
        return f"{self.started_at_us:x}-{self.nonce:x}"
