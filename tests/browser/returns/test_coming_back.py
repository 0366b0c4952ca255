"""A broadcast that is come back to: one link throughout, whatever its page does, and on another device."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.broadcaster import NEWS_MS, end, go_live
from tests.support.http.listener import Listener
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

UNLISTED = "Rehearsal that nobody finds"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudiocastServer]:
    with AudiocastServer(tmp_path_factory.mktemp("back") / "server.log", SOURCE_GRACE_SECONDS=120) as server:
        yield server


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="en-US", permissions=["microphone"])
    yield context
    context.close()


def accept(page: Page) -> list[str]:
    """Say yes to what the page asks from now on; the kinds of questions are added to the list."""
    asked: list[str] = []

    def answer(dialog: object) -> None:
        asked.append(dialog.type)  # type: ignore[attr-defined]
        dialog.accept()  # type: ignore[attr-defined]

    page.on("dialog", answer)
    return asked


def create(page: Page, server: AudiocastServer, title: str) -> str:
    """Ask for a link on the start page, and return the control page's address."""
    page.goto(server.base)
    page.locator("#title").fill(title)
    page.locator("#create-button").click()
    expect(page.locator("#broadcast")).to_be_visible()
    return page.locator("#control-link").input_value()


def test_reload_close_and_another_device_keep_link_and_listener(
    browser: Browser, context: BrowserContext, server: AudiocastServer
) -> None:
    page = context.new_page()
    page.goto(f"{server.base}/broadcast")
    stream_id = go_live(page, "Evening")
    with Listener(server.port, f"/stream/{stream_id}") as listener:
        listener.wait_for_audio(1)
        asked = accept(page)
        page.reload()
        assert asked == ["beforeunload"], "a page on air asks before it goes"
        expect(page.locator("#resume-note")).to_contain_text("Evening")
        assert go_live(page) == stream_id
        control = page.locator("#control-page").get_attribute("href")
        assert control is not None
        page.close(run_before_unload=False)

        # The other device knows nothing but the address of the control page.
        other = browser.new_context(locale="en-US", permissions=["microphone"])
        device = other.new_page()
        device.goto(server.base + control)
        expect(device.locator("#broadcast-heading")).to_contain_text("Evening")
        device.locator("#go-live").click()
        expect(device).to_have_url(re.compile("/broadcast#"))
        assert go_live(device) == stream_id
        end(device)
        capture = listener.wait_for_end()
        capture.check_one_stream()
    with Listener(server.port, f"/stream/{stream_id}") as listener:
        device.locator("#again").click()
        assert go_live(device) == stream_id
        listener.wait_for_audio(1)
    other.close()


def test_own_broadcasts_are_kept_renamed_ended_and_forgotten(
    context: BrowserContext, server: AudiocastServer
) -> None:
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    create(page, server, "Morning")
    page.reload()
    expect(page.locator("#broadcast-heading")).to_contain_text("Morning")
    page.goto(server.base)
    own = page.locator("#own-list li")
    expect(own).to_have_count(1)
    own.get_by_role("link", name="Morning").click()
    page.locator("#name").fill("Every morning")
    page.get_by_role("button", name="Rename").click()
    stream_id = page.locator("#listen-link").input_value().rpartition("/")[2]
    page.locator("#go-live").click()
    expect(page.locator("#resume-note")).to_contain_text("Every morning")
    assert go_live(page) == stream_id

    # Ended elsewhere, it can come back, until it is ended for good.
    remote = context.new_page()
    remote.on("dialog", lambda dialog: dialog.accept())
    remote.goto(server.base)
    remote.get_by_role("link", name="Every morning").click()
    expect(remote.locator("#monitor[data-stream=live]")).to_be_visible(timeout=NEWS_MS)
    remote.get_by_role("button", name="End the broadcast").click()
    expect(remote.locator("#monitor[data-stream=ended]")).to_be_visible(timeout=NEWS_MS)
    expect(page.locator("#note")).to_contain_text("ended from your control page", timeout=NEWS_MS)
    expect(page.locator("#again")).to_be_visible()
    remote.locator("#close").click()
    expect(remote.locator("#trouble")).to_be_empty()
    page.goto(f"{server.base}/broadcast#{remote.url.rpartition('/')[2].replace('#', '/')}")
    page.reload()
    page.locator("#use-microphone").click()
    page.locator("#go-live").click()
    expect(page.locator("#note")).to_contain_text("ended for good", timeout=NEWS_MS)
    expect(page.locator("#again")).to_be_hidden()

    remote.locator("#forget").click()
    expect(remote).to_have_url(f"{server.base}/")
    expect(remote.locator("#own")).to_be_hidden()


def test_a_key_goes_to_no_log_and_another_key_opens_nothing(
    browser: Browser, context: BrowserContext, server: AudiocastServer
) -> None:
    asked: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    address = create(page, server, "Secret")
    page.reload()
    expect(page.locator("#broadcast")).to_be_visible()
    key = address.partition("#")[2]
    assert key.startswith("ac1.")
    assert not any(key in url.partition("#")[0] for url in asked)
    assert key not in server.log.read_text()

    stranger = browser.new_context(locale="en-US").new_page()
    stranger.goto(address.partition("#")[0])
    expect(stranger.locator("#key-form")).to_be_visible()
    stranger.locator("#key-entry").fill(key[:-2] + "AA")
    stranger.get_by_role("button", name="Open").click()
    expect(stranger.locator("#key-trouble")).to_have_text("This is not the key of this broadcast.")
    expect(stranger.locator("#broadcast")).to_be_hidden()
    stranger.locator("#key-entry").fill(key)
    stranger.get_by_role("button", name="Open").click()
    expect(stranger.locator("#broadcast-heading")).to_contain_text("Secret")
    stranger.context.close()


def test_a_browser_that_keeps_nothing_asks_before_the_key_is_lost(
    context: BrowserContext, server: AudiocastServer
) -> None:
    context.add_init_script("Storage.prototype.setItem = () => { throw new Error('full'); };")
    page = context.new_page()
    create(page, server, "Kept nowhere")
    expect(page.locator("#unkept")).to_be_visible()
    asked = accept(page)
    page.locator("#broadcast-heading").click()
    page.goto(server.base)
    assert asked == ["beforeunload"]
    page.go_back()
    expect(page.locator("#unkept")).to_be_visible()
    page.locator("#copy-control").click()
    page.goto(server.base)
    assert asked == ["beforeunload"]


def test_an_unlisted_broadcast_is_on_no_page(context: BrowserContext, server: AudiocastServer) -> None:
    page = context.new_page()
    page.goto(f"{server.base}/broadcast")
    expect(page.locator("#public")).not_to_be_checked()
    go_live(page, UNLISTED)
    start = context.new_page()
    with start.expect_response("**/api/streams") as answered:
        start.goto(server.base)
    assert UNLISTED not in answered.value.text()
    expect(start.locator("#streams-remark")).to_contain_text("Nothing is listed here")
    expect(start.locator("#streams li")).to_have_count(0)
