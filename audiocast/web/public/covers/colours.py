"""Colours by what people see: lightness, chroma and hue (OKLCH, CSS Color 4, 9.3), and contrast (WCAG 2.2).

Pure. Hues that are made with the same lightness look equally light, which those of HSL do not.
"""

import math

# Red, green and blue of sRGB, 0 to 255.
RGB = tuple[int, int, int]

# Text against its ground: WCAG 2.2, success criterion 1.4.3.
TEXT_CONTRAST = 4.5

# The pages' grounds (static/shared/base.css): of both of a colour scheme, the one that is nearer to its text.
LIGHT_GROUND: RGB = (0xF8, 0xF5, 0xEF)
DARK_GROUND: RGB = (0x22, 0x1E, 0x1B)

# Steps of lightness in which a colour is moved until it can be read.
_STEPS = 200


def parse_colour(text: str) -> RGB:
    """Return the colour that "#rrggbb" names."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def format_colour(colour: RGB) -> str:
    """Return a colour as "#rrggbb"."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def from_oklch(lightness: float, chroma: float, hue: float) -> RGB:
    """Return the nearest colour of a screen.

    Args:
        lightness: 0 (black) to 1 (white).
        chroma: 0 (grey) to about 0.3.
        hue: Degrees.
    """
    a, b = (chroma * part(math.radians(hue)) for part in (math.cos, math.sin))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _encoded(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short),
        _encoded(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short),
        _encoded(-0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short),
    )


def to_oklch(colour: RGB) -> tuple[float, float, float]:
    """Return lightness, chroma and hue of a colour; see `from_oklch`."""
    red, green, blue = map(_linear, colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return lightness, math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360


def contrast(one: RGB, other: RGB) -> float:
    """Return the contrast ratio of two colours, 1 to 21."""
    darker, lighter = sorted(map(_luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def readable_on(colour: RGB, ground: RGB) -> RGB:
    """Return a colour, darker or lighter if need be, in which text can be read on a ground."""
    lightness, chroma, hue = to_oklch(colour)
    target = 0.0 if _luminance(ground) > 0.18 else 1.0
    for step in range(_STEPS):
        share = step / _STEPS
        # Near black and white a screen has no room for chroma.
        moved = from_oklch(lightness + (target - lightness) * share, chroma * (1 - share), hue)
        found = moved if step else colour
        if contrast(found, ground) >= TEXT_CONTRAST:
            return found
    return (255, 255, 255) if target else (0, 0, 0)


def mixed(below: RGB, above: RGB, share: float) -> RGB:
    """Return what is seen of a colour above another one that covers this share of it."""
    red, green, blue = (round(low + (high - low) * share) for low, high in zip(below, above, strict=True))
    return red, green, blue


def _luminance(colour: RGB) -> float:
    red, green, blue = map(_linear, colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: int) -> float:
    share = value / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def _encoded(light: float) -> int:
    light = min(max(light, 0.0), 1.0)
    share = 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055
    return round(255 * share)
