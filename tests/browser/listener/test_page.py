"""What the listener's page says and does, beside the sound: in each state, by keys, when it is shared."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.support.network.bad_network import BadNetwork
from tests.support.processes.encoder_process import EncoderProcess
from tests.support.processes.server import AudiocastServer, Started

pytestmark = pytest.mark.realtime

NEWS_MS = 15_000
# Of words, once the sound is back. An event stream that is dead without a word is noticed by nobody else.
WORDS_MS = 5_000

MUTED = "document.getElementById('audio').muted"
VOLUME = "document.getElementById('volume-slider').value"
SHARED = """navigator.share = (what) => { window.sharedUrl = what.url; return Promise.resolve(); };"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudiocastServer]:
    folder = tmp_path_factory.mktemp("server")
    with AudiocastServer(folder / "server.log", SOURCE_GRACE_SECONDS=60) as server:
        yield server


@pytest.fixture(scope="module")
def live(server: AudiocastServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    started = server.start_stream(title="Evening")
    log = tmp_path_factory.mktemp("encoder") / "ffmpeg.log"
    with EncoderProcess(started.keyed_url, tone_hz=440, log=log):
        server.wait_for_state(started.stream_id, "live")
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(
        locale="en-US", timezone_id="Europe/Berlin", viewport={"width": 1440, "height": 900}
    )
    yield context.new_page()
    context.close()


def ready(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator("body[data-script=runs]")).to_be_attached(timeout=NEWS_MS)


def test_nobody_is_told_that_nobody_listens(server: AudiocastServer, live: Started, page: Page) -> None:
    assert "listener<" not in requests.get(live.listen_url, timeout=10).text.split('id="listeners"')[1][:40]
    ready(page, live.listen_url)
    expect(page.locator("#status")).to_have_text("Live")
    expect(page.locator("#listeners")).to_be_empty()
    page.locator("#listen-button").click()
    expect(page.locator("#listeners")).to_have_text("1 listener", timeout=NEWS_MS)
    server.wait_for_state(live.stream_id, "live")


def test_keys_start_stop_and_set_the_volume(live: Started, page: Page) -> None:
    ready(page, live.listen_url)
    page.keyboard.press("Space")
    expect(page.locator("body[data-player=playing]")).to_be_attached(timeout=NEWS_MS)
    page.keyboard.press("m")
    assert page.evaluate(MUTED)
    page.keyboard.press("m")
    assert not page.evaluate(MUTED)
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(VOLUME) == "95"
    page.keyboard.press("ArrowDown")
    assert page.evaluate(VOLUME) == "90"
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.getElementById('audio').volume") == 0.95
    page.keyboard.press("Control+m")
    assert not page.evaluate(MUTED)
    page.keyboard.press("Space")
    expect(page.locator("body[data-player=idle]")).to_be_attached()


def test_what_has_the_focus_has_the_keys(live: Started, page: Page) -> None:
    ready(page, live.listen_url)
    page.locator("#volume-slider").focus()
    page.keyboard.press("m")
    assert not page.evaluate(MUTED)
    page.keyboard.press("ArrowLeft")
    # The slider's own step.
    assert page.evaluate(VOLUME) == "99"
    # Space on the button is one click.
    page.locator("#listen-button").focus()
    page.keyboard.press("Space")
    expect(page.locator("body[data-player=playing]")).to_be_attached(timeout=NEWS_MS)
    page.locator("#share-button").click()
    page.keyboard.press("Escape")
    page.locator("#listen-button").click()
    expect(page.locator("body[data-player=idle]")).to_be_attached()


def test_keys_can_be_switched_off_for_good(live: Started, page: Page) -> None:
    ready(page, live.listen_url)
    page.locator("#more > summary").click()
    page.locator("#keys").uncheck()
    for _ in range(2):
        page.locator("h1").click()
        page.keyboard.press("m")
        assert not page.evaluate(MUTED)
        ready(page, live.listen_url)
    page.locator("#more > summary").click()
    page.locator("#keys").check()
    page.locator("h1").click()
    page.keyboard.press("m")
    assert page.evaluate(MUTED)


def test_up_and_down_scroll_a_page_that_is_longer_than_the_window(live: Started, page: Page) -> None:
    ready(page, live.listen_url)
    page.locator("#more > summary").click()
    page.locator("h1").click()
    page.keyboard.press("ArrowDown")
    assert page.evaluate(VOLUME) == "100"


def test_one_button_shares_in_each_way(live: Started, page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.add_init_script(SHARED)
    ready(page, live.listen_url)
    page.get_by_role("button", name="Share").click()
    picture = page.locator("#qr-dialog img")
    expect(picture).to_be_visible()
    assert urlsplit(str(picture.get_attribute("src"))).path == f"/listen/{live.stream_id}/qr.svg"
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#copy-button")).to_have_text("Copied")
    link = page.locator("#qr-link").inner_text()
    assert page.evaluate("navigator.clipboard.readText()") == link
    page.get_by_role("button", name="Send").click()
    assert page.evaluate("window.sharedUrl") == link
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#qr-dialog")).to_be_hidden()


def test_a_browser_without_a_sheet_offers_none(live: Started, page: Page) -> None:
    page.add_init_script("delete Navigator.prototype.share;")
    ready(page, live.listen_url)
    page.locator("#share-button").click()
    expect(page.locator("#copy-button")).to_be_visible()
    expect(page.locator("#send-button")).to_be_hidden()


def test_a_link_that_nobody_knows_says_so_and_can_be_waited_at(server: AudiocastServer, page: Page) -> None:
    ready(page, f"{server.base}/listen/no-such-show")
    expect(page.get_by_role("heading", level=1)).to_have_text("We do not know this link")
    expect(page.locator("#note")).to_contain_text("wait here")
    expect(page.locator("#elsewhere-link")).to_be_visible()
    page.get_by_role("button", name="Play when it begins").click()
    expect(page.locator("#note")).to_contain_text("starts by itself")


def test_a_known_link_is_not_called_unknown(server: AudiocastServer, page: Page) -> None:
    ready(page, server.start_stream().listen_url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Untitled broadcast")
    expect(page.locator("#note")).to_have_text("Nobody is broadcasting right now.")
    expect(page.locator("#elsewhere-link")).to_be_hidden()
    expect(page.locator("#volume")).to_be_hidden()


def test_a_show_says_what_it_is_about(server: AudiocastServer, page: Page) -> None:
    about = {"description": "Music from <b>Vienna</b>.", "link": "https://radio.example/evening?a=1"}
    ready(page, server.start_stream(title="Evening", **about).listen_url)
    expect(page.locator(".about")).to_contain_text(about["description"])
    link = page.get_by_role("link", name="radio.example")
    expect(link).to_have_attribute("href", about["link"])
    expect(link).to_have_attribute("rel", "noopener nofollow ugc")


def test_what_is_over_says_when_it_was(server: AudiocastServer, page: Page, tmp_path: Path) -> None:
    started = server.start_stream(title="Yesterday")
    with EncoderProcess(started.keyed_url, tone_hz=440, log=tmp_path / "ffmpeg.log"):
        began = server.wait_for_state(started.stream_id, "live")["started_at"]
        ready(page, started.listen_url)
        requests.delete(
            f"{server.base}/api/streams/{started.stream_id}?key={started.ingest_key}", timeout=10
        ).raise_for_status()
        day = datetime.fromtimestamp(began, UTC)
        when = page.locator("#when")
        expect(when).to_contain_text(f"{day:%A}, {day:%B} {day.day}", timeout=NEWS_MS)
        expect(when).to_contain_text("Was on air")
        expect(page.get_by_role("button", name="Play if it comes back")).to_be_visible()
    ready(page, started.listen_url)
    expect(when).to_contain_text("Was on air")


def test_what_is_to_begin_says_when_and_is_played_then(
    server: AudiocastServer, page: Page, tmp_path: Path
) -> None:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=40)
    started = server.start_stream(title="Premiere; live, at last", starts_at=start.isoformat())
    ready(page, started.listen_url)
    local = start.astimezone(datetime.now(UTC).tzinfo)
    expect(page.locator("#when")).to_contain_text(f"{local:%B}")
    expect(page.locator("#note")).to_be_empty()
    with page.expect_download() as download:
        page.get_by_role("link", name="Add to calendar").click()
    calendar = Path(download.value.path()).read_bytes().decode()
    assert f"DTSTART:{start:%Y%m%dT%H%M%SZ}\r\n" in calendar
    assert "SUMMARY:Premiere\\; live\\, at last\r\n" in calendar
    page.get_by_role("button", name="Play when it begins").click()
    expect(page.locator("#note")).to_contain_text("starts by itself")
    with EncoderProcess(started.keyed_url, tone_hz=440, log=tmp_path / "ffmpeg.log"):
        expect(page.locator("body[data-player=playing]")).to_be_attached(timeout=NEWS_MS)
        expect(page.locator("#when")).to_be_hidden()
        expect(page.locator("#calendar-link")).to_be_hidden()


def test_words_come_back_with_the_sound(server: AudiocastServer, live: Started, page: Page) -> None:
    with BadNetwork(server.port) as network:
        ready(page, f"{network.base}/listen/{live.stream_id}?player=webcodecs")
        page.locator("#listen-button").click()
        expect(page.locator("body[data-player=playing]")).to_be_attached(timeout=NEWS_MS)
        network.move(silently=True)
        expect(page.locator("[data-detail=losses]")).to_contain_text("reconnected: 1", timeout=NEWS_MS)
        expect(page.locator("body[data-player=playing]")).to_be_attached(timeout=NEWS_MS)
        title = f"Evening {time.time():.0f}"
        requests.patch(
            f"{server.base}/api/streams/{live.stream_id}?key={live.ingest_key}",
            json={"title": title},
            timeout=10,
        ).raise_for_status()
        expect(page.locator("#title")).to_have_text(title, timeout=WORDS_MS)
