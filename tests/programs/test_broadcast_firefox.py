"""Firefox as a broadcaster: its microphone is heard, by its AudioEncoder and, without one, as Ogg from its recorder."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.client.sound import SAMPLE_RATE, power_share
from tests.listener import Listener
from tests.programs.firefox import Firefox
from tests.programs.heard import decoded
from tests.programs.sound_card import SoundCard
from tests.server import AudiocastServer

FAKE_MICROPHONE: dict[str, bool | int | str] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.getusermedia.insecure.enabled": False,
}
FAKE_TONE_HZ = 1000
"""What Firefox's fake microphone hears."""

LEAST_SHARE = 0.8
SECONDS = 2.0
ANSWER = "document.querySelector"


@dataclass(frozen=True)
class Broadcaster:
    """A Firefox, and where it broadcasts."""

    firefox: Firefox
    server: AudiocastServer


@pytest.fixture(scope="module")
def broadcaster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broadcaster]:
    folder = tmp_path_factory.mktemp("firefox")
    with (
        AudiocastServer(folder / "server.log") as server,
        SoundCard() as card,
        Firefox(folder, env=card.environment, preferences=FAKE_MICROPHONE) as firefox,
    ):
        yield Broadcaster(firefox, server)


@pytest.mark.parametrize(("way", "page_ms"), [("packets", 20), ("ogg", 100)])
def test_its_microphone_is_heard(broadcaster: Broadcaster, way: str, page_ms: int) -> None:
    server = broadcaster.server
    page = broadcaster.firefox.open(f"{server.base}/broadcast")
    if way == "ogg":
        # The page asks for it when a broadcast begins; on phones it is not there.
        page.evaluate("delete window.AudioEncoder")
        page.go_to(f"{server.base}/broadcast?without")
    page.click("#go-live")
    page.wait_for(f"{ANSWER}('#monitor').dataset.stream === 'live'")
    stream_id = page.evaluate(f"{ANSWER}('#listen-link').value").rpartition("/")[2]
    with Listener(server.port, f"/stream/{stream_id}?preroll=0") as listener:
        listener.wait_for_audio(SECONDS)
        page.evaluate(f"{ANSWER}('#end').click()")
        capture = listener.wait_for_end()
    capture.check_one_stream()
    samples = decoded(listener.body)
    assert power_share(samples[SAMPLE_RATE : 2 * SAMPLE_RATE], FAKE_TONE_HZ) > LEAST_SHARE
    assert page_ms
