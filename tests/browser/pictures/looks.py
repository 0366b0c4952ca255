"""Ways to look at a page: size, scheme and language; and how it is made to keep still for a picture."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from typing import Literal

from playwright.sync_api import Browser, Page, ViewportSize

SIZES: dict[str, ViewportSize] = {
    "phone": {"width": 390, "height": 844},
    "desktop": {"width": 1440, "height": 900},
}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LANGUAGES = ("en", "ru")

# Letters stand where the font has them, whatever the machine's settings for fonts say: lines break the same.
FLAG = "--font-render-hinting=none"

# A picture is taken until two in a row are the same, so many more at most.
SETTLING_PICTURES = 8

# Fonts are Debian's (fonts-dejavu-core), controls are the page's own boxes, and nothing moves. Covers and QR
# codes are drawn from ids, which are others each time, so a grey surface stands for each picture, and nothing
# for what shows the sound.
STILL = """
*, *::before, *::after {
  font-family: "DejaVu Sans" !important;
  caret-color: transparent !important;
  animation: none !important;
  transition: none !important;
}
code, pre, .value { font-family: "DejaVu Sans Mono" !important; }
img { content: url("data:image/gif;base64,R0lGODlhAQABAIAAAICAgAAAACwAAAAAAQABAAACAkQBADs=") !important; }
input, select { appearance: none !important; }
canvas { visibility: hidden !important; }
"""
# Addresses, ids, keys, times and versions are others each time; these have as many letters.
SAME_WORDS = r"""() => {
  const same = (text) => text
    .replace(/127\.0\.0\.1:\d+/g, "127.0.0.1:80000")
    .replace(/\b(listen|stream|embed|ingest|control)\/[a-z2-9]{10}\b/g, "$1/abcdefghij")
    .replace(/\bac1\.[\w.-]+/g, (key) => key.replace(/./g, "x"))
    .replace(/^\d{5}$/, "80000")
    .replace(/\b\d{1,2}:\d\d\b/g, "12:00")
    .replace(/audiocast \d+\.\d+\.\S+/g, "audiocast 0.0.0");
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { data } = texts.currentNode;
    if (same(data) !== data) texts.currentNode.data = same(data);
  }
  for (const field of document.querySelectorAll("input:not([type=file])")) field.value = same(field.value);
  const fixed = [
    ["on-air-for", "5 min"], ["audience-from", "12:00"], ["when", "Starts Friday, 1 January, 20:00"],
  ];
  for (const [id, words] of fixed) {
    const element = document.getElementById(id);
    if (element?.textContent) element.textContent = words;
  }
}"""
# A picture that is not there within a second does not come: one without an address, or below what is shown.
PICTURES_COME = """Promise.race([
  new Promise((done) => setTimeout(done, 1_000)),
  Promise.all([...document.images].map((image) => image.decode().catch(() => {}))),
])"""
TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@dataclass(frozen=True)
class Look:
    """A way to look at a page.

    Attributes:
        size: A key of `SIZES`.
        scheme: Of its colours.
        language: Of its words; the embedded player has no switch and stays English.
    """

    size: str
    scheme: Literal["light", "dark"]
    language: str

    def __str__(self) -> str:
        return f"{self.size}-{self.scheme}-{self.language}"

    def show(self, page: Page) -> None:
        """Have an open page look so."""
        page.set_viewport_size(SIZES[self.size])
        page.emulate_media(color_scheme=self.scheme, reduced_motion="reduce")
        if page.evaluate("document.documentElement.lang") != self.language:
            # Not by the mouse: a dialog may lie over it.
            page.evaluate("document.getElementById('language-switch')?.click()")
        page.evaluate("document.activeElement?.blur(); scrollTo(0, 0)")
        page.evaluate(TWO_FRAMES)


ALL_LOOKS = tuple(Look(*each) for each in product(SIZES, SCHEMES, LANGUAGES))


@contextmanager
def opened(browser: Browser) -> Iterator[Page]:
    """Open a page in which nothing is open yet; styles of ours may be put into it."""
    look = ALL_LOOKS[0]
    context = browser.new_context(
        locale="en-GB",
        timezone_id="Europe/London",
        viewport=SIZES[look.size],
        permissions=["microphone"],
        bypass_csp=True,
    )
    yield context.new_page()
    context.close()


def still_picture(page: Page, look: Look) -> bytes:
    """Return a picture of a page, from its top to its end, that is another one only when the page is."""
    look.show(page)
    page.evaluate(SAME_WORDS)
    picture = page.screenshot(full_page=True)
    for _ in range(SETTLING_PICTURES):
        # On a busy machine the first one may be of a layout that is half done.
        before, picture = picture, page.screenshot(full_page=True)
        if picture == before:
            break
    return picture
