"""XML in Icecast's form: what Icecast 2.4.4 writes, and texts of strangers in it."""

from xml.etree import ElementTree

import pytest

from audiocast.web.icecast.xml import iceresponse, icestats


def test_an_answer_is_that_of_icecast() -> None:
    assert iceresponse("Source Removed") == (
        b'<?xml version="1.0"?>\n'
        b"<iceresponse><message>Source Removed</message><return>1</return></iceresponse>\n"
    )


def test_a_list_is_that_of_icecast() -> None:
    fields = {"fallback": "", "listeners": 1, "Connected": 3, "content-type": "application/ogg"}
    assert icestats({}, [("/a.opus", fields)]) == (
        b'<?xml version="1.0"?>\n'
        b'<icestats><source mount="/a.opus"><fallback></fallback><listeners>1</listeners>'
        b"<Connected>3</Connected><content-type>application/ogg</content-type></source></icestats>\n"
    )


def test_without_sources_there_is_an_empty_document() -> None:
    assert icestats({}, []) == b'<?xml version="1.0"?>\n<icestats></icestats>\n'


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("My name & co <b>", "My name & co <b>"),
        ("Вечер 👩‍👩‍👧", "Вечер 👩‍👩‍👧"),
        ("\0a\x1b\ufffe\uffff\x0c", "\ufffda\ufffd\ufffd\ufffd\ufffd"),
        ("\ud800", "\ufffd"),
        (None, None),
    ],
)
def test_any_text_can_be_read_again(text: str | None, read: str | None) -> None:
    root = ElementTree.fromstring(icestats({"title": text}, [(f'"{text}"', {"artist": text})]))
    assert root.findtext("title") == (read or "")
    assert root.findtext("source/artist") == (read or "")
    source = root.find("source")
    assert source is not None
    assert source.get("mount") == f'"{read}"'
