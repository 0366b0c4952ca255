"""The listener's page in Firefox, decoding by itself: it begins soon, and plays whatever fails."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import live_page
from tests.browser.conftest import OTHER_HOST
from tests.browser.live_page import AUDIO_PROBE, BROKEN_DECODERS, BROKEN_WASM
from tests.programs.firefox import Firefox, Page
from tests.programs.sound_card import SoundCard
from tests.support.processes.encoder_process import EncoderProcess
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    folder = tmp_path_factory.mktemp("firefox")
    # Neither asked of a name server, nor of the proxy that is not there.
    names = {"network.dns.localDomains": OTHER_HOST, "network.proxy.no_proxies_on": OTHER_HOST}
    with (
        SoundCard() as card,
        Firefox(folder, env=card.environment, preferences=names) as firefox,
    ):
        yield firefox


@pytest.fixture
def tab(firefox: Firefox) -> Iterator[Page]:
    with firefox.preloaded(AUDIO_PROBE):
        page = firefox.open("about:blank")
        yield page
        page.close()


def test_sound_is_heard_soon_after_the_click(tab: Page, server: AudiocastServer, tmp_path: Path) -> None:
    live_page.check_start(tab, server, tmp_path)


@pytest.mark.parametrize("method", ["webcodecs", "wasm", "audio"])
def test_each_way_plays_when_it_is_asked_for(
    tab: Page, server: AudiocastServer, tmp_path: Path, method: str
) -> None:
    live_page.check_plays(tab, server, tmp_path, query=f"?player={method}", method=method)


def test_with_a_broken_decoder_our_own_plays(
    firefox: Firefox, tab: Page, server: AudiocastServer, tmp_path: Path
) -> None:
    with firefox.preloaded(BROKEN_DECODERS["throws"]):
        live_page.check_plays(tab, server, tmp_path, query="", method="wasm")


def test_with_both_broken_the_element_plays(
    firefox: Firefox, tab: Page, server: AudiocastServer, tmp_path: Path
) -> None:
    with firefox.preloaded(BROKEN_DECODERS["is not there"] + BROKEN_WASM["throws"]):
        live_page.check_plays(tab, server, tmp_path, query="", method="audio")


def test_over_plain_http_our_own_decoder_plays_by_a_timer(
    tab: Page, server: AudiocastServer, tmp_path: Path
) -> None:
    live_page.check_plain_http(tab, server, tmp_path)


def test_a_source_that_was_lost_is_heard_again(tab: Page, server: AudiocastServer, tmp_path: Path) -> None:
    live_page.check_source_returns(tab, server, tmp_path)


def test_a_tab_that_slept_has_its_connection_still(
    tab: Page, server: AudiocastServer, tmp_path: Path
) -> None:
    live_page.check_sleep(tab, server, tmp_path)


def test_the_sound_test_plays_and_counts_each_way(tab: Page, server: AudiocastServer, tmp_path: Path) -> None:
    started = server.start_stream()
    with EncoderProcess(started.keyed_url, tone_hz=live_page.TONE_HZ, log=tmp_path / "ffmpeg.log"):
        server.wait_for_state(started.stream_id, "live")
        tab.go_to(f"{server.base}/selftest?stream={started.stream_id}")
        tab.wait_for(f"document.getElementById('sound').value === '{started.stream_id}'")
        tab.click("#start")
        count = 0
        while tab.evaluate("document.body.dataset.stage === 'running'"):
            count += 1
            tab.wait_for("Number(document.getElementById('trial-clock').textContent.match(/\\d+/)) >= 1")
            for button in ("heard-all", "skip", "skip"):
                tab.evaluate(f"document.getElementById('{button}').click()")
    lines = tab.evaluate("document.getElementById('report').value").splitlines()
    assert count >= 3
    assert lines.count("  screen on: heard all of it") == count
    assert [line for line in lines if line in ("webcodecs", "wasm", "audio")] == [
        "webcodecs",
        "wasm",
        "audio",
    ]
