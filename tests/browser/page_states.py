"""Each page in each of its states, reached as people reach it: for what must hold on all of them."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Page, expect

from tests.browser.broadcaster import NEWS_MS, end, go_live
from tests.support.processes.encoder_process import EncoderProcess
from tests.support.processes.server import AudiocastServer, Started

TONE_HZ = 440
# A stream whose source is lost stays held for the whole test.
GRACE_SECONDS = 600


TRACKS = [("Band", "First song"), ("Группа", "Вторая песня, с названием, которому нужна не одна строка")]


@dataclass(frozen=True)
class StreamsInEachState:
    """A server with a stream in each state."""

    server: AudiocastServer
    waiting: Started
    scheduled: Started
    live: Started
    held: Started
    ended: Started
    private: Started


@contextmanager
def streams_in_each_state(folder: Path) -> Iterator[StreamsInEachState]:
    """Run a server with a stream in each state."""
    with AudiocastServer(folder / "server.log", SOURCE_GRACE_SECONDS=GRACE_SECONDS) as server:
        soon = (datetime.now(UTC) + timedelta(days=2)).isoformat()
        about = {
            "description": "Music from Vienna, and what is said of it.",
            "link": "https://radio.example/a",
        }
        scheduled = server.start_stream(title="The day after tomorrow", starts_at=soon, **about)
        waiting, live, held, ended = (
            server.start_stream(title=title, visibility="public")
            for title in ("Tomorrow", "Evening", "On the road", "Yesterday")
        )
        private = server.start_stream(title="Members only", visibility="private", access_code="auto")
        with EncoderProcess(held.keyed_url, tone_hz=TONE_HZ, log=folder / "held.log"):
            server.wait_for_state(held.stream_id, "live")
        requests.delete(f"{server.base}/api/streams/{ended.stream_id}?key={ended.ingest_key}", timeout=10)
        with EncoderProcess(live.keyed_url, tone_hz=TONE_HZ, log=folder / "live.log"):
            server.wait_for_state(live.stream_id, "live")
            server.wait_for_state(held.stream_id, "held")
            for artist, title in TRACKS:
                play(server, live, artist, title)
            yield StreamsInEachState(server, waiting, scheduled, live, held, ended, private)


def play(server: AudiocastServer, started: Started, artist: str, title: str) -> None:
    """Set the current track of a stream."""
    url = f"{server.base}/api/streams/{started.stream_id}/metadata?key={started.ingest_key}"
    assert requests.put(url, json={"artist": artist, "title": title}, timeout=10).status_code == 204


def home(page: Page, streams: StreamsInEachState) -> None:
    page.goto(streams.server.base)
    expect(page.locator("#streams a").first).to_be_visible(timeout=NEWS_MS)


def home_more(page: Page, streams: StreamsInEachState) -> None:
    home(page, streams)
    page.locator("#about > summary").click()


def home_ready(page: Page, streams: StreamsInEachState) -> None:
    page.goto(streams.server.base)
    page.locator("#title").fill("Morning")
    page.locator("#create-button").click()
    expect(page.locator("#broadcast")).to_be_visible(timeout=NEWS_MS)
    page.goto(streams.server.base)
    expect(page.locator("#own-list li")).to_have_count(1)


def audience_of_a_day(now: float) -> dict[str, Any]:
    """Give what the server would say of a show with many listeners, in the morning and in the evening."""
    last = int(now // 60) - 1
    curve = [
        [last - 1440 + minute, round(40 + 160 * math.sin(minute / 1440 * 2 * math.pi) ** 2, 2)]
        for minute in range(1440)
    ]
    return {
        "now": 41,
        "peak": 214,
        "listening_hours": 2880.5,
        "average": 120.02,
        "curve": curve,
        "members": [{"name": "alone", "now": 41, "peak": 214, "listening_hours": 2880.5}],
    }


def control(page: Page, streams: StreamsInEachState) -> None:
    page.route("**/audience", lambda route: route.fulfill(json=audience_of_a_day(time.time())))
    page.goto(f"{streams.server.base}/control/{streams.live.stream_id}#{streams.live.ingest_key}")
    expect(page.locator("#monitor[data-stream=live]")).to_be_visible(timeout=NEWS_MS)
    page.locator("#show-key").click()
    for fold in page.locator("details > summary").all():
        fold.click()


def control_private(page: Page, streams: StreamsInEachState) -> None:
    page.goto(f"{streams.server.base}/control/{streams.private.stream_id}#{streams.private.ingest_key}")
    expect(page.locator("#private-panel")).to_be_visible(timeout=NEWS_MS)
    page.locator("#links-form button").click()
    expect(page.locator("#made-one")).to_be_visible()


def control_private_links(page: Page, streams: StreamsInEachState) -> None:
    control_private(page, streams)
    page.locator("#links-count").fill("25")
    page.locator("#links-form button").click()
    expect(page.locator("#made-many")).to_be_visible()


def let_in(page: Page, streams: StreamsInEachState) -> None:
    page.goto(streams.private.listen_url)
    expect(page.locator("#code")).to_be_visible()


def let_in_wrong(page: Page, streams: StreamsInEachState) -> None:
    let_in(page, streams)
    page.locator("#code").fill("not the code")
    page.locator("#code").press("Enter")
    expect(page.locator("[role=alert]")).to_be_visible()


def control_without_key(page: Page, streams: StreamsInEachState) -> None:
    page.goto(f"{streams.server.base}/control/{streams.live.stream_id}#ac1..wrong")
    expect(page.locator("#key-trouble")).not_to_be_empty()


def broadcast_again(page: Page, streams: StreamsInEachState) -> None:
    page.goto(f"{streams.server.base}/broadcast#{streams.ended.stream_id}/{streams.ended.ingest_key}")
    expect(page.locator("#resume-note")).to_contain_text("Yesterday")


def listen_unknown(page: Page, streams: StreamsInEachState) -> None:
    page.goto(f"{streams.server.base}/listen/nobody-knows-it")
    expect(page.locator("body[data-stream=waiting] #status")).not_to_be_empty()


def listen_unsupported(page: Page, streams: StreamsInEachState) -> None:
    page.add_init_script("delete globalThis.AudioContext; HTMLMediaElement.prototype.canPlayType = () => '';")
    page.goto(streams.live.listen_url)
    expect(page.locator("#listen-button")).to_be_disabled()


def listen_failed(page: Page, streams: StreamsInEachState) -> None:
    page.add_init_script("AudioDecoder.isConfigSupported = async () => ({supported: false});")
    page.goto(f"{streams.live.listen_url}?player=webcodecs")
    page.locator("#listen-button").click()
    expect(page.locator("body[data-player=failed]")).to_be_attached(timeout=NEWS_MS)


def listen_plain(page: Page, streams: StreamsInEachState) -> None:
    page.route("**/scripts/listen/page.js*", lambda route: route.fulfill(status=404))
    page.goto(streams.live.listen_url)
    expect(page.locator("#audio[controls]")).to_be_visible()


def listen_waiting(page: Page, streams: StreamsInEachState) -> None:
    page.goto(streams.waiting.listen_url)
    expect(page.locator("body[data-stream=waiting] #status")).not_to_be_empty()


def listen_scheduled(page: Page, streams: StreamsInEachState) -> None:
    page.goto(streams.scheduled.listen_url)
    expect(page.locator("#calendar-link")).to_be_visible()


def listen_live(page: Page, streams: StreamsInEachState) -> None:
    page.goto(streams.live.listen_url)
    expect(page.locator("body[data-stream=live] #status")).not_to_be_empty()
    for panel in ("history", "more"):
        page.locator(f"#{panel} > summary").click()


def listen_playing(page: Page, streams: StreamsInEachState) -> None:
    page.goto(streams.live.listen_url)
    page.locator("#listen-button").click()
    expect(page.locator("body[data-player=playing]")).to_be_attached(timeout=NEWS_MS)


def listen_held(page: Page, streams: StreamsInEachState) -> None:
    page.goto(streams.held.listen_url)
    expect(page.locator("body[data-stream=held] #note")).not_to_be_empty()


def listen_ended(page: Page, streams: StreamsInEachState) -> None:
    page.goto(streams.ended.listen_url)
    expect(page.locator("body[data-stream=ended] #note")).not_to_be_empty()


def listen_qr(page: Page, streams: StreamsInEachState) -> None:
    page.goto(streams.live.listen_url)
    page.locator("#share-button").click()
    expect(page.locator("#qr-dialog")).to_be_visible()


def embed_waiting(page: Page, streams: StreamsInEachState) -> None:
    page.goto(f"{streams.server.base}/embed/{streams.waiting.stream_id}")
    expect(page.locator("body[data-stream=waiting] #note")).not_to_be_empty()


def embed_playing(page: Page, streams: StreamsInEachState) -> None:
    page.goto(f"{streams.server.base}/embed/{streams.live.stream_id}")
    page.locator("#listen-button").click()
    expect(page.locator("body[data-player=playing]")).to_be_attached(timeout=NEWS_MS)


def embed_plain(page: Page, streams: StreamsInEachState) -> None:
    page.route("**/scripts/listen/embed.js*", lambda route: route.fulfill(status=404))
    page.goto(f"{streams.server.base}/embed/{streams.live.stream_id}")
    expect(page.locator("#audio[controls]")).to_be_visible()


def broadcast_quiet(page: Page, streams: StreamsInEachState) -> None:
    page.goto(f"{streams.server.base}/broadcast")
    expect(page.locator("#go-live")).to_be_visible()


def broadcast_live(page: Page, streams: StreamsInEachState) -> None:
    page.goto(f"{streams.server.base}/broadcast")
    go_live(page, "From a tab")


def broadcast_over(page: Page, streams: StreamsInEachState) -> None:
    broadcast_live(page, streams)
    end(page)
    expect(page.locator("#again")).to_be_visible()


def selftest_ready(page: Page, streams: StreamsInEachState) -> None:
    page.goto(f"{streams.server.base}/selftest?stream={streams.live.stream_id}")
    expect(page.locator("#sound")).to_have_value(streams.live.stream_id, timeout=NEWS_MS)
    page.locator("summary").click()


def selftest_running(page: Page, streams: StreamsInEachState) -> None:
    selftest_ready(page, streams)
    page.locator("#start").click()
    expect(page.locator("#trial-clock")).not_to_be_empty(timeout=NEWS_MS)


def selftest_done(page: Page, streams: StreamsInEachState) -> None:
    selftest_running(page, streams)
    page.locator("#heard-broken").click()
    page.locator("#heard-all").click()
    page.locator("#stop").click()
    expect(page.locator("#report")).to_be_visible()


def error(page: Page, streams: StreamsInEachState) -> None:
    page.goto(f"{streams.server.base}/nothing-here")
    expect(page.locator(".message")).to_be_visible()


PAGE_STATES: dict[str, Callable[[Page, StreamsInEachState], None]] = {
    state.__name__: state
    for state in (
        home,
        home_more,
        home_ready,
        control,
        control_private,
        control_private_links,
        control_without_key,
        let_in,
        let_in_wrong,
        broadcast_again,
        listen_unknown,
        listen_unsupported,
        listen_failed,
        listen_plain,
        listen_waiting,
        listen_scheduled,
        listen_live,
        listen_playing,
        listen_held,
        listen_ended,
        listen_qr,
        embed_waiting,
        embed_playing,
        embed_plain,
        broadcast_quiet,
        broadcast_live,
        broadcast_over,
        selftest_ready,
        selftest_running,
        selftest_done,
        error,
    )
}
