"""Charts as SVG, drawn by numbers alone: colours are the page's."""

from collections.abc import Sequence
from html import escape

WIDTH = 720
HEIGHT = 180
_LEFT = 52
_BOTTOM = 22
_TOP = 10
# No more columns than a screen tells apart, and no page of megabytes.
MOST_BARS = 92
MOST_POINTS = 360


def bars(title: str, values: Sequence[tuple[str, float]]) -> str:
    """Return a chart with a bar for each value; neighbours are added up when there are too many.

    Args:
        title: What it shows; it is read to those who do not see.
        values: Names and values, from the left.
    """
    each = -(-len(values) // MOST_BARS) or 1
    shown = [
        (values[place][0], sum(value for _, value in values[place : place + each]))
        for place in range(0, len(values), each)
    ]
    highest = nice_top(max((value for _, value in shown), default=0))
    step = (WIDTH - _LEFT) / max(len(shown), 1)
    drawn = [
        f'<rect x="{_LEFT + place * step + step * 0.1:.1f}" y="{_y(value, highest):.1f}"'
        f' width="{step * 0.8:.1f}" height="{HEIGHT - _BOTTOM - _y(value, highest):.1f}">'
        f"<title>{escape(name)}: {value:,.2f}</title></rect>"
        for place, (name, value) in enumerate(shown)
    ]
    return _chart(title, highest, [name for name, _ in shown], drawn, step / 2)


def curve(title: str, points: Sequence[tuple[str, int]]) -> str:
    """Return a chart with a curve; of neighbours the highest when there are too many.

    Args:
        title: What it shows.
        points: Names and values at equal distances, from the left.
    """
    each = -(-len(points) // MOST_POINTS) or 1
    shown = [
        (points[place][0], max(value for _, value in points[place : place + each]))
        for place in range(0, len(points), each)
    ]
    highest = nice_top(max((value for _, value in shown), default=0))
    step = (WIDTH - _LEFT) / max(len(shown), 1)
    line = "".join(
        f"H{_LEFT + place * step:.1f}V{_y(value, highest):.1f}" for place, (_, value) in enumerate(shown)
    )
    base = HEIGHT - _BOTTOM
    path = f'<path d="M{_LEFT} {base}{line}H{WIDTH}V{base}Z"/>'
    return _chart(title, highest, [name for name, _ in shown], [path], 0)


def nice_top(value: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, 50 and so on, which a scale can end with."""
    top = 1.0
    while top < value:
        top *= 2.5 if f"{top:g}".startswith("2") else 2
    return top


def _y(value: float, highest: float) -> float:
    return _TOP + (HEIGHT - _BOTTOM - _TOP) * (1 - value / highest)


def _chart(title: str, highest: float, names: Sequence[str], drawn: Sequence[str], offset: float) -> str:
    lines = [
        f'<line x1="{_LEFT}" x2="{WIDTH}" y1="{_y(value, highest):.1f}" y2="{_y(value, highest):.1f}"/>'
        f'<text x="{_LEFT - 6}" y="{_y(value, highest) + 4:.1f}" text-anchor="end">{value:g}</text>'
        for value in (0, highest / 2, highest)
    ]
    # So many names fit under the chart.
    every = -(-len(names) // 8) or 1
    step = (WIDTH - _LEFT) / max(len(names), 1)
    labels = [
        f'<text x="{_LEFT + place * step + offset:.1f}" y="{HEIGHT - 6}"'
        f' text-anchor="{"middle" if offset else "start"}">{escape(names[place])}</text>'
        for place in range(0, len(names), every)
    ]
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{''.join(lines)}{''.join(drawn)}{''.join(labels)}</svg>"
    )
