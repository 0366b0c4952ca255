"""What a broadcaster says of a show beside its title, on each page that asks: it is what listeners get."""

import io
import random
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import png
import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.support.processes.server import AudiocastServer

ZONE = "Asia/Kolkata"  # five hours and a half ahead
MOST_BYTES = 256 * 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudiocastServer]:
    with AudiocastServer(tmp_path_factory.mktemp("about") / "server.log") as server:
        yield server


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-US", timezone_id=ZONE)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert problems == []


def noise(width: int, height: int) -> bytes:
    """Return a PNG that no compression makes small."""
    rows = [random.Random(row).randbytes(3 * width) for row in range(height)]
    file = io.BytesIO()
    png.Writer(width, height, greyscale=False).write(file, rows)
    return file.getvalue()


def fill(page: Page, picture: Path) -> None:
    page.locator("#about-description").fill("Music from Vienna,\nand what is said of it.")
    page.locator("#about-link").fill("радио.example/вечер")
    page.locator("#about-starts").fill(f"{start():%Y-%m-%dT%H:%M}")
    page.locator("#about-accent").fill("#117733")
    page.locator("#about-picture").set_input_files(picture)


def start() -> datetime:
    return (datetime.now() + timedelta(days=3)).replace(hour=20, minute=0, second=0, microsecond=0)


def check(server: AudiocastServer, stream_id: str) -> None:
    state = server.state(stream_id)
    assert state["description"] == "Music from Vienna, and what is said of it."
    assert state["link"] == "https://xn--80aimyg.example/%D0%B2%D0%B5%D1%87%D0%B5%D1%80"
    assert state["accent"] == "#117733"
    ahead = datetime.fromisoformat(f"{start():%Y-%m-%dT%H:%M}+05:30")
    assert state["starts_at"] == ahead.timestamp()
    cover = requests.get(state["cover_url"], timeout=10)
    assert cover.headers["Content-Type"] == "image/jpeg"
    assert 10_000 < len(cover.content) <= MOST_BYTES


def test_the_start_page_takes_all_that_there_is_to_say(
    page: Page, server: AudiocastServer, tmp_path: Path
) -> None:
    picture = tmp_path / "photo.png"
    picture.write_bytes(noise(1_500, 1_100))
    assert picture.stat().st_size > 10 * MOST_BYTES
    page.goto(server.base)
    expect(page.locator("#about-description")).to_be_hidden()
    page.locator("#about > summary").click()
    fill(page, picture)
    page.locator("#create-button").click()
    expect(page.locator("#broadcast")).to_be_visible()
    check(server, page.locator("#listen-link").input_value().rpartition("/")[2])


def test_what_is_of_no_use_is_said_and_nothing_is_made(
    page: Page, server: AudiocastServer, tmp_path: Path
) -> None:
    words = tmp_path / "words.png"
    words.write_text("no picture at all")
    page.goto(server.base)
    page.locator("#about > summary").click()
    page.locator("#about-picture").set_input_files(words)
    page.locator("#create-button").click()
    expect(page.locator("#start-trouble")).to_contain_text("no picture")
    page.locator("#about-picture").set_input_files([])
    page.locator("#about-link").fill("javascript:alert(1)")
    page.locator("#create-button").click()
    expect(page.locator("#start-trouble")).to_contain_text("no address of a web page")
    expect(page).to_have_url(f"{server.base}/")
    page.locator("#about-link").fill("")
    page.locator("#create-button").click()
    expect(page.locator("#broadcast")).to_be_visible()
    # A colour that nobody has chosen is none.
    stream_id = page.locator("#listen-link").input_value().rpartition("/")[2]
    state = server.state(stream_id)
    assert (state["accent"], state["description"], state["link"], state["starts_at"]) == ("", "", "", None)


def test_the_control_page_shows_and_changes_it(page: Page, server: AudiocastServer, tmp_path: Path) -> None:
    started = server.start_stream(title="Evening", description="Before", accent="#aa0000")
    page.goto(f"{server.base}/control/{started.stream_id}#{started.ingest_key}")
    page.locator("#about > summary").click()
    expect(page.locator("#about-description")).to_have_value("Before")
    expect(page.locator("#about-accent")).to_have_value("#aa0000")
    drawn = server.state(started.stream_id)["cover_version"]
    picture = tmp_path / "photo.png"
    picture.write_bytes(noise(700, 500))
    fill(page, picture)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#about-save")).to_have_text("Saved")
    check(server, started.stream_id)
    given = server.state(started.stream_id)["cover_version"]
    assert given != drawn
    expect(page.locator("#about-cover")).to_have_attribute("src", re.compile(re.escape(given)))
    # In the visitor's time zone, as it was written.
    page.reload()
    page.locator("#about > summary").click()
    expect(page.locator("#about-starts")).to_have_value(f"{start():%Y-%m-%dT%H:%M}")
    page.locator("#about-link").fill("not an address")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#about-trouble")).to_contain_text("no address of a web page")
    page.locator("#about-link").fill("")
    page.locator("#about-starts").fill("")
    page.locator("#about-draw").click()
    expect(page.locator("#about-cover")).not_to_have_attribute("src", re.compile(re.escape(given)))
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#about-save")).to_have_text("Saved")
    state = server.state(started.stream_id)
    assert (state["link"], state["starts_at"], state["accent"]) == ("", None, "#117733")


def test_the_page_that_sends_takes_it_too(page: Page, server: AudiocastServer) -> None:
    page.goto(f"{server.base}/broadcast")
    page.locator("#about > summary").click()
    expect(page.locator("#about-description")).to_be_visible()
