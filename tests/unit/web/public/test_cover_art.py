"""Covers that are drawn: the same for the same stream, another one for another, as SVG and as PNG."""

import io
import xml.etree.ElementTree as ET
from itertools import pairwise

import png
import pytest

from audiocast.web.public.covers.art import (
    SIDE,
    SQUARE,
    WIDE,
    CoverArt,
    draw_png,
    draw_square,
    draw_svg,
    draw_wide,
)
from audiocast.web.public.covers.colours import RGB, parse_colour, to_oklch

SVG = "{http://www.w3.org/2000/svg}"
STREAM_IDS = [f"stream{number}" for number in range(60)]


def pixels(picture: bytes) -> list[list[RGB]]:
    _, _, rows, _ = png.Reader(bytes=picture).asRGB8()
    return [[(row[at], row[at + 1], row[at + 2]) for at in range(0, len(row), 3)] for row in rows]


def distance(one: RGB, other: RGB) -> int:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def hue_distance(one: float, other: float) -> float:
    return abs((one - other + 180) % 360 - 180)


def test_the_same_stream_has_the_same_cover_and_others_have_others() -> None:
    # The value is the contract between members of different versions: pages ask for a cover by it.
    assert CoverArt("abc", "Jazz").version == CoverArt("abc", "Jazz").version == "3c3cbd12ac43"
    arts = [CoverArt(*each) for each in (("abc", ""), ("abc", "Jazz"), ("abcJazz", ""), ("abd", "Jazz"))]
    arts.append(CoverArt("abc", "Jazz", "#1166cc"))
    for draw in (draw_svg, draw_square):
        drawn = [draw(art) for art in arts]
        assert drawn == [draw(art) for art in arts]
        assert len(set(drawn)) == len({art.version for art in arts}) == len(arts)


def test_nothing_of_a_title_gets_into_the_drawing() -> None:
    hostile = '"/><script>alert(1)</script>&\ud800' + "x" * 200
    drawn = draw_svg(CoverArt("abc", hostile))
    assert b"script" not in drawn
    assert len(drawn) < 3000
    names = {element.tag.removeprefix(SVG) for element in ET.parse(io.BytesIO(drawn)).iter()}
    assert names == {"svg", "linearGradient", "stop", "path", "g"}


@pytest.mark.parametrize("stream_id", STREAM_IDS)
def test_two_hues_that_can_be_told_apart_and_a_waveform_that_fits(stream_id: str) -> None:
    art = CoverArt(stream_id, "Evening")
    first, _, last = map(to_oklch, art.stops)
    assert 30 < hue_distance(first[2], last[2]) < 115
    assert last[0] - first[0] > 0.15, "from dark to light"
    assert min(chroma for _, chroma, _ in (first, last)) > 0.05, "no grey"
    lengths = [length for _, length in art.strokes(SIDE)]
    assert len(lengths) == 17
    assert 0 < min(lengths) < max(lengths) <= 0.6 * SIDE
    assert sum(abs(one - other) for one, other in pairwise(lengths)) > SIDE / 4, "no row of equals"


@pytest.mark.parametrize(("draw", "size"), [(draw_wide, WIDE), (draw_square, SQUARE)])
def test_the_png_shows_what_the_svg_says(draw: object, size: tuple[int, int]) -> None:
    art = CoverArt("abc", "Jazz")
    rows = pixels(draw_wide(art) if draw is draw_wide else draw_square(art))
    assert (len(rows[0]), len(rows)) == size
    stops = [
        parse_colour(stop.attrib["stop-color"]) for stop in ET.fromstring(draw_svg(art)).iter(f"{SVG}stop")
    ]
    assert distance(rows[0][0], stops[0]) <= 2
    assert distance(rows[-1][-1], stops[2]) <= 2
    assert distance(rows[0][-1], stops[1]) < 60, "a gradient from corner to corner"
    # The stroke in the middle: ink in it, ground beside it, and ground above its echo.
    middle, across = len(rows) // 2, len(rows[0]) // 2
    assert min(rows[middle][across]) > 225
    assert min(rows[4][across]) < 160
    assert all(distance(row, other) == 0 for row, other in zip(rows[0][1:], rows[1][:-1], strict=True))


def test_an_accent_is_the_first_hue() -> None:
    for accent in ("#1166cc", "#b5400f", "#00aa55"):
        first = to_oklch(CoverArt("abc", "", accent).stops[0])
        assert hue_distance(first[2], to_oklch(parse_colour(accent))[2]) < 12


def test_any_size_is_drawn_whole() -> None:
    for size in ((40, 30), (101, 77), (512, 300)):
        rows = pixels(draw_png(CoverArt("abc", "Jazz"), size))
        assert ({len(row) for row in rows}, len(rows)) == ({size[0]}, size[1])
