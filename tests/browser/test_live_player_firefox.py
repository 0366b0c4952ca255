"""The listener's page in Firefox, decoding by itself: it begins soon, and plays whatever fails."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import live_page
from tests.browser.live_page import BROKEN, EAR
from tests.programs.firefox import Firefox, Page
from tests.programs.sound_card import SoundCard
from tests.server import AudiocastServer


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    folder = tmp_path_factory.mktemp("firefox")
    with SoundCard() as card, Firefox(folder, env=card.environment) as firefox:
        yield firefox


@pytest.fixture
def tab(firefox: Firefox) -> Iterator[Page]:
    with firefox.preloaded(EAR):
        page = firefox.open("about:blank")
        yield page
        page.close()


def test_sound_is_heard_soon_after_the_click(tab: Page, server: AudiocastServer, tmp_path: Path) -> None:
    live_page.check_start(tab, server, tmp_path)


def test_the_element_plays_when_it_is_asked_for(tab: Page, server: AudiocastServer, tmp_path: Path) -> None:
    live_page.check_plays(tab, server, tmp_path, query="?player=audio", method="audio")


def test_with_a_broken_decoder_the_element_plays(
    firefox: Firefox, tab: Page, server: AudiocastServer, tmp_path: Path
) -> None:
    with firefox.preloaded(BROKEN["throws"]):
        live_page.check_plays(tab, server, tmp_path, query="", method="audio")


def test_a_source_that_was_lost_is_heard_again(tab: Page, server: AudiocastServer, tmp_path: Path) -> None:
    live_page.check_source_returns(tab, server, tmp_path)
