"""The checksum equals the loop that RFC 3533 describes, on random bytes and on real pages."""

import random

import pytest

from audiocast.ogg.crc import crc, crc_field
from audiocast.ogg.page import CRC_OFFSET
from tests.unit.ogg.streams import read_pages

POLYNOMIAL = 0x04C11DB7


def table_entry(value: int) -> int:
    remainder = value << 24
    for _ in range(8):
        remainder = (remainder << 1) ^ (POLYNOMIAL if remainder & 0x80000000 else 0)
    return remainder & 0xFFFFFFFF


TABLE = [table_entry(value) for value in range(256)]


def loop_crc(data: bytes | bytearray) -> int:
    register = 0
    for value in data:
        register = ((register << 8) & 0xFFFFFFFF) ^ TABLE[(register >> 24) ^ value]
    return register


def test_equals_the_table_loop_on_random_bytes() -> None:
    source = random.Random(3533)
    for _ in range(500):
        data = source.randbytes(source.randrange(600))
        assert crc(data) == loop_crc(data)


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x00" * 100, b"\xff" * 100, b"OggS"])
def test_equals_the_table_loop_on_plain_bytes(data: bytes) -> None:
    assert crc(data) == loop_crc(data)


def test_takes_a_bytearray() -> None:
    assert crc(bytearray(b"OggS")) == crc(b"OggS")


def test_equals_the_stored_checksum_of_every_page_of_a_real_file(opus_variant: bytes) -> None:
    start = 0
    for page in read_pages(opus_variant):
        page_bytes = len(page.encode())
        raw = bytearray(opus_variant[start : start + page_bytes])
        stored = int.from_bytes(raw[CRC_OFFSET : CRC_OFFSET + 4], "little")
        raw[CRC_OFFSET : CRC_OFFSET + 4] = bytes(4)
        assert crc(raw) == stored == loop_crc(raw)
        assert crc_field(raw[:CRC_OFFSET], raw[CRC_OFFSET + 4 :]) == stored.to_bytes(4, "little")
        start += page_bytes
    assert start == len(opus_variant)
