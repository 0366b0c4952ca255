"""A small MaxMind database, by MaxMind's own description of the format (version 2.0)."""

import ipaddress
from pathlib import Path

_MARKER = b"\xab\xcd\xefMaxMind.com"
_POINTER_LIMIT = 29

# Numbers of a size, as bytes: readers want each field to have its own.
Value = str | bytes | list[str] | dict[str, "Value"]

_STRING, _UINT16, _UINT32, _MAP, _UINT64, _ARRAY = 2, 5, 6, 7, 9, 11


def write_database(path: Path, countries: dict[str, Value]) -> Path:
    """Write a database of IPv4 networks (as 192.0.2.0/24) and what is known of each."""
    tree: list[list[int | None]] = [[None, None]]
    data = b""
    leaves: dict[tuple[int, int], int] = {}
    for network, known in countries.items():
        parsed = ipaddress.IPv4Network(network)
        bits = f"{int(parsed.network_address):032b}"[: parsed.prefixlen]
        node = 0
        for bit in bits[:-1]:
            child = tree[node][int(bit)]
            if child is None:
                tree.append([None, None])
                child = tree[node][int(bit)] = len(tree) - 1
            node = child
        leaves[node, int(bits[-1])] = len(data)
        data += _encoded(known)
    count = len(tree)
    packed = b""
    for index, children in enumerate(tree):
        for side, child in enumerate(children):
            leaf = leaves.get((index, side))
            record = count + 16 + leaf if leaf is not None else count if child is None else child
            packed += record.to_bytes(3, "big")
    about: Value = {
        "node_count": count.to_bytes(4, "big"),
        "record_size": b"\0\x18",
        "ip_version": b"\0\4",
        "database_type": "Test-Country",
        "languages": ["en"],
        "binary_format_major_version": b"\0\2",
        "binary_format_minor_version": b"\0\0",
        "build_epoch": bytes(7) + b"\1",
        "description": {"en": "for tests"},
    }
    path.write_bytes(packed + b"\0" * 16 + data + _MARKER + _encoded(about))
    return path


def _encoded(value: Value | str) -> bytes:
    if isinstance(value, str):
        return _control(_STRING, len(value.encode())) + value.encode()
    if isinstance(value, bytes):
        return _control({2: _UINT16, 4: _UINT32, 8: _UINT64}[len(value)], len(value)) + value
    if isinstance(value, list):
        return _control(_ARRAY, len(value)) + b"".join(map(_encoded, value))
    return _control(_MAP, len(value)) + b"".join(_encoded(each) for pair in value.items() for each in pair)


def _control(kind: int, size: int) -> bytes:
    assert size < _POINTER_LIMIT
    # Kinds above seven have a byte of their own.
    return bytes([kind << 5 | size]) if kind <= _MAP else bytes([size, kind - _MAP])
