"""The listener's page in a Firefox that finds no sound output, as on a machine without a sound card."""

from pathlib import Path

import pytest

from tests.browser import live_page
from tests.programs.firefox import Firefox
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

SAYS = "document.getElementById('note').textContent.includes('{}')"


def test_the_page_says_so_and_can_be_asked_again(server: AudiocastServer, tmp_path: Path) -> None:
    with Firefox(tmp_path) as firefox:
        tab = firefox.open("about:blank")
        with live_page.clicked(tab, server, tmp_path):
            tab.wait_for("document.body.dataset.player === 'failed'")
            assert tab.evaluate(SAYS.format("finds no sound output"))
            tab.click("#language-switch")
            assert tab.evaluate(SAYS.format("куда выводить звук"))
            tab.click("#listen-button")
            assert tab.evaluate("document.body.dataset.player") == "connecting"
