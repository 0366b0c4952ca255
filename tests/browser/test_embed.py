"""The player on other people's pages, in a real browser."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.page_states import play
from tests.support.http.http_stand_in import serving_folder
from tests.support.processes.encoder_process import EncoderProcess
from tests.support.processes.server import AudiocastServer, Started

pytestmark = pytest.mark.realtime

NEWS_MS = 15_000


@dataclass(frozen=True)
class Blog:
    """Another site, on which the player is embedded."""

    url: str
    folder: Path

    def show(self, context: BrowserContext, code: str) -> Page:
        """Return a page of the site with this code in it."""
        (self.folder / "index.html").write_text(f"<!DOCTYPE html><h1>Blog</h1>{code}")
        page = context.new_page()
        page.goto(self.url)
        return page


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudiocastServer]:
    with AudiocastServer(tmp_path_factory.mktemp("embed") / "server.log") as server:
        yield server


@pytest.fixture(scope="module")
def live(server: AudiocastServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    started = server.start_stream(title="Evening")
    log = tmp_path_factory.mktemp("encoder") / "ffmpeg.log"
    with EncoderProcess(started.keyed_url, tone_hz=440, log=log):
        server.wait_for_state(started.stream_id, "live")
        yield started


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blog]:
    folder = tmp_path_factory.mktemp("blog")
    with serving_folder(folder) as base:
        yield Blog(f"{base}/", folder)


def copied(browser: Browser, live: Started, button: str) -> str:
    """Return what a button of the listener's page copies."""
    permissions = ["clipboard-read", "clipboard-write"]
    context = browser.new_context(locale="en-US", permissions=permissions)
    page = context.new_page()
    page.goto(live.listen_url)
    page.get_by_text("More", exact=True).click()
    page.locator(button).click()
    expect(page.locator(button)).to_have_text("Copied")
    code = str(page.evaluate("navigator.clipboard.readText()"))
    context.close()
    return code


def test_the_copied_frame_plays_on_another_site(
    browser: Browser, server: AudiocastServer, live: Started, blog: Blog
) -> None:
    context = browser.new_context(locale="ru-RU")
    page = blog.show(context, copied(browser, live, "#copy-frame"))
    player = page.frame_locator("iframe")
    expect(player.get_by_role("heading", name="Evening")).to_be_visible()
    assert (
        player.locator("img.cover").evaluate("image => image.decode().then(() => image.naturalWidth)") == 512
    )
    player.get_by_role("button", name="Начать прослушивание").click()
    expect(player.locator("body[data-player=playing]")).to_be_attached(timeout=NEWS_MS)
    assert server.state(live.stream_id)["listeners"] == 1
    link = player.get_by_role("link", name="Evening")
    expect(link).to_have_attribute("href", live.listen_url)
    player.get_by_role("button", name="Пауза").click()
    expect(player.locator("body[data-player=idle]")).to_be_attached()
    context.close()


def test_no_other_page_can_be_framed(browser: Browser, live: Started, blog: Blog) -> None:
    context = browser.new_context()
    page = blog.show(context, f'<iframe src="{live.listen_url}"></iframe>')
    expect(page.frame_locator("iframe").locator("#listen-button")).to_have_count(0)
    assert page.frames[1].url.startswith("chrome-error:")
    context.close()


def test_the_copied_player_without_a_frame_plays_without_scripts(
    browser: Browser, server: AudiocastServer, live: Started, blog: Blog
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = blog.show(context, copied(browser, live, "#copy-plain"))
    expect(page.get_by_role("link", name="Evening")).to_have_attribute("href", live.listen_url)
    joins = server.metric("audiocast_listener_joins_total")
    page.locator("audio").focus()
    page.keyboard.press("Space")
    deadline = time.monotonic() + NEWS_MS / 1000
    while server.metric("audiocast_listener_joins_total") == joins:
        assert time.monotonic() < deadline, "nobody listens"
        page.wait_for_timeout(100)
    context.close()


def test_the_frame_has_a_player_without_scripts_too(browser: Browser, live: Started) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(live.listen_url.replace("/listen/", "/embed/"))
    expect(page.locator("audio[controls]")).to_be_visible()
    expect(page.locator("#listen-button")).to_be_hidden()
    context.close()


def test_the_history_grows_while_one_looks(browser: Browser, server: AudiocastServer, live: Started) -> None:
    context = browser.new_context(locale="en-GB", timezone_id="Asia/Tokyo")
    page = context.new_page()
    page.goto(live.listen_url)
    panel = page.locator("#history")
    expect(panel).to_be_hidden()
    play(server, live, "Band", "<b>First</b>")
    panel.get_by_text("Played so far").click()
    expect(panel.locator("li")).to_contain_text("Band — <b>First</b>")
    play(server, live, "", "Second")
    expect(panel.locator("li")).to_have_count(2, timeout=NEWS_MS)
    expect(panel.locator("li").first).to_contain_text("Second")
    shown = panel.locator("time").first
    hours = int(shown.inner_text().partition(":")[0])
    assert hours == (int(str(shown.get_attribute("datetime"))[11:13]) + 9) % 24, "Japan is 9 hours ahead"
    page.reload()
    expect(panel.locator("li")).to_have_count(2)
    context.close()
