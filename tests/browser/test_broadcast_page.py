"""The broadcaster's page in a real browser: its microphone is heard, and what it says is so."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.broadcaster import NEWS_MS, browser_with_microphone, end, go_live, opened, wait_for
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.client.proxy import Proxy
from tests.client.sound import SAMPLE_RATE, time_share
from tests.programs.heard import check_tone, decoded
from tests.support.audio.media import wav_file
from tests.support.http.listener import Listener
from tests.support.http.socket_source import SocketSource, numbered_messages
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

TONE_HZ = 440
TOLERANCE_HZ = 30
SECONDS = 3.0
# Where the file begins again, and where a busy machine lost a frame.
SPOILED_WINDOWS = 6

OUTAGE_SECONDS = 3.0
MOST_OF_THE_TIME = 0.5
# Of 32,768.
LOUD = 3000

TAB_TITLE = "Music"
TAB_TONE_HZ = 700
AUTOPLAY = "--autoplay-policy=no-user-gesture-required"
PLAY = f"""() => {{
  document.title = "{TAB_TITLE}";
  const context = new AudioContext();
  const tone = new OscillatorNode(context, {{ frequency: {TAB_TONE_HZ} }});
  tone.connect(new GainNode(context, {{ gain: 0.3 }})).connect(context.destination);
  tone.start();
}}"""

OTHER_HOST = "radio.test"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    wav = wav_file(tmp_path_factory.mktemp("microphone"), seconds=10, tone_hz=TONE_HZ)
    with browser_with_microphone(wav, f"--host-resolver-rules=MAP {OTHER_HOST} 127.0.0.1") as browser:
        yield browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudiocastServer]:
    with AudiocastServer(tmp_path_factory.mktemp("broadcast") / "server.log") as server:
        yield server


def test_a_microphone_goes_live_and_is_heard_until_the_end(browser: Browser, server: AudiocastServer) -> None:
    with opened(browser, server.base) as page:
        expect(page.locator("#on-air")).to_be_hidden()
        stream_id = go_live(page, "Evening")
        expect(page).to_have_title("You are on air · audiocast")
        state = server.state(stream_id)
        assert (state["title"], state["channels"], state["page_ms"]) == ("Evening", 2, 20)
        with Listener(server.port, f"/stream/{stream_id}") as listener:
            expect(page.locator("#air-facts")).to_contain_text("1 listener", timeout=NEWS_MS)
            listener.wait_for_audio(SECONDS)
            end(page)
            capture = listener.wait_for_end()
        expect(page.locator("#monitor[data-stream=ended]")).to_be_visible(timeout=NEWS_MS)
        expect(page).not_to_have_title("You are on air · audiocast")
        capture.check_one_stream()
        assert capture.pages[-1].is_eos
        check_tone(listener.body, TONE_HZ, seconds=SECONDS, spoiled_windows=SPOILED_WINDOWS)
        # The link stays the same, and a new one is the second choice.
        page.locator("#again").click()
        expect(page.locator("#title")).to_be_hidden()
        assert go_live(page, "") == stream_id
        end(page)
        page.locator("#new").click()
        assert go_live(page, "Another evening") != stream_id


def test_the_sound_of_a_tab_is_heard_until_that_is_closed(browser: Browser, server: AudiocastServer) -> None:
    # Where the microphone is a file, the tab would be that file too.
    hears_tabs = browser.browser_type.launch(
        executable_path=CHROMIUM,
        args=[*FLAGS, f"--auto-select-tab-capture-source-by-title={TAB_TITLE}", AUTOPLAY],
        ignore_default_args=["--mute-audio"],
    )
    with opened(hears_tabs, server.base) as page:
        music = page.context.new_page()
        music.goto(server.base)
        music.evaluate(PLAY)
        page.bring_to_front()
        stream_id = go_live(page, source="#use-tab")
        expect(page.locator("#device-field")).to_be_hidden()
        with Listener(server.port, f"/stream/{stream_id}?preroll=0") as listener:
            listener.wait_for_audio(SECONDS)
        assert time_share(decoded(listener.body)[-SAMPLE_RATE:], TAB_TONE_HZ) > MOST_OF_THE_TIME
        music.close()
        expect(page.locator("#note")).to_contain_text("The sound has ended", timeout=NEWS_MS)
        assert server.state(stream_id)["state"] == "live"
    hears_tabs.close()


def test_another_page_hears_the_same_tone(browser: Browser, server: AudiocastServer) -> None:
    with opened(browser, server.base) as page:
        stream_id = go_live(page)
        listens = browser.new_context(locale="en-US").new_page()
        listens.goto(f"{server.base}/listen/{stream_id}")
        listens.get_by_role("button", name="Start listening").click()
        peak = "Number(document.getElementById('spectrum').dataset.peakHz || 0)"
        wait_for(listens, f"Math.abs({peak} - {TONE_HZ}) < {TOLERANCE_HZ}")
        assert server.state(stream_id)["listeners"] == 1
        listens.context.close()


def test_a_connection_lost_for_three_seconds_heals_under_the_same_link(
    browser: Browser, server: AudiocastServer
) -> None:
    with Proxy(server.port) as proxy, opened(browser, proxy.url) as page:
        stream_id = go_live(page)
        with Listener(server.port, f"/stream/{stream_id}?preroll=0&latency=low") as listener:
            before = listener.wait_for_audio(1).seconds
            proxy.cut()
            expect(page.locator("#note")).to_contain_text("under the same link", timeout=NEWS_MS)
            server.wait_for_state(stream_id, "held")
            page.wait_for_timeout(OUTAGE_SECONDS * 1000)
            expect(page.locator("#monitor[data-stream=live]")).to_have_count(0)
            proxy.mend()
            server.wait_for_state(stream_id, "live")
            expect(page.locator("#monitor[data-stream=live]")).to_be_visible(timeout=NEWS_MS)
            expect(page.locator("#note")).to_be_empty()
            heard_at = listener.capture().seconds
            capture = listener.wait_for_audio(heard_at + 1.5)
        assert heard_at > before + OUTAGE_SECONDS
        capture.check_one_stream()
        samples = decoded(listener.body)[-SAMPLE_RATE:]
        assert max(samples) > LOUD, "silence only"
        assert page.locator("#listen-link").input_value().endswith(stream_id)


def test_a_newer_source_is_told_of_and_not_fought(browser: Browser, server: AudiocastServer) -> None:
    remember_key = """
      const plain = window.WebSocket;
      window.WebSocket = function (url, protocols) {
        window.key = protocols[1];
        return new plain(url, protocols);
      };
    """
    with opened(browser, server.base, script=remember_key) as page:
        stream_id = go_live(page)
        started = server.start_stream()
        fields = {"stream_id": stream_id, "ingest_key": page.evaluate("window.key")}
        newer = type(started)(**{**started.__dict__, **fields})
        with SocketSource(server.base, newer, numbered_messages(30)):
            expect(page.locator("#note")).to_contain_text("Someone with the same key", timeout=NEWS_MS)
            expect(page.locator("#again")).to_be_visible()
            assert server.state(stream_id)["state"] == "live"
            # It does not take it back.
            page.wait_for_timeout(2_000)
            assert server.metric("audiocast_source_takeovers_total") == 1


def test_a_server_that_has_forgotten_the_key_ends_the_tries(browser: Browser, tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    with AudiocastServer(log) as server, opened(browser, server.base) as page:
        port = server.port
        go_live(page)
        server.stop()
        expect(page.locator("#note")).to_contain_text("Connecting again", timeout=NEWS_MS)
        with AudiocastServer(log, PORT=port):
            expect(page.locator("#note")).to_contain_text("does not know this broadcast", timeout=NEWS_MS)
            expect(page.locator("#monitor[data-stream=live]")).to_have_count(0)


def test_the_tab_is_guarded_and_the_screen_stays_on_only_while_it_broadcasts(
    browser: Browser, server: AudiocastServer
) -> None:
    count_locks = """
      window.locks = 0;
      navigator.wakeLock.request = async () => {
        window.locks += 1;
        return { release: async () => { window.locks -= 1; } };
      };
    """
    with opened(browser, server.base, script=count_locks) as page:
        asked: list[str] = []
        page.on("dialog", lambda dialog: asked.append(dialog.type))
        page.on("dialog", lambda dialog: dialog.dismiss())
        go_live(page)
        wait_for(page, "window.locks === 1")
        page.close(run_before_unload=True)
        page.context.pages[0].wait_for_timeout(500)
        assert asked == ["beforeunload"]
        end(page)
        wait_for(page, "window.locks === 0")
        page.reload()
        assert asked == ["beforeunload"]


def test_without_a_microphone_the_page_says_what_to_do(browser: Browser, server: AudiocastServer) -> None:
    refuse = """
      navigator.mediaDevices.getUserMedia = async () => {
        throw new DOMException("no", window.reason ?? "NotAllowedError");
      };
    """
    with opened(browser, server.base, script=refuse) as page:
        page.locator("#go-live").click()
        trouble = page.locator("#sound-trouble")
        expect(trouble).to_contain_text("Allow the microphone")
        page.evaluate("window.reason = 'NotFoundError'")
        page.locator("#use-microphone").click()
        expect(trouble).to_contain_text("There is no microphone")
        expect(page.locator("#on-air")).to_be_hidden()


def test_where_nothing_can_be_broadcast_the_page_says_why(browser: Browser, server: AudiocastServer) -> None:
    with opened(browser, f"http://{OTHER_HOST}:{server.port}") as page:
        expect(page.locator("#barrier")).to_contain_text("HTTPS")
        expect(page.locator("#studio")).to_be_hidden()
    with opened(browser, server.base, script="delete window.AudioEncoder") as page:
        # Chromium's MediaRecorder makes no Ogg.
        expect(page.locator("#barrier")).to_contain_text("no encoder for Opus")
        expect(page.locator("#studio")).to_be_hidden()


def test_a_token_is_asked_for_when_the_server_wants_one(browser: Browser, tmp_path: Path) -> None:
    with (
        AudiocastServer(tmp_path / "server.log", API_TOKENS="a-token-for-this-test") as server,
        opened(browser, server.base, locale="ru-RU") as page,
    ):
        page.locator("#use-microphone").click()
        page.locator("#go-live").click()
        expect(page.locator("#start-trouble")).to_contain_text("нужен токен", timeout=NEWS_MS)
        page.locator("#token").fill("a-token-for-this-test")
        page.locator("#go-live").click()
        expect(page.locator("#air")).to_have_text("Вы в эфире", timeout=NEWS_MS)
        page.get_by_role("button", name="English").click()
        expect(page.locator("#air")).to_have_text("You are on air")
        assert same_keys(page)


def test_the_start_page_leads_there(browser: Browser, server: AudiocastServer) -> None:
    page = browser.new_page(locale="en-US")
    page.goto(server.base)
    page.get_by_role("link", name="Go live now").click()
    expect(page.locator("h1")).to_have_text("Broadcast from this browser")
    assert page.url == f"{server.base}/broadcast"
    page.close()


def same_keys(page: Page) -> bool:
    """Return whether both languages have words for the same things."""
    keys = """import('/static/broadcast/strings.js').then(({ BROADCAST_STRINGS: words }) =>
      Object.values(words).map((phrases) => Object.keys(phrases).join()))"""
    english, russian = page.evaluate(keys)
    return bool(english == russian)
