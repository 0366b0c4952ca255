"""The results as a Markdown table: a row for each trial, ratios beside the absolute numbers."""

from collections.abc import Sequence

from loadtest.bench.results import Results
from loadtest.bench.trial import Sample, Trial

COLUMNS = (
    "page",
    "listeners",
    "server",
    "µs/s",
    "of a",
    "user + sys",
    "range",
    "× icecast",
    "× floor",
    "pages/s",
    "delay p50 / p99 / max, ms",
    "gaps",
    "lost",
    "KiB/listener",
    "all in, s",
    "busy: server, load, others",
    "load",
)


def table(results: Results) -> str:
    """Give all that was measured, medians, one line a trial."""
    rows = [_row(results, trial, sample) for trial, sample in results.summaries()]
    lines = _aligned([COLUMNS, *rows])
    lines.insert(1, "| " + " | ".join("-" * len(cell) for cell in lines[0][2:-2].split(" | ")) + " |")
    failed = [f"{trial}: {message}" for trial, message in results.failures.items()]
    return "\n".join(lines + failed)


def _row(results: Results, trial: Trial, sample: Sample) -> Sequence[str]:
    least, most = results.cpu_range_us(trial)
    streams = f" on {trial.streams} streams" if trial.streams > 1 else ""
    crowd = f" + {trial.crowd} at once" if trial.crowd else ""
    return (
        f"{trial.page_ms} ms",
        f"{trial.listeners}{crowd}{streams}",
        trial.name,
        f"{sample.cpu_us:.0f}",
        trial.per,
        f"{sample.user_us:.0f} + {sample.system_us:.0f}",
        f"{least:.0f} to {most:.0f}",
        _ratio(results, trial, "icecast"),
        _ratio(results, trial, "floor"),
        f"{sample.pages_a_second:.1f}",
        f"{sample.delay_p50_ms:.0f} / {sample.delay_p99_ms:.0f} / {sample.delay_max_ms:.0f}",
        f"{sample.gaps:.0f}",
        f"{sample.disconnects:.0f}",
        f"{sample.memory_bytes / 1024:.1f}",
        f"{sample.join_seconds:.2f}",
        f"{sample.server_busy:.2f}, {sample.load_busy:.2f}, {sample.others_busy:.2f}",
        f"{sample.load_average:.1f}",
    )


def _ratio(results: Results, trial: Trial, other: str) -> str:
    ratio = results.cost_ratio(trial, trial.beside(other))
    return f"{ratio:.2f}" if ratio is not None else ""


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
