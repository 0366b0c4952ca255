"""What long pages cost listeners, and what the server's own short pages save: the table of docs/delay.md.

Four rows: opusenc with its page a second, passed on as it is (the server's bound on pages is lifted); the
same with pages of at most 100 ms for listeners, as the server makes them; opusenc with a page per frame; and
that without the two seconds that opusenc looks ahead.

    python -m loadtest.player.page_delay [--runs 3] [--seconds 40]
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, sync_playwright

from loadtest.player import audio_element
from loadtest.player.audio_element import Heard
from loadtest.player.decoder_delay import DecoderDelay
from loadtest.player.paced_encoder import SAMPLE_RATE, PacedEncoder
from loadtest.player.raw_delay import RawDelay
from loadtest.player.server_process import ServerProcess

# How long the source runs before anybody listens: more than the backlog that a player gets.
BACKLOG_SECONDS = 8.0

PREROLL_QUERIES = ("?preroll=0", "")


@dataclass(frozen=True)
class Case:
    """A row.

    Attributes:
        name: What it says.
        options: Of opusenc.
        page_samples: The longest page for listeners; None for the server's own.
    """

    name: str
    options: str
    page_samples: int | None = None


CASES = (
    Case("page of 1 s, passed on as it is", "", page_samples=SAMPLE_RATE),
    Case("page of 1 s, made into pages of 100 ms", ""),
    Case("`--max-delay 20`", "--max-delay 20"),
    Case("`--max-delay 20 --set-ctl-int 14000=0`", "--max-delay 20 --set-ctl-int 14000=0"),
)


@dataclass(frozen=True)
class Run:
    """What one run has shown.

    Attributes:
        raw: Age of packets at a listener, seconds.
        decoded: Age of sound behind ffmpeg, seconds.
        audio: `<audio>` without backlog, and with the server's own.
    """

    raw: Sequence[float]
    decoded: Sequence[float]
    audio: Sequence[Heard]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description="What long pages cost, and what the server saves.")
    parser.add_argument("--runs", type=int, default=3, help="runs of each row; medians are shown")
    parser.add_argument("--seconds", type=float, default=40.0, help="how long a run listens")
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=audio_element.browser_path(), args=audio_element.FLAGS
        )
        print(_heading())
        for case in CASES:
            runs = [measure(case, browser, options.seconds) for _ in range(options.runs)]
            print(_row(case, runs), flush=True)
        browser.close()


def measure(case: Case, browser: Browser, seconds: float) -> Run:
    """Run one source and all its listeners."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "server.log"
        with ServerProcess(log, page_samples=case.page_samples) as server:
            stream = server.start_stream()
            with PacedEncoder(stream.ingest_url, case.options) as encoder:
                time.sleep(BACKLOG_SECONDS)
                made_at = encoder.first_sample_at
                with (
                    RawDelay(stream.stream_url, made_at) as raw,
                    DecoderDelay(stream.stream_url, made_at) as decoded,
                    browser.new_page() as page,
                ):
                    urls = [stream.stream_url + query for query in PREROLL_QUERIES]
                    heard = audio_element.listen(page, urls, made_at, seconds)
                    return Run(_second_half(raw.seconds), _second_half(decoded.seconds), heard)


def _second_half(values: list[float]) -> list[float]:
    """Leave out how it began."""
    return values[len(values) // 2 :]


def _heading() -> str:
    columns = ["opusenc", "at a listener: median, longest", "decoded by ffmpeg: median, longest"]
    columns += [
        f"`<audio>`{query and f' `{query}`'}: start, behind, waits, stood still" for query in PREROLL_QUERIES
    ]
    return f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}"


def _row(case: Case, runs: Sequence[Run]) -> str:
    """Give medians over the runs."""
    cells = [case.name]
    for ages in ([run.raw for run in runs], [run.decoded for run in runs]):
        cells.append(f"{median(map(median, ages)):.2f} s, {median(map(max, ages)):.2f} s")
    for heard in zip(*(run.audio for run in runs), strict=True):
        start, behind, stood_still = (
            median(getattr(each, name) for each in heard)
            for name in ("start_seconds", "lag_seconds", "stalled_seconds")
        )
        waits = median(each.waits for each in heard)
        cells.append(f"{start:.1f} s, {behind:.1f} s, {waits:g}, {stood_still:.1f} s")
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
