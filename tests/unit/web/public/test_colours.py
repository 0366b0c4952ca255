"""Colours are what CSS means by them, and text in any accent can be read on the pages' grounds."""

import itertools
import re

import pytest

from audiocast.web.public.covers.colours import (
    DARK_GROUND,
    LIGHT_GROUND,
    TEXT_CONTRAST,
    contrast,
    format_colour,
    from_oklch,
    parse_colour,
    readable_on,
    to_oklch,
)
from tests.repo import tree

STEPS = range(0, 256, 51)


def test_colours_are_those_of_the_specifications() -> None:
    # CSS Color 4: oklch(62.796% 0.25768 29.234) is red; WCAG: black on white is 21 to 1, #777 on white 4.48.
    assert to_oklch((255, 0, 0)) == pytest.approx((0.62796, 0.25768, 29.234), abs=0.001)
    assert from_oklch(0.62796, 0.25768, 29.234) == (255, 0, 0)
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((0x77, 0x77, 0x77), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)
    assert format_colour(parse_colour("#b5400f")) == "#b5400f"


def test_there_and_back_is_the_same_colour() -> None:
    for colour in itertools.product(STEPS, STEPS, STEPS):
        assert all(abs(a - b) <= 1 for a, b in zip(from_oklch(*to_oklch(colour)), colour, strict=True))


@pytest.mark.parametrize("ground", [LIGHT_GROUND, DARK_GROUND])
def test_every_accent_becomes_one_that_can_be_read(ground: tuple[int, int, int]) -> None:
    for colour in itertools.product(STEPS, STEPS, STEPS):
        assert contrast(readable_on(colour, ground), ground) >= TEXT_CONTRAST
    kept = (0xB5, 0x40, 0x0F) if ground == LIGHT_GROUND else (0xFF, 0x95, 0x60)
    assert readable_on(kept, ground) == kept


def test_the_grounds_are_those_of_the_pages() -> None:
    style = (tree.ROOT / "audiocast/web/static/shared/base.css").read_text()
    grounds = [parse_colour(each) for each in re.findall(r"--(?:paper|raised): (#\w{6})", style)]
    paper, raised, dark_paper, dark_raised = grounds
    # Of both grounds of a scheme, the one that is nearer to its text.
    assert (paper, dark_raised) == (LIGHT_GROUND, DARK_GROUND)
    assert contrast(paper, (0, 0, 0)) <= contrast(raised, (0, 0, 0))
    assert contrast(dark_raised, (255, 255, 255)) <= contrast(dark_paper, (255, 255, 255))
