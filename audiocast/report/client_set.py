"""A set of clients by their numbers: a bit each, in pieces, and less where a piece has few."""

# Numbers in one piece; as bits they take a kilobyte.
_PIECE_BITS = 13
_PIECE_BYTES = 1 << (_PIECE_BITS - 3)
_MASK = (1 << _PIECE_BITS) - 1

# As a set, a number takes sixty bytes or so.
_MOST_IN_SET = 16


class ClientSet:
    """Numbers from 0, each once."""

    __slots__ = ("_count", "_pieces")

    def __init__(self) -> None:
        self._pieces: dict[int, set[int] | bytearray] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, number: int) -> None:
        """Add a number."""
        place, rest = number >> _PIECE_BITS, number & _MASK
        piece = self._pieces.get(place)
        if piece is None:
            self._pieces[place] = {rest}
            self._count += 1
        elif isinstance(piece, set):
            if rest not in piece:
                piece.add(rest)
                self._count += 1
                if len(piece) > _MOST_IN_SET:
                    self._pieces[place] = _as_bits(piece)
        elif not piece[rest >> 3] >> (rest & 7) & 1:
            piece[rest >> 3] |= 1 << (rest & 7)
            self._count += 1


def _as_bits(numbers: set[int]) -> bytearray:
    bits = bytearray(_PIECE_BYTES)
    for number in numbers:
        bits[number >> 3] |= 1 << (number & 7)
    return bits
