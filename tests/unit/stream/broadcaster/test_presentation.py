"""How a stream shows itself: texts of strangers, bounded, and harmless on a page."""

import pytest

from audiocast.stream.broadcaster.presentation import Presentation, is_link


@pytest.mark.parametrize(
    "link",
    [
        "https://radio.example",
        "http://radio.example:8080/show?day=fri&x=%20#now",
        "https://[2001:db8::1]/",
        "https://xn--80ak6aa92e.example/%D1%8D%D1%84%D0%B8%D1%80",
        "https://radio.example/" + "a" * 278,
    ],
)
def test_links_of_the_web_are_kept(link: str) -> None:
    assert is_link(link)
    assert Presentation(link=link).link == link


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "JavaScript://radio.example/%0aalert(1)",
        "data:text/html,x",
        "//radio.example",
        "radio.example",
        "https://",
        "https:///path",
        "https://bank.example@evil.example/",
        "https://radio.example/ two",
        "https://radio.example/\n",
        'https://radio.example/"onclick="x',
        "https://radio.example/<b>",
        "https://radio.example\\@evil.example",
        "https://эфир.example/",
        "https://radio.example/\u202e",
        "https://radio.example/" + "a" * 279,
    ],
)
def test_all_else_is_no_link(link: str) -> None:
    assert not is_link(link)
    assert Presentation(link=link).link == ""


def test_a_description_is_one_clean_line_of_500_characters() -> None:
    assert Presentation(" Jazz\n\tfrom \u202eVienna\x07 ").description == "Jazz from Vienna"
    assert Presentation("я" * 600).description == "я" * 500


@pytest.mark.parametrize(
    ("accent", "kept"),
    [
        ("#B5400F", "#b5400f"),
        ("#000000", "#000000"),
        ("red", ""),
        ("#fff", ""),
        ("#12345g", ""),
        ("#b5400f\n", ""),
    ],
)
def test_an_accent_is_six_digits(accent: str, kept: str) -> None:
    assert Presentation(accent=accent).accent == kept


def test_what_another_version_says_is_read_as_far_as_it_fits() -> None:
    whole = Presentation("Jazz", "#b5400f", "https://radio.example")
    assert Presentation.parse({**whole.as_json(), "more": 1}) == whole
    assert Presentation.parse({"description": ["Jazz"], "accent": None, "link": 7}) == Presentation()
    assert (bool(Presentation()), bool(Presentation(accent="#b5400f"))) == (False, True)
