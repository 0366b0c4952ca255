"""A private broadcast in Firefox and in WebKit: its code, its links, an address of one's own, and the end."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from tests.browser.live_page import TONE_HZ
from tests.browser.webkit.webkit import WebKit, webkit
from tests.programs.firefox import Firefox, Page
from tests.programs.sound_card import SoundCard
from tests.support.processes.encoder_process import EncoderProcess
from tests.support.processes.server import AudiocastServer, Started

pytestmark = pytest.mark.realtime

TITLE, CODE = "Members only", "open sesame"
SECONDS = 40.0
HAS_TITLE = f"document.getElementById('title')?.textContent === '{TITLE}'"


@pytest.fixture(scope="module", params=["firefox", "webkit"])
def tab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page | WebKit]:
    folder = tmp_path_factory.mktemp("browser")
    with ExitStack() as stack:
        if request.param == "webkit":
            yield stack.enter_context(webkit(folder, microphone_hz=1000))
        else:
            card = stack.enter_context(SoundCard())
            firefox = stack.enter_context(Firefox(folder, env=card.environment))
            yield firefox.open("about:blank")


def listen(tab: Page | WebKit) -> None:
    tab.click("#listen-button")
    tab.wait_for("document.body.dataset.player === 'playing'", SECONDS)


def post(server: AudiocastServer, started: Started, path: str) -> requests.Response:
    url = f"{server.base}/api/streams/{started.stream_id}/{path}?key={started.ingest_key}"
    answer = requests.post(url, timeout=15)
    answer.raise_for_status()
    return answer


def test_who_is_let_in_hears_it_until_links_are_revoked(
    tab: Page | WebKit, server: AudiocastServer, tmp_path: Path
) -> None:
    started = server.start_stream(title=TITLE, visibility="private", access_code=CODE)
    with EncoderProcess(started.keyed_url, tone_hz=TONE_HZ, log=tmp_path / "ffmpeg.log"):
        server.wait_until_live(started)
        tab.go_to(started.listen_url)
        tab.wait_for("document.getElementById('code')")
        assert TITLE not in tab.evaluate("document.documentElement.outerHTML")
        tab.evaluate(f"(document.getElementById('code').value = '{CODE.upper()}', true)")
        tab.click("form button")
        tab.wait_for(HAS_TITLE, SECONDS)
        assert tab.evaluate("[location.href, document.cookie]") == [started.listen_url, ""]
        listen(tab)
        tab.evaluate("(document.getElementById('more').open = true)")
        tab.evaluate("(document.getElementById('show-own').click(), true)")
        tab.wait_for("document.getElementById('stream-link').textContent")
        address = tab.evaluate("document.getElementById('stream-link').textContent")
        with requests.get(address, stream=True, timeout=15) as answer:
            assert (answer.status_code, "?token=al1." in address) == (200, True)

        link = post(server, started, "listen-links").json()["links"][0]["url"]
        tab.go_to(link.replace("/listen/", "/embed/"))
        tab.wait_for("location.search === ''", SECONDS)
        tab.reload()
        tab.wait_for(HAS_TITLE, SECONDS)
        listen(tab)
        post(server, started, "listen-links/revoke")
        tab.wait_for("document.getElementById('note').textContent.includes('not valid any more')", SECONDS)
        tab.go_to(link)
        tab.wait_for("document.querySelector('[role=alert]').textContent.includes('not valid any more')")
        assert TITLE not in tab.evaluate("document.documentElement.outerHTML")
