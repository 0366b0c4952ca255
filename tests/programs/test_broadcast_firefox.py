"""Firefox as a broadcaster: by its AudioEncoder and, as on phones, by its recorder, which writes Ogg."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.client.sound import SAMPLE_RATE, time_share
from tests.programs.firefox import Firefox
from tests.programs.heard import decoded
from tests.programs.sound_card import SoundCard
from tests.support.http.listener import Listener
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

FAKE_MICROPHONE: dict[str, bool | int | str] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
}
# What Firefox's fake microphone hears.
FAKE_TONE_HZ = 1000

MOST_OF_THE_TIME = 0.5
SECONDS = 2.0
# A busy machine takes long to open a page and a microphone.
GRACE_SECONDS = 120
FIND = "document.querySelector"


@dataclass(frozen=True)
class Broadcaster:
    """A Firefox, and where it broadcasts."""

    firefox: Firefox
    server: AudiocastServer


@pytest.fixture(scope="module")
def broadcaster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broadcaster]:
    folder = tmp_path_factory.mktemp("firefox")
    with (
        AudiocastServer(folder / "server.log", SOURCE_GRACE_SECONDS=GRACE_SECONDS) as server,
        SoundCard() as card,
        Firefox(folder, env=card.environment, preferences=FAKE_MICROPHONE) as firefox,
    ):
        yield Broadcaster(firefox, server)


@pytest.mark.parametrize("way", ["packets", "ogg"])
def test_its_microphone_is_heard(broadcaster: Broadcaster, way: str) -> None:
    firefox, server = broadcaster.firefox, broadcaster.server
    if way == "ogg":
        firefox.command(
            "script.addPreloadScript", functionDeclaration="() => { delete window.AudioEncoder; }"
        )
    page = firefox.open(f"{server.base}/broadcast")
    page.click("#go-live")
    page.wait_for(f"{FIND}('#monitor').dataset.stream === 'live'")
    stream_id = page.evaluate(f"{FIND}('#listen-link').value").rpartition("/")[2]
    # Its recorder gives what it has three times a second; the page says what that costs.
    page.wait_for(f"{FIND}('#air-delay').hidden === {'true' if way == 'packets' else 'false'}")
    with Listener(server.port, f"/stream/{stream_id}?preroll=0") as listener:
        listener.wait_for_audio(SECONDS)
        page.evaluate(f"{FIND}('#end').click()")
        page.evaluate(f"{FIND}('#end-yes').click()")
        capture = listener.wait_for_end()
    capture.check_one_stream()
    samples = decoded(listener.body)
    assert time_share(samples[SAMPLE_RATE : 2 * SAMPLE_RATE], FAKE_TONE_HZ) > MOST_OF_THE_TIME


def test_a_broadcast_is_come_back_to_after_a_reload_and_by_its_control_page(broadcaster: Broadcaster) -> None:
    firefox, server = broadcaster.firefox, broadcaster.server
    live, link = f"{FIND}('#monitor')?.dataset.stream === 'live'", f"{FIND}('#listen-link')?.value"
    page = firefox.open(f"{server.base}/broadcast")
    page.click("#go-live")
    page.wait_for(live)
    address = page.evaluate(link)
    control = page.evaluate(f"{FIND}('#control-page').href")
    with Listener(server.port, f"/stream/{address.rpartition('/')[2]}?preroll=0") as listener:
        listener.wait_for_audio(1.0)
        page.reload()
        page.wait_for(f"{FIND}('#resume-note')?.textContent")
        page.click("#go-live")
        page.wait_for(live)
        assert page.evaluate(link) == address
        page.close()
        # As on another device, which knows nothing but this address.
        page = firefox.open(server.base)
        page.evaluate("localStorage.clear()")
        page.go_to(control)
        page.wait_for(f"{link} === {address!r}")
        page.click("#go-live")
        page.wait_for(f"{FIND}('#resume-note')?.textContent")
        page.click("#go-live")
        page.wait_for(live)
        assert page.evaluate(link) == address
        page.evaluate(f"{FIND}('#end').click()")
        page.evaluate(f"{FIND}('#end-yes').click()")
        capture = listener.wait_for_end()
    capture.check_one_stream()
