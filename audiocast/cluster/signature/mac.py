"""What a MAC covers, and the key that it is made with: HMAC-SHA256 (RFC 2104) over netstrings. Pure.

A netstring is a field's length in bytes, a colon, the field and a comma (D. J. Bernstein, 1997). A list of
them can be read in one way only, so no field can end inside another one.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence


def derive_key(key: bytes, purpose: bytes) -> bytes:
    """Return a key of its own for a purpose: a MAC made for one purpose is none for another."""
    return hmac.digest(key, purpose, hashlib.sha256)


def join_fields(fields: Sequence[str]) -> bytes:
    """Return the fields as netstrings, one behind the other."""
    encoded = (field.encode("utf-8", "surrogateescape") for field in fields)
    return b"".join(b"%d:%s," % (len(field), field) for field in encoded)


def make_mac(key: bytes, fields: Sequence[str]) -> str:
    """Return the MAC of some fields: 43 characters, URL-safe base64 without padding."""
    digest = hmac.digest(key, join_fields(fields), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def find_key(keys: Sequence[bytes], fields: Sequence[str], mac: str) -> int | None:
    """Return the number of the key that a MAC was made with; None when it is none of them.

    Args:
        keys: All that are accepted.
        fields: What the MAC must cover.
        mac: ASCII only.
    """
    # No early end: every key is compared, and each comparison takes its constant time.
    fits = [hmac.compare_digest(make_mac(key, fields), mac) for key in keys]
    return fits.index(True) if any(fits) else None
