"""A real Chromium whose microphone is a file, and the page from which it broadcasts."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS

# Far more than any piece of news takes; machines are shared.
NEWS_MS = 15_000


@contextmanager
def browser_with_microphone(wav: Path, *flags: str) -> Iterator[Browser]:
    """Run Chromium with a microphone that is the file, repeated."""
    microphone = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={wav}",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *microphone, *flags])
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, base: str, *, script: str = "", locale: str = "en-US") -> Iterator[Page]:
    """Open the page as on a phone, and check that no script fails and nothing breaks its policy.

    Args:
        browser: See `browser_with_microphone`.
        base: URL of the server.
        script: What runs before the page's own scripts.
        locale: Of the browser.
    """
    context = browser.new_context(locale=locale, viewport={"width": 390, "height": 844})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if "Policy" in message.text else None)
    if script:
        page.add_init_script(script)
    page.goto(f"{base}/broadcast")
    yield page
    context.close()
    assert problems == []


def go_live(page: Page, title: str = "", *, source: str = "#use-microphone") -> str:
    """Press the buttons until the page shows that it is on air; return the stream's id."""
    page.locator(source).click()
    expect(page.locator("#level-words")).to_contain_text("dB")
    if page.locator("#title").is_visible():
        page.locator("#title").fill(title)
    page.locator("#go-live").click()
    expect(page.locator("#monitor[data-stream=live]")).to_be_visible(timeout=NEWS_MS)
    return page.locator("#listen-link").input_value().rpartition("/")[2]


def end(page: Page) -> None:
    """End the broadcast, as its page asks twice."""
    page.locator("#end").click()
    page.locator("#end-yes").click()


def wait_for(page: Page, condition: str, seconds: float = 15.0) -> None:
    """Wait for a condition in the page. Playwright's own way to wait needs eval, which our policy forbids."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, f"not in {seconds} s: {condition}"
        page.wait_for_timeout(50)
