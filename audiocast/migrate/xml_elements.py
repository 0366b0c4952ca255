"""The elements of an XML file, each with its line. The file is hostile: it is bounded and expands to nothing.

A document type is refused: an Icecast configuration has none, and entities, which can make gigabytes of a
line, or read other files, cannot be declared anywhere else.
"""

import re
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

MAX_BYTES = 1_048_576
MAX_ELEMENTS = 20_000
MAX_DEPTH = 12

# What a file is read as when it is not what it says: texts of editors of any age.
FALLBACK = "windows-1252"

_DECLARATION = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*<\?xml[^>]*\?>")
_INVALID_TOKEN = 4
_UNKNOWN_ENCODING = 18


class BadXml(ValueError):
    """A file that cannot be read as XML; the message has the line and nothing of what stands there."""


@dataclass(slots=True)
class XmlElement:
    """One element.

    Attributes:
        name: Its name.
        line: Where it begins, counted from 1.
        attributes: By name.
        children: In their order.
        raw_text: All text right in it.
    """

    name: str
    line: int
    attributes: dict[str, str]
    children: list["XmlElement"] = field(default_factory=list)
    raw_text: str = ""

    @property
    def text(self) -> str:
        """Its text without white space around."""
        return self.raw_text.strip()

    def find(self, name: str) -> list["XmlElement"]:
        """Return the children of a name."""
        return [child for child in self.children if child.name == name]


def parse_xml(data: bytes) -> tuple[XmlElement, str]:
    """Return the root of a file, and the encoding that it was read in instead of its own; empty: its own.

    Raises:
        BadXml: It is too large or too deep, is no XML, or declares a document type.
    """
    if len(data) > MAX_BYTES:
        raise BadXml(f"expected at most {MAX_BYTES} bytes, got more")
    try:
        return _Parser().parse(data, None), ""
    except BadXml:
        raise
    except expat.ExpatError as error:
        if error.code not in (_INVALID_TOKEN, _UNKNOWN_ENCODING):
            raise _told(error) from None
    except (LookupError, ValueError):
        # Python knows no such encoding, or none that expat can use.
        pass
    # A file whose editor has written something else than its first line says.
    text = _DECLARATION.sub(b"", data).decode(FALLBACK, "replace")
    lines_before = data[: len(data) - len(_DECLARATION.sub(b"", data))].count(b"\n")
    try:
        return _Parser(lines_before).parse(text.encode(), "utf-8"), FALLBACK
    except expat.ExpatError as error:
        raise _told(error, lines_before) from None


def _told(error: expat.ExpatError, lines_before: int = 0) -> BadXml:
    line, mistake = error.lineno + lines_before, expat.ErrorString(error.code)
    return BadXml(f"line {line}: expected XML, got a mistake: {mistake}")


class _Parser:
    """Collects the elements of one document."""

    def __init__(self, lines_before: int = 0) -> None:
        self._lines_before = lines_before
        self._open: list[XmlElement] = []
        self._texts: list[list[str]] = []
        self._root: XmlElement | None = None
        self._count = 0

    def parse(self, data: bytes, encoding: str | None) -> XmlElement:
        parser = self._expat = expat.ParserCreate(encoding)
        parser.buffer_text = True
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._add_text
        parser.Parse(data, True)
        assert self._root is not None, "expected expat to refuse a document without an element"
        return self._root

    @property
    def _line(self) -> int:
        return self._expat.CurrentLineNumber + self._lines_before

    def _refuse_doctype(self, *_: object) -> NoReturn:
        raise BadXml(f"line {self._line}: expected no DOCTYPE, which Icecast needs none of; take it out")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise BadXml(f"line {self._line}: expected at most {MAX_ELEMENTS} elements, got more")
        if len(self._open) >= MAX_DEPTH:
            raise BadXml(f"line {self._line}: expected elements at most {MAX_DEPTH} deep, got more")
        element = XmlElement(name, self._line, attributes)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._root = element
        self._open.append(element)
        self._texts.append([])

    def _end(self, _: str) -> None:
        self._open.pop().raw_text = "".join(self._texts.pop())

    def _add_text(self, text: str) -> None:
        self._texts[-1].append(text)
