"""A page in Chromium as `live_page.Tab`, with an audio probe in it."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.live_page import AUDIO_PROBE
from tests.support.processes.paused import asleep


class ChromiumTab:
    """A page of Playwright's.

    Args:
        page: The page.
    """

    def __init__(self, page: Page) -> None:
        self.page = page

    def go_to(self, url: str) -> None:
        """Open a URL and wait until it is loaded."""
        self.page.goto(url)

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression."""
        return self.page.evaluate(expression)

    def wait_for(self, expression: str, seconds: float = 20.0) -> None:
        """Wait until an expression is true. Playwright's own way needs eval, which our policy forbids."""
        deadline = time.monotonic() + seconds
        while not self.evaluate(f"Boolean({expression})"):
            assert time.monotonic() < deadline, f"not in {seconds} s: {expression}"
            self.page.wait_for_timeout(50)

    def click(self, selector: str) -> None:
        """Click the middle of an element with the mouse."""
        self.page.click(selector)

    def asleep(self) -> AbstractContextManager[None]:
        """Stop the page's process, and with it its audio, while the `with` block runs."""
        browser = self.page.context.browser
        assert browser is not None
        session = browser.new_browser_cdp_session()
        processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
        session.detach()
        return asleep([int(process["id"]) for process in processes if process["type"] == "renderer"])


@contextmanager
def chromium_tab(browser: Browser) -> Iterator[ChromiumTab]:
    """Open a page, and check that no script fails and nothing breaks its policy."""
    # A bench's certificate is signed by nobody.
    context = browser.new_context(locale="en-US", ignore_https_errors=True)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text))
    page.add_init_script(AUDIO_PROBE)
    yield ChromiumTab(page)
    context.close()
    assert not [text for text in problems if "Content Security Policy" in text or "Uncaught" in text]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
