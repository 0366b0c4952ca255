"""A page whose script comes late, as over a slow network: how much moves when it does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, Route, expect

# What people take for still (web.dev/articles/cls) is five times as much.
MOST_SHIFT = 0.02

NEWS_MS = 15_000
PATIENCE_TURNS = 200

WATCH_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const { value, sources } of list.getEntries())
    window.shifts.push([value, sources.map(({ node }) => node?.id || node?.className || node?.nodeName)]);
}).observe({ type: "layout-shift", buffered: true });
"""

Shifts = list[tuple[float, list[str]]]


def until(page: Page, condition: str) -> None:
    """Wait for a condition; Playwright's own way needs eval, which the page's policy forbids."""
    _wait(page, lambda: bool(page.evaluate(condition)), f"never: {condition}")


class LateScript:
    """A page whose script is held back until it is let go.

    Args:
        page: Nothing is open in it yet.
        script: As in `audiocast.web.pages.modules.SCRIPTS`.
    """

    def __init__(self, page: Page, script: str) -> None:
        self._page = page
        self._held_back: list[Route] = []
        page.add_init_script(WATCH_SHIFTS)
        page.route(f"**/scripts/{script}*", lambda route: self._held_back.append(route))

    @contextmanager
    def opened(self, url: str) -> Iterator[None]:
        """Open a page and have it painted; after the block let its script come, and have that painted."""
        page = self._page
        page.goto(url, wait_until="commit")
        until(page, "performance.getEntriesByName('first-contentful-paint').length > 0")
        until(page, "document.readyState !== 'loading'")
        yield
        _wait(page, lambda: bool(self._held_back), "the page has not asked for its script")
        self._held_back.pop().continue_()
        expect(page.locator("body[data-script=runs]")).to_be_attached(timeout=NEWS_MS)
        until(page, "document.readyState === 'complete'")
        self.paint()

    def paint(self) -> None:
        """Wait for two frames, for what was changed to be painted."""
        self._page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def check(self, about: str) -> None:
        """Check that next to nothing has moved since the page was opened."""
        shifts: Shifts = self._page.evaluate("window.shifts")
        moved = sum(value for value, _ in shifts)
        print(f"{about}: {moved:.4f}")
        assert moved <= MOST_SHIFT, (about, shifts)


def _wait(page: Page, condition: Callable[[], bool], trouble: str) -> None:
    for _ in range(PATIENCE_TURNS):
        if condition():
            return
        page.wait_for_timeout(50)
    raise AssertionError(trouble)
