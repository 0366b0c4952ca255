"""What the audience of each step has missed, as a table."""

from collections.abc import Sequence

from tests.e2e.operated.audience import Missed

HEADS = ("step", "listeners", "cuts", "lost, stayed", "lost, moving", "longest pause")


def table(rows: Sequence[tuple[str, Missed]]) -> str:
    """Return the table, a line for each step."""
    cells = [HEADS]
    for step, missed in rows:
        cells.append(
            (
                step,
                str(missed.listeners),
                str(missed.cuts),
                str(missed.lost),
                str(missed.lost_moving),
                f"{missed.longest_pause_seconds:.2f} s",
            )
        )
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEADS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )
