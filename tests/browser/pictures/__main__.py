"""`make pictures`: pictures of each page in each of its states, to be looked at one by one.

They are put into build/pictures, beside an index.html that has all of them on one page: phone and desktop,
light and dark, English and Russian. With `--expected` the coarse pictures are remade that `test_pictures.py`
compares with.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.browser.broadcaster import browser_with_microphone
from tests.browser.page_states import PAGE_STATES, TONE_HZ, streams_in_each_state
from tests.browser.pictures.coarse import CoarsePicture
from tests.browser.pictures.compared import EXPECTED, MADE, STATES, still_pictures
from tests.browser.pictures.looks import ALL_LOOKS, FLAG, PICTURES_COME, opened
from tests.support.audio.media import wav_file

INDEX = """<!DOCTYPE html><meta charset="utf-8"><title>Pages of audiocast</title>
<style>
body {{ font-family: sans-serif; background: #888 }}
img {{ width: 24%; vertical-align: top; margin: .2% }}
</style>
{sections}"""


def main(arguments: list[str]) -> None:
    """Make the pictures."""
    parser = argparse.ArgumentParser(prog="make pictures", description=__doc__)
    parser.add_argument("--expected", action="store_true", help="remake what the test compares with")
    parser.add_argument("--states", default="", help="only these, with commas between them")
    options = parser.parse_args(arguments)
    wanted = (
        options.states.split(",") if options.states else list(STATES if options.expected else PAGE_STATES)
    )
    with tempfile.TemporaryDirectory() as folder:
        wav = wav_file(Path(folder), seconds=10, tone_hz=TONE_HZ)
        with browser_with_microphone(wav, FLAG) as browser, streams_in_each_state(Path(folder)) as streams:
            for state in wanted:
                if options.expected:
                    for name, picture in still_pictures(browser, streams, state):
                        put(EXPECTED / f"{name}.png", CoarsePicture.of(picture).as_png())
                    continue
                with opened(browser) as page:
                    PAGE_STATES[state](page, streams)
                    for look in ALL_LOOKS:
                        look.show(page)
                        page.evaluate(PICTURES_COME)
                        put(MADE / f"{state}-{look}.png", page.screenshot(full_page=True))
    if not options.expected:
        put(MADE / "index.html", index(wanted).encode())


def index(states: list[str]) -> str:
    """Return a page with all pictures."""
    sections = (
        f"<h2>{state}</h2>" + "".join(f'<img src="{state}-{look}.png" alt="{look}">' for look in ALL_LOOKS)
        for state in states
    )
    return INDEX.format(sections="\n".join(sections))


def put(path: Path, data: bytes) -> None:
    """Write a file, and say so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    print(path)


if __name__ == "__main__":
    main(sys.argv[1:])
