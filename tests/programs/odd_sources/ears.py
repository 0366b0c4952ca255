"""One headless Chromium that listens to many streams at once, by the listener's page and by `<audio>`."""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from playwright.sync_api import BrowserContext, Page, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.support.processes.server import Started

EAR = (Path(__file__).parent / "ear.js").read_text()
# All in two processes, and not each origin in its own.
SHARING = ["--disable-site-isolation-trials", "--renderer-process-limit=2"]
# The page adapts to a source meanwhile.
SETTLE_SECONDS = {"page": 10.0, "audio": 0.0}

PLAY = """([name, url]) => {
  const audio = document.createElement("audio");
  audio.crossOrigin = "anonymous";
  audio.src = url;
  window.context ??= new AudioContext();
  window.listenTo(window.context.createMediaElementSource(audio), name);
  window.context.resume();
  audio.play();
}"""
SHOWN = """() => Object.fromEntries(["delay", "losses"].map(
  (name) => [name, document.querySelector(`[data-detail=${name}]`).textContent],
).concat([["method", document.getElementById("details").dataset.method]]))"""


@dataclass(frozen=True)
class Hole:
    """Silence in what one of them heard.

    Attributes:
        begin: How much had been listened to.
        length: Seconds.
        since: When it began, unix seconds.
        until: When it ended, unix seconds.
    """

    begin: float
    length: float
    since: float
    until: float


@dataclass(frozen=True)
class Heard:
    """What one of them heard.

    Attributes:
        seconds: How long was listened to after it had settled.
        silent_seconds: How much of that was silent.
        holes: Where it was silent.
        shown: What the page shows of itself: `delay`, `losses`, `method`; nothing of an element.
    """

    seconds: float
    silent_seconds: float
    holes: list[Hole]
    shown: dict[str, str]


class Ears:
    """Runs while the `with` block does.

    Args:
        seconds: How long each is listened to after it has settled.
    """

    def __init__(self, *, seconds: float) -> None:
        self._seconds = seconds
        self._stack = ExitStack()
        self._contexts: dict[str, BrowserContext] = {}
        self._pages: dict[str, Page] = {}
        self._audio: Page | None = None

    def __enter__(self) -> Self:
        playwright = self._stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *SHARING])
        self._stack.callback(browser.close)
        for way, settle in SETTLE_SECONDS.items():
            # The ear's script comes from nowhere; a spectrum for each page is work for the processor.
            context = browser.new_context(locale="en-US", bypass_csp=True, reduced_motion="reduce")
            context.add_init_script(f"window.earSettle = {settle}; window.earMost = {self._seconds}; {EAR}")
            self._contexts[way] = context
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def listen(self, name: str, started: Started) -> None:
        """Begin to listen to a stream in both ways."""
        # Each by a host of its own: to one host a browser has six connections.
        host = f"host{len(self._pages)}.localhost"
        page = self._pages[name] = self._contexts["page"].new_page()
        page.goto(started.listen_url.replace("127.0.0.1", host), wait_until="domcontentloaded")
        page.click("#listen-button")
        if self._audio is None:
            self._audio = self._contexts["audio"].new_page()
            # Any page of the server; a script that makes sound wants a secure one.
            self._audio.goto(started.listen_url.replace("/listen/", "/nothing/"))
        self._audio.evaluate(PLAY, [name, started.stream_url.replace("127.0.0.1", host)])

    def wait(self, seconds: float) -> None:
        """Let the browser go on."""
        if self._audio is not None:
            self._audio.wait_for_timeout(1000 * seconds)
        else:
            time.sleep(seconds)

    def heard(self, name: str) -> dict[str, Heard]:
        """Return what was heard of a stream, by way."""
        assert self._audio is not None
        page = self._pages[name]
        return {
            "page": self._heard(page, "page", page.evaluate(SHOWN)),
            "audio": self._heard(self._audio, name, {}),
        }

    def _heard(self, page: Page, ear: str, shown: dict[str, str]) -> Heard:
        counted: dict[str, Any] | None = page.evaluate("(ear) => window.ears[ear] ?? null", ear)
        if counted is None:
            return Heard(0, 0, [], shown)
        holes = [
            Hole(begin, length, since / 1000, until / 1000)
            for begin, length, since, until in counted["holes"]
        ]
        return Heard(counted["heard"], counted["quiet"], holes, shown)
