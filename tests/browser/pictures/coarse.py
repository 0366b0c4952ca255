"""Pictures of pages as coarse ones, of which two are the same when nothing has moved.

A picture is made eight times smaller, by the mean of each square. What another version of Chromium draws
otherwise, an edge of a letter or of a round corner, is a part of such a square and changes its mean by
little; what has moved by a few pixels, or has another colour, changes many of them by much.
"""

import io
import subprocess
from dataclasses import dataclass
from pathlib import Path

import png

# Pixels of a page on each side of a square.
SQUARE_PX = 8

# Of the 255 steps of red, green or blue, by how many a square may differ and be the same.
MOST_STEPS = 16
# How many squares may differ: a button that has moved by half a square has dozens along its edges, a word of
# seven letters that is missing has more, and a small sign that is drawn in another way has less.
MOST_SQUARES = 12


@dataclass(frozen=True)
class CoarsePicture:
    """A picture of squares.

    Attributes:
        width: In squares.
        rows: Of red, green and blue for each square.
    """

    width: int
    rows: tuple[bytes, ...]

    @classmethod
    def of(cls, screenshot: bytes) -> "CoarsePicture":
        """Return the coarse picture of a PNG."""
        small = f"scale=ceil(iw/{SQUARE_PX}):ceil(ih/{SQUARE_PX}):flags=area,format=rgb24"
        options = ["-vf", small, "-c:v", "png", "-f", "image2pipe"]
        command = ["ffmpeg", "-v", "error", "-f", "png_pipe", "-i", "-", *options, "-"]
        done = subprocess.run(command, input=screenshot, capture_output=True, check=True, timeout=180)
        return cls.read(done.stdout)

    @classmethod
    def read(cls, data: bytes) -> "CoarsePicture":
        """Return what `as_png` has written."""
        width, _, rows, _ = png.Reader(file=io.BytesIO(data)).asRGB8()
        return cls(width, tuple(bytes(row) for row in rows))

    def as_png(self) -> bytes:
        """Return it as a file."""
        file = io.BytesIO()
        writer = png.Writer(self.width, len(self.rows), greyscale=False, compression=9)
        writer.write(file, self.rows)
        return file.getvalue()

    def differences(self, other: "CoarsePicture") -> list[tuple[int, int]]:
        """Return the squares that differ, by column and row; what only one of them has differs."""
        columns, rows = max(self.width, other.width), max(len(self.rows), len(other.rows))
        return [
            (column, row)
            for row in range(rows)
            if self._row(row) != other._row(row)
            for column in range(columns)
            if _differ(self._square(column, row), other._square(column, row))
        ]

    def marked(self, squares: list[tuple[int, int]]) -> "CoarsePicture":
        """Return it with squares in red."""
        rows = [bytearray(row) for row in self.rows]
        for column, row in squares:
            if column < self.width and row < len(rows):
                rows[row][3 * column : 3 * column + 3] = b"\xff\0\0"
        return CoarsePicture(self.width, tuple(map(bytes, rows)))

    def _row(self, row: int) -> bytes:
        return self.rows[row] if row < len(self.rows) else b""

    def _square(self, column: int, row: int) -> bytes:
        return self._row(row)[3 * column : 3 * column + 3]


def check_same(seen: CoarsePicture, expected: CoarsePicture, name: str, folder: Path) -> None:
    """Check that a page looks as expected.

    Args:
        seen: What it looks like.
        expected: What it is to look like.
        name: Of the page and how it is looked at.
        folder: Where both are put, with the differing squares in red, when they are not the same.
    """
    squares = seen.differences(expected)
    if len(squares) > MOST_SQUARES:
        folder.mkdir(parents=True, exist_ok=True)
        for kind, picture in (("seen", seen), ("expected", expected), ("marked", seen.marked(squares))):
            (folder / f"{name}-{kind}.png").write_bytes(picture.as_png())
    columns, rows = {column for column, _ in squares}, {row for _, row in squares}
    assert len(squares) <= MOST_SQUARES, (
        f"{name}: {len(squares)} squares of {SQUARE_PX} pixels differ, between "
        f"{SQUARE_PX * min(columns)}, {SQUARE_PX * min(rows)} and {SQUARE_PX * max(columns)}, "
        f"{SQUARE_PX * max(rows)}; see {folder}. If it is to look so: make pictures PICTURES_ARGS=--expected"
    )


def _differ(one: bytes, other: bytes) -> bool:
    if len(one) != len(other):
        return True
    return any(abs(a - b) > MOST_STEPS for a, b in zip(one, other, strict=True))
