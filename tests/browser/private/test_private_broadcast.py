"""A private broadcast in browsers: how it is made, who is let in by a code or a link, and how a link ends."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.http.http_stand_in import serving_folder
from tests.support.http.qr_code import qr_text
from tests.support.processes.encoder_process import EncoderProcess
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

NEWS_MS = 15_000
CODE = re.compile(r"[a-z]{6}-[a-z]{6}-[a-z]{6}")
TITLE = "Members only"


@dataclass
class Made:
    """A private broadcast that is on, and its control page."""

    control: Page
    stream_id: str
    code: str
    listen_url: str

    def link(self) -> str:
        """Make one link by the panel."""
        self.control.locator("#links-form button").click()
        expect(self.control.locator("#made-one")).to_be_visible()
        return self.control.locator("#made-link").input_value()


def new_context(browser: Browser) -> BrowserContext:
    return browser.new_context(locale="en-US", accept_downloads=True, viewport={"width": 1280, "height": 900})


@pytest.fixture
def made(browser: Browser, server: AudiocastServer, tmp_path: Path) -> Iterator[Made]:
    context = new_context(browser)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if "Policy" in message.text else None)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(server.base)
    page.locator("#title").fill(TITLE)
    page.locator("#private").check()
    expect(page.locator("#public")).to_be_disabled()
    page.locator("#create-button").click()
    expect(page.locator("#private-panel")).to_be_visible(timeout=NEWS_MS)
    listen_url = page.locator("#listen-link").input_value()
    stream_id = listen_url.rpartition("/")[2]
    key = page.locator("#ingest-key").input_value()
    with EncoderProcess(
        f"{server.base}/ingest/{stream_id}?key={key}", tone_hz=440, log=tmp_path / "ffmpeg.log"
    ):
        # The page follows it, though it is hidden from others: its own browser was let in.
        expect(page.locator("#monitor[data-stream=live]")).to_be_visible(timeout=NEWS_MS)
        yield Made(page, stream_id, page.locator("#access-code").inner_text(), listen_url)
    context.close()
    assert problems == []


@pytest.fixture
def stranger(browser: Browser) -> Iterator[Page]:
    context = new_context(browser)
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    yield page
    context.close()


def listen(page: Page) -> None:
    page.locator("#listen-button").click()
    expect(page.locator("body[data-player=playing]")).to_be_attached(timeout=NEWS_MS)


def test_a_code_lets_in_whoever_types_it(made: Made, stranger: Page, server: AudiocastServer) -> None:
    assert CODE.fullmatch(made.code)
    assert requests.get(f"{server.base}/api/streams", timeout=10).json()["streams"] == []
    stranger.goto(made.listen_url)
    expect(stranger.locator("#code")).to_be_focused()
    assert TITLE not in stranger.content()
    stranger.locator("#code").fill("no such code")
    stranger.locator("#code").press("Enter")
    expect(stranger.locator("[role=alert]")).to_contain_text("not the code")
    stranger.locator("#code").fill(made.code.upper().replace("-", " "))
    stranger.locator("#code").press("Enter")
    expect(stranger.locator("#title")).to_have_text(TITLE)
    assert stranger.url == made.listen_url
    listen(stranger)


def test_a_link_lets_in_until_all_are_revoked(made: Made, stranger: Page) -> None:
    link = made.link()
    assert "?token=al1." in link
    stranger.goto("about:blank")
    stranger.goto(link)
    expect(stranger.locator("#title")).to_have_text(TITLE)
    assert stranger.url == made.listen_url
    assert "al1." not in stranger.content()
    # One step back there is no page with the token.
    assert stranger.evaluate("history.length") == 2
    assert stranger.evaluate("document.cookie") == ""
    listen(stranger)
    made.control.locator("#links-revoke").click()
    expect(made.control.locator("#made-words")).to_contain_text("revoked")
    # The page ends its sound, and says so by itself.
    expect(stranger.locator("#code")).to_be_visible(timeout=2 * NEWS_MS)
    expect(stranger.locator("[role=alert]")).to_contain_text("not valid any more")
    assert TITLE not in stranger.content()
    stranger.goto(link)
    expect(stranger.locator("[role=alert]")).to_contain_text("not valid any more")
    # Its broadcaster was let in again; and what is made now is good.
    expect(made.control.locator("#monitor[data-stream=live]")).to_be_visible(timeout=NEWS_MS)
    stranger.goto(made.link())
    expect(stranger.locator("#title")).to_have_text(TITLE)


def test_a_revoked_player_in_a_frame_says_so(made: Made, stranger: Page) -> None:
    token = made.link().partition("?token=")[2]
    frame = made.listen_url.replace("/listen/", "/embed/")
    stranger.goto(f"{frame}?token={token}")
    # The token is in a cookie by now: the address is the plain one, and as good.
    stranger.wait_for_url(frame)
    assert stranger.evaluate("document.cookie") == ""
    stranger.reload()
    listen(stranger)
    made.control.locator("#links-revoke").click()
    expect(stranger.locator("#note")).to_contain_text("not valid any more", timeout=2 * NEWS_MS)
    expect(stranger.locator("body[data-player=idle]")).to_be_attached()


def test_a_frame_that_may_keep_no_cookie_keeps_its_address(
    made: Made, stranger: Page, tmp_path: Path
) -> None:
    address = made.listen_url.replace("/listen/", "/embed/") + "?token=" + made.link().partition("?token=")[2]
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text(f'<iframe src="{address}"></iframe>')
    with (
        serving_folder(site) as base,
        stranger.expect_response(re.compile(rf"/api/streams/{made.stream_id}$")) as asked,
    ):
        # Another site than the server's, in browsers' eyes.
        stranger.goto(base.replace("127.0.0.1", "localhost"))
    # Over plain HTTP no browser gives a frame of another site its cookies.
    assert asked.value.status == 404
    expect(stranger.frame_locator("iframe").locator("#title")).to_have_text(TITLE)
    assert [each.url for each in stranger.frames[1:]] == [address]


def test_an_address_for_another_player_is_the_visitors_own(made: Made, stranger: Page) -> None:
    stranger.goto(made.link())
    stranger.locator("#more > summary").click()
    # What nobody else could use is not offered.
    expect(stranger.locator("#embedding")).to_have_count(0)
    expect(stranger.locator("#elsewhere")).to_contain_text("yours alone")
    assert "al1." not in stranger.content()
    stranger.locator("#show-own").click()
    expect(stranger.locator("#stream-link")).to_be_visible()
    address = stranger.locator("#stream-link").inner_text()
    assert address.startswith(made.listen_url.replace("/listen/", "/stream/") + "?token=al1.")
    with requests.get(address, stream=True, timeout=15) as answer:
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "audio/ogg")
    playlist = stranger.evaluate(
        "fetch(document.querySelector('#elsewhere a').href).then((got) => got.text())"
    )
    assert playlist.splitlines()[-1].partition("?")[0] == address.partition("?")[0]
    assert "?token=al1." in playlist
    stranger.locator("#share-button").click()
    expect(stranger.locator("#qr-dialog")).to_contain_text("This link alone is not enough")
    expect(stranger.locator("#qr-link")).to_have_text(made.listen_url)
    stranger.keyboard.press("Escape")
    # Who is let out gets no address, but the form.
    made.control.locator("#links-revoke").click()
    expect(stranger.locator("#code")).to_be_visible(timeout=2 * NEWS_MS)


def test_its_broadcaster_opens_it_without_a_code(made: Made) -> None:
    with made.control.context.expect_page() as opened:
        made.control.locator("#open-link").click()
    expect(opened.value.locator("#title")).to_have_text(TITLE)
    listen(opened.value)


def test_the_qr_code_is_of_the_link(made: Made) -> None:
    link = made.link()
    made.control.locator("#qr-made").click()
    expect(made.control.locator("#qr-link")).to_have_text(link)
    png = requests.get(made.control.evaluate("document.getElementById('qr-png').href"), timeout=10)
    assert png.headers["Cache-Control"] == "private, no-store"
    assert qr_text(png.content) == link
    stale = requests.get(f"{made.listen_url}/qr.png?token=al1..wrong", timeout=10)
    assert qr_text(stale.content) == made.listen_url
    made.control.locator("#qr-dialog .choices button").click()
    made.control.locator("#qr-button").click()
    expect(made.control.locator("#qr-link")).to_have_text(made.listen_url)


def test_many_links_are_saved(made: Made, tmp_path: Path) -> None:
    panel = made.control
    panel.locator("#links-count").fill("25")
    panel.locator("#links-label").fill('=Friends, "close"')
    panel.locator("#links-expires").select_option("86400")
    panel.locator("#links-form button").click()
    expect(panel.locator("#made-words")).to_have_text("25 links are ready.")
    expect(panel.locator("#made-one")).to_be_hidden()
    saved: dict[str, str] = {}
    for kind in ("text", "csv"):
        with panel.expect_download() as download:
            panel.locator(f"#made-{kind}").click()
        saved[kind] = Path(download.value.path()).read_text()
    links = saved["text"].splitlines()
    assert len(set(links)) == len(links) == 25
    assert all(requests.get(link, timeout=10).status_code == 200 for link in links[:2])
    head, *rows = saved["csv"].splitlines()
    assert head == "url,label,expires_at"
    assert [row.split(",")[0] for row in rows] == links
    assert '"\'=Friends, ""close"""' in rows[0]
