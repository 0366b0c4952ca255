"""The browsers that the listener's page is measured in: each opens pages with a probe in their audio."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.browser.chromium_tab import chromium, chromium_tab
from tests.browser.live_page import AUDIO_PROBE, OUTPUT_MS, Tab
from tests.programs.firefox import Firefox
from tests.programs.sound_card import SoundCard

# So many Firefoxes may hang as they are asked for their output's latency.
PATIENCE = 5

OpenTab = Callable[[], AbstractContextManager[Tab]]


@dataclass(frozen=True)
class Running:
    """A browser.

    Attributes:
        open_tab: Opens a page in it, with a probe.
        output_ms: From that probe to the loudspeaker.
    """

    open_tab: OpenTab
    output_ms: float


def begin_listening(tab: Tab, url: str) -> None:
    """Go to a listener's page and press its button; return when there is sound."""
    tab.go_to(url)
    tab.click("#listen-button")
    tab.wait_for("window.audioProbe.firstSoundAt")


@contextmanager
def _chromium(folder: Path) -> Iterator[Running]:
    with chromium() as browser:
        with chromium_tab(browser) as tab:
            output_ms = float(tab.evaluate(OUTPUT_MS))
        yield Running(lambda: chromium_tab(browser), output_ms)


@contextmanager
def _firefox(folder: Path) -> Iterator[Running]:
    with SoundCard() as card:
        output_ms = _output_ms_of_firefox(folder, card)
        with (
            Firefox(folder, env=card.environment, trusts_any_certificate=True) as firefox,
            firefox.preloaded(AUDIO_PROBE),
        ):

            @contextmanager
            def open_tab() -> Iterator[Tab]:
                page = firefox.open("about:blank")
                yield page
                page.close()

            yield Running(open_tab, output_ms)


def _output_ms_of_firefox(folder: Path, card: SoundCard) -> float:
    for number in range(PATIENCE):
        asked = folder / f"asked-{number}"
        asked.mkdir()
        with Firefox(asked, env=card.environment) as firefox:
            try:
                return float(firefox.open("about:blank").evaluate(OUTPUT_MS))
            except TimeoutError:
                continue
    raise AssertionError(f"expected Firefox to know its output's latency, it hung {PATIENCE} times")


BROWSERS = {"chromium": _chromium, "firefox": _firefox}
