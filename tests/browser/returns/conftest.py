"""A browser for broadcasters, whose microphone has one tone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.broadcaster import browser_with_microphone
from tests.support.audio.media import wav_file

TONE_HZ = 440


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    wav = wav_file(tmp_path_factory.mktemp("microphone"), seconds=10, tone_hz=TONE_HZ)
    with browser_with_microphone(wav) as browser:
        yield browser
