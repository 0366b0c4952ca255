"""A cover for a stream that has got none: two hues and a waveform, drawn from its id and its title. Pure.

The same id and title make the same drawing at any member, as SVG and as PNG. Nothing of the title can be read
in it. The ground is a gradient along x + y, so that each row of the PNG is a slice of one line of pixels; a
wide cover takes Python some 10 ms, and zlib, which lets other threads run, as many.
"""

import io
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise

import png

from audiocast.web.public.covers.colours import RGB, format_colour, from_oklch, mixed, parse_colour, to_oklch

# Raised whenever the same id and title make another drawing, so that caches ask for it.
DRAWING_VERSION = 1

VERSION_BYTES = 6

# The SVG's own units; the wide one has as many from top to bottom.
SIDE = 512

# Pixels of the PNGs: what messengers ask of a card's picture, and what lock screens show.
WIDE = (1200, 630)
SQUARE = (512, 512)

# Of the waveform, in units: from stroke to stroke, and a stroke's width.
PITCH = 24
STROKE = 13

# Units that stay free at both sides.
MARGIN = 44

INK: RGB = (255, 250, 243)

# What a stroke covers of the ground, and what its echo does, which is longer and lies behind it.
INK_SHARE = 0.94
ECHO_SHARE = 0.16

# Shares of ink with which round ends are drawn.
_LEVELS = 8

# Of one row: the first pixel, the one behind the last, and the level of their ink.
_Run = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class CoverArt:
    """What is drawn.

    Attributes:
        stream_id: The stream's id.
        title: Its title; may be empty.
        accent: The colour that its broadcaster has chosen, as "#rrggbb"; empty: one is made up.
    """

    stream_id: str
    title: str
    accent: str = ""

    @property
    def version(self) -> str:
        """A text that changes with the drawing."""
        return blake2b(self._seed, digest_size=VERSION_BYTES).hexdigest()

    @property
    def stops(self) -> tuple[RGB, RGB, RGB]:
        """The colours at the begin, in the middle and at the end of the gradient."""
        chance = random.Random(self._seed)
        hue = chance.uniform(0, 360)
        turn = chance.choice((-1, 1)) * chance.uniform(45, 100)
        if self.accent:
            lightness, chroma, hue = to_oklch(parse_colour(self.accent))
            lightness, chroma = min(max(lightness, 0.3), 0.6), min(chroma, 0.19)
        else:
            lightness, chroma = 0.42, 0.13
        first = from_oklch(lightness, chroma, hue)
        middle = from_oklch(lightness + 0.1, min(chroma + 0.02, 0.15), hue + turn / 2)
        return first, middle, from_oklch(lightness + 0.25, min(chroma, 0.13), hue + turn)

    def strokes(self, width: float) -> Iterator[tuple[int, float]]:
        """Yield the waveform of a cover, in units: where each stroke is, from the middle, and its length."""
        chance = random.Random(self._seed + b"waveform")
        waves = [(chance.uniform(0.15, 1.3), chance.uniform(0, math.tau)) for _ in range(3)]
        half = int((width / 2 - MARGIN) // PITCH)
        for place in range(-half, half + 1):
            wave = sum(math.sin(pitch * place + phase) for pitch, phase in waves) / len(waves)
            # The jitter of a place is its own, however many places a cover has.
            jitter = random.Random(self._seed + place.to_bytes(2, signed=True)).uniform(-0.18, 0.18)
            fading = math.cos(place / (half + 1) * math.pi / 2) ** 0.6
            level = min(max(0.55 + 0.5 * wave + jitter, 0.08), 1.0) * fading
            yield place * PITCH, STROKE + level * SIDE * 0.52

    @property
    def _seed(self) -> bytes:
        texts = (str(DRAWING_VERSION), self.stream_id, self.title, self.accent)
        return "\0".join(texts).encode("utf-8", "replace")


def draw_svg(art: CoverArt) -> bytes:
    """Return the square cover as SVG."""
    stops = "".join(
        f'<stop offset="{offset}" stop-color="{format_colour(colour)}"/>'
        for offset, colour in zip((0, 0.5, 1), art.stops, strict=True)
    )
    strokes = [(SIDE // 2 + across, length) for across, length in art.strokes(SIDE)]
    paths = "".join(
        f'<path stroke-opacity="{share}" d="{_path(strokes, reach)}"/>'
        for share, reach in ((ECHO_SHARE, _echo), (INK_SHARE, float))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" width="{SIDE}" height="{SIDE}">'
        f'<linearGradient id="g" x2="1" y2="1">{stops}</linearGradient>'
        f'<path fill="url(#g)" d="M0 0h{SIDE}v{SIDE}H0z"/>'
        f'<g fill="none" stroke="{format_colour(INK)}" stroke-width="{STROKE}" stroke-linecap="round">'
        f"{paths}</g></svg>\n"
    ).encode()


def draw_png(art: CoverArt, size: tuple[int, int]) -> bytes:
    """Return the cover as PNG, of so many pixels from left to right and from top to bottom."""
    width, height = size
    scale = height / SIDE
    line = _Line(art.stops, width + height)
    rows = [bytearray(line.ground[3 * y : 3 * (y + width)]) for y in range(height)]
    pixels = round(STROKE * scale)
    ends = _round_end(pixels)
    whole = [(0, pixels, _LEVELS)]
    strokes = list(art.strokes(width / scale))
    for below, above, reach in ((0.0, ECHO_SHARE, _echo), (ECHO_SHARE, INK_SHARE, float)):
        inks = [line.inked(below + (above - below) * level / _LEVELS) for level in range(_LEVELS + 1)]
        for across, length in strokes:
            left = round(width / 2 + across * scale) - pixels // 2
            half = round(reach(length) * scale / 2)
            for away in range(half):
                # Above and below the middle the same; the outermost rows are the round ends.
                end = ends[half - 1 - away] if half - 1 - away < len(ends) else whole
                for y in (height // 2 - 1 - away, height // 2 + away):
                    row = rows[y]
                    for begin, stop, level in end:
                        first, last = 3 * (left + begin), 3 * (left + stop)
                        row[first:last] = inks[level][3 * y + first : 3 * y + last]
    picture = io.BytesIO()
    png.Writer(width, height, greyscale=False, compression=6).write_packed(picture, rows)
    return picture.getvalue()


def draw_wide(art: CoverArt) -> bytes:
    """Return the cover as a card's picture."""
    return draw_png(art, WIDE)


def draw_square(art: CoverArt) -> bytes:
    """Return the cover as a lock screen shows it."""
    return draw_png(art, SQUARE)


class _Line:
    """The colours of the gradient, pixel after pixel, and what they are below ink.

    Args:
        stops: Of the gradient.
        length: Pixels.
    """

    def __init__(self, stops: tuple[RGB, RGB, RGB], length: int) -> None:
        middle = length // 2
        colours = [
            mixed(stops[0], stops[1], at / middle)
            if at < middle
            else mixed(stops[1], stops[2], at / middle - 1)
            for at in range(length)
        ]
        self._planes = [bytes(channel) for channel in zip(*colours, strict=True)]
        self.ground = _interleaved(self._planes)

    def inked(self, share: float) -> bytes:
        """Return the line with ink that covers this share of it."""
        return _interleaved(
            [
                plane.translate(bytes(round(value + (ink - value) * share) for value in range(256)))
                for plane, ink in zip(self._planes, INK, strict=True)
            ]
        )


def _interleaved(planes: Sequence[bytes]) -> bytes:
    line = bytearray(3 * len(planes[0]))
    for channel, plane in enumerate(planes):
        line[channel::3] = plane
    return bytes(line)


def _round_end(pixels: int) -> list[list[_Run]]:
    """Return the rows of a stroke's round end, the outermost first, as runs of pixels with the same ink."""
    radius = pixels / 2
    rows = []
    for row in range(math.ceil(radius)):
        away = radius - row - 0.5
        levels = [
            round(_LEVELS * min(max(radius + 0.5 - math.hypot(x + 0.5 - radius, away), 0.0), 1.0))
            for x in range(pixels)
        ]
        begins = [x for x in range(pixels) if x == 0 or levels[x] != levels[x - 1]]
        rows.append(
            [(begin, stop, levels[begin]) for begin, stop in pairwise([*begins, pixels]) if levels[begin]]
        )
    return rows


def _echo(length: float) -> float:
    return min(length * 1.5 + 24, SIDE * 0.86)


def _path(strokes: Sequence[tuple[int, float]], reach: Callable[[float], float]) -> str:
    """Return strokes as path data; their round ends are beyond it."""
    lines = []
    for x, length in strokes:
        line = reach(length) - STROKE
        lines.append(f"M{x} {SIDE / 2 - line / 2:.1f}v{line:.1f}")
    return "".join(lines)
