"""The character sets that requests may name."""

import codecs

import pytest

from audiocast.web.icecast.charsets import _CODECS, UTF_8, codec_of, decode

EVERY_BYTE = bytes(range(256))


def test_every_label_of_the_standard_but_those_of_no_character_set_is_there() -> None:
    # 228 labels, less the one of x-user-defined and the six of replacement.
    assert len(_CODECS) == 221
    assert all(label == label.lower() for label in _CODECS)


@pytest.mark.parametrize("codec", sorted(set(_CODECS.values())))
def test_no_codec_makes_a_text_that_cannot_be_encoded(codec: str) -> None:
    assert codecs.lookup(codec)._is_text_encoding
    for data in (EVERY_BYTE, rb"\ud800", b"+2AA-", b"\x00\xd8", b"\xd8\x00", b"\xed\xa0\x80"):
        assert decode(data, codec).encode()


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("UTF8", UTF_8),
        (" Latin1\n", "windows-1252"),
        ("iso-8859-1", "windows-1252"),
        ("us-ascii", "windows-1252"),
        ("iso-8859-9", "windows-1254"),
        ("KOI8-R", "koi8-r"),
        ("utf-7", None),
        ("unicode_escape", None),
        ("raw_unicode_escape", None),
        ("utf_8_sig", None),
        ("idna", None),
        ("rot13", None),
        ("", None),
    ],
)
def test_a_label_means_what_it_means_to_browsers(label: str, codec: str | None) -> None:
    assert codec_of(label) == codec


def test_what_should_be_utf_8_and_is_not_is_windows_1252() -> None:
    assert decode("café…".encode(), UTF_8) == "café…"
    assert decode(b"caf\xe9\x85", UTF_8) == "café…"
    assert decode(b"caf\xe9\x81", UTF_8) == "café\ufffd"
