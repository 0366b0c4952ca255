"""XML in Icecast's form: elements without attributes, one inside the other; only a source has its mount."""

import re
from collections.abc import Iterable, Mapping
from xml.etree.ElementTree import Element, SubElement, tostring

XML = "text/xml; charset=UTF-8"

Fields = Mapping[str, object]

# What XML 1.0 has no way to write (section 2.2).
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def icestats(fields: Fields, sources: Iterable[tuple[str, Fields]]) -> bytes:
    """Return an `icestats` document.

    Args:
        fields: Of the server.
        sources: Mount and fields of each.
    """
    root = Element("icestats")
    _fill(root, fields)
    for mount, values in sources:
        _fill(SubElement(root, "source", mount=_clean(mount)), values)
    return _document(root)


def iceresponse(message: str) -> bytes:
    """Return an `iceresponse` document: what was asked for is done."""
    root = Element("iceresponse")
    _fill(root, {"message": message, "return": 1})
    return _document(root)


def _fill(element: Element, fields: Fields) -> None:
    for name, value in fields.items():
        SubElement(element, name).text = _clean("" if value is None else str(value))


def _clean(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)


def _document(root: Element) -> bytes:
    body: bytes = tostring(root, encoding="utf-8", short_empty_elements=False)
    return b'<?xml version="1.0"?>\n' + body + b"\n"
