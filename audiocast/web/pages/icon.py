"""`GET /icon-{size}.png`: the icon of static/icon.svg in the sizes that systems ask for, as PNG.

The drawing is a rounded square with upright strokes on it; no other SVG can be read here.
"""

import io
import math
import re
from pathlib import Path

import png

from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import PublicHandler
from audiocast.web.pages.drawings import Drawings

DRAWING = Path(__file__).parents[1] / "static" / "icon.svg"

# Pixels. 180: the home screen of an iPhone; 192 and 512: a web app's manifest.
SIZES = (180, 192, 512)

RGB = tuple[int, int, int]


class IconHandler(PublicHandler):
    """The icon; `-square` fills the corners, for systems that cut out their own shape."""

    metric_label = "Icon"

    async def get(self, square: str, size: str) -> None:
        if int(size) not in SIZES:
            raise ApiError(404, "not_found", f"expected an icon of {SIZES} pixels, got {size}")
        drawings: Drawings = self.settings["icon_drawings"]
        picture = await drawings.draw(draw, int(size), bool(square))
        self.set_header("Content-Type", "image/png")
        self.set_header("Cache-Control", "public, max-age=86400")
        self.allow_any_origin()
        self.write(picture)


def draw(size: int, square: bool) -> bytes:
    """Return the icon as PNG.

    Args:
        size: Pixels of each side.
        square: Without round corners.
    """
    svg = DRAWING.read_text()
    side, radius = _number(svg, r'width="(\d+)"'), _number(svg, r'rx="(\d+)"')
    half_stroke = _number(svg, r'stroke-width="(\d+)"') / 2
    ground, ink = (_colour(svg, name) for name in ("fill", "stroke"))
    strokes = [tuple(map(int, found)) for found in re.findall(r"M(\d+) (\d+)v(\d+)", svg)]
    pixel = side / size
    places = [(at + 0.5) * pixel for at in range(size)]
    nearest = [min(strokes, key=lambda stroke: abs(stroke[0] - x)) for x in places]
    rows = []
    for y in places[: (size + 1) // 2]:
        pixels = bytearray()
        for x, (across, top, length) in zip(places, nearest, strict=True):
            beyond = math.hypot(x - across, y - min(max(y, top), top + length)) - half_stroke
            pixels += bytes(_mixed(ground, ink, _cover(beyond, pixel)) if beyond < pixel else ground)
            cover = 1.0 if square else _cover(_beyond_square(x, y, side, radius), pixel)
            pixels.append(round(255 * cover))
        rows.append(pixels)
    # The drawing is the same upside down.
    rows += reversed(rows[: size // 2])
    picture = io.BytesIO()
    png.Writer(size, size, greyscale=False, alpha=True).write(picture, rows)
    return picture.getvalue()


def _beyond_square(x: float, y: float, side: float, radius: float) -> float:
    """Return how far a place is outside a rounded square; below 0 inside."""
    across, along = (abs(place - side / 2) - side / 2 + radius for place in (x, y))
    return math.hypot(max(across, 0), max(along, 0)) + min(max(across, along), 0) - radius


def _cover(beyond: float, pixel: float) -> float:
    """Return the covered share of a pixel whose middle is so far beyond an edge."""
    return min(max(0.5 - beyond / pixel, 0.0), 1.0)


def _mixed(below: RGB, above: RGB, cover: float) -> RGB:
    red, green, blue = (round(low + (high - low) * cover) for low, high in zip(below, above, strict=True))
    return red, green, blue


def _number(svg: str, pattern: str) -> int:
    found = re.search(pattern, svg)
    if found is None:
        raise ValueError(f"expected {pattern} in {DRAWING}")
    return int(found[1])


def _colour(svg: str, name: str) -> RGB:
    found = re.search(rf'{name}="#(\w\w)(\w\w)(\w\w)"', svg)
    if found is None:
        raise ValueError(f"expected the colour {name} in {DRAWING}")
    red, green, blue = (int(part, 16) for part in found.groups())
    return red, green, blue
