"""The XML of a configuration may be hostile: it is bounded, and nothing in it is expanded or fetched."""

import time
from pathlib import Path

import pytest

from audiocast.migrate.xml_elements import MAX_BYTES, BadXml, parse_xml

# A million million of "lol".
BILLION_LAUGHS = (
    '<?xml version="1.0"?>\n<!DOCTYPE icecast [<!ENTITY a0 "lol">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 13))
    + "]>\n<icecast>&a12;</icecast>"
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BILLION_LAUGHS, "line 2: expected no DOCTYPE"),
        ('<!DOCTYPE i SYSTEM "/etc/passwd"><i/>', "line 1: expected no DOCTYPE"),
        ('<!DOCTYPE i [<!ENTITY x SYSTEM "http://127.0.0.1:9/">]><i>&x;</i>', "expected no DOCTYPE"),
        ("<icecast>\n&nbsp;</icecast>", "line 2: expected XML"),
        ("<icecast>\n<a></b>", "line 2: expected XML"),
        ("", "expected XML"),
        ("no XML", "line 1: expected XML"),
        ("<a>" * 13 + "</a>" * 13, "at most 12 deep"),
        ("<i>" + "<a/>" * 20_000 + "</i>", "at most 20000 elements"),
        ("<i>" + " " * MAX_BYTES, f"at most {MAX_BYTES} bytes"),
    ],
)
def test_what_is_hostile_or_broken_is_refused_at_once(text: str, words: str) -> None:
    began_at = time.process_time()
    with pytest.raises(BadXml, match=words):
        parse_xml(text.encode())
    assert time.process_time() - began_at < 1


def test_an_error_has_nothing_of_the_file_in_it() -> None:
    with pytest.raises(BadXml) as caught:
        parse_xml(b"<icecast><source-password>s3cret</wrong></icecast>")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("<i>é</i>".encode(), ""),
        ('\ufeff<?xml version="1.0" encoding="UTF-8"?><i>é</i>'.encode(), ""),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><i>é</i>'.encode("latin-1"), ""),
        ('<?xml version="1.0" encoding="koi8-r"?><i>я</i>'.encode("koi8-r"), ""),
        ('<?xml version="1.0" encoding="UTF-16"?><i>é</i>'.encode("utf-16"), ""),
        ('<?xml version="1.0" encoding="UTF-8"?><i>é</i>'.encode("latin-1"), "windows-1252"),
        ('<?xml version="1.0" encoding="klingon"?><i>é</i>'.encode("latin-1"), "windows-1252"),
        ("<i>é</i>".encode("latin-1"), "windows-1252"),
    ],
)
def test_texts_of_any_age_are_read(data: bytes, encoding: str) -> None:
    root, read_in = parse_xml(data)
    assert (root.text in ("é", "я"), read_in) == (True, encoding)


def test_each_element_has_its_line(tmp_path: Path) -> None:
    root, _ = parse_xml(b'<?xml version="1.0"?>\r\n<!--\r\n<b/> -->\r\n<a>\r\n  <b x="1"> y </b><b/></a>')
    assert (root.name, root.line) == ("a", 4)
    assert [(child.name, child.line, child.attributes, child.text) for child in root.children] == [
        ("b", 5, {"x": "1"}, "y"),
        ("b", 5, {}, ""),
    ]


def test_lines_are_right_where_the_encoding_is_wrong() -> None:
    root, _ = parse_xml('<?xml version="1.0"\n encoding="UTF-8"?>\n<a>\né<b/></a>'.encode("latin-1"))
    assert (root.line, root.children[0].line) == (3, 4)
