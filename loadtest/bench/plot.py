"""The results as pictures: cost by page size, and cost and delay by the number of listeners."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from loadtest.bench.results import Results
from loadtest.bench.scenarios import LISTENERS
from loadtest.bench.trial import Sample, Trial

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = {"audiocast": "#0b6e4f", "audiocast low": "#6fb98f", "icecast": "#c8553d", "floor": "#8d99ae"}
BAR_WIDTH = 0.2
WIDTH_INCHES, HEIGHT_INCHES = 9.0, 4.0
DOTS_AN_INCH = 110

Measured = tuple[Trial, Sample]


def plot(results: Results, folder: Path) -> list[Path]:
    """Draw what there is; give the files.

    Args:
        results: Of a run.
        folder: Where to.
    """
    quiet = [
        (trial, sample) for trial, sample in results.summaries() if not trial.crowd and trial.streams == 1
    ]
    files = []
    pages = [each for each in quiet if each[0].listeners == LISTENERS]
    if len({trial.page_ms for trial, _ in pages}) > 1:
        files.append(_draw_pages(pages, folder / "fan-out-pages.png"))
    scale = [each for each in quiet if each[0].page_ms == min(trial.page_ms for trial, _ in quiet)]
    if len({trial.listeners for trial, _ in scale}) > 2:
        files.append(_draw_scale(scale, folder / "fan-out.png"))
    return files


def _draw_pages(measured: Iterable[Measured], file: Path) -> Path:
    """Bars: what a listener costs, for each page size."""
    figure = _blank()
    axes = figure.subplots()
    measured = list(measured)
    pages_ms = sorted({trial.page_ms for trial, _ in measured})
    for number, (name, colour) in enumerate(COLOURS.items()):
        bars = {trial.page_ms: sample.cpu_us for trial, sample in measured if trial.name == name}
        places = [pages_ms.index(page_ms) + (number - 1.5) * BAR_WIDTH for page_ms in bars]
        drawn = axes.bar(places, list(bars.values()), BAR_WIDTH, color=colour, label=name)
        axes.bar_label(drawn, fmt="%.0f", fontsize=8)
    axes.set_xticks(range(len(pages_ms)), [f"{page_ms} ms" for page_ms in pages_ms])
    axes.set_xlabel("audio on a page of the source")
    axes.set_ylabel("server µs per listener and second")
    axes.set_title(f"{LISTENERS:,} listeners of one 96 kbit/s stream")
    axes.legend()
    return _save(figure, file)


def _draw_scale(measured: Iterable[Measured], file: Path) -> Path:
    """Two pictures: a core's load and the delay, over the number of listeners."""
    figure = _blank()
    cost, delay = figure.subplots(1, 2)
    measured = sorted(measured, key=lambda each: each[0].listeners)
    for name, colour in COLOURS.items():
        own = [(trial.listeners, sample) for trial, sample in measured if trial.name == name]
        if not own:
            continue
        listeners = [count for count, _ in own]
        look = {"color": colour, "marker": "o", "label": name}
        cost.plot(listeners, [sample.cpu_us * count / 1e4 for count, sample in own], **look)
        delay.plot(listeners, [sample.delay_p99_ms for _, sample in own], **look)
    for axes, title in (
        (cost, "server's load, % of a core"),
        (delay, "delay from source to listener, p99, ms"),
    ):
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("listeners")
        axes.set_title(title)
        axes.grid(alpha=0.3)
    cost.legend()
    return _save(figure, file)


def _blank() -> "Figure":
    # Takes half a second, and most that import this module draw nothing: each process of tests is one.
    from matplotlib.figure import Figure

    return Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES))


def _save(figure: "Figure", file: Path) -> Path:
    figure.tight_layout()
    figure.savefig(file, dpi=DOTS_AN_INCH)
    return file
