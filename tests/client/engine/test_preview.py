"""The preview: it shows how loud an input is, takes a gain, and lets the input go."""

import threading
import time
from collections.abc import Callable, Iterator

from tests.client.engine.fake_server import SECONDS, tone_source
from tk_streamer.audio.sources import GeneratedSource
from tk_streamer.engine.preview import Preview, PreviewStatus
from tk_streamer.errors import SoundError


def wait_for(preview: Preview, condition: Callable[[PreviewStatus], bool]) -> PreviewStatus:
    deadline = time.monotonic() + SECONDS
    while not condition(status := preview.status()):
        assert time.monotonic() < deadline, f"still {status}"
        time.sleep(0.01)
    return status


def test_it_shows_the_level_and_takes_a_gain() -> None:
    preview = Preview(tone_source(), channels=2)
    try:
        before = wait_for(preview, lambda now: now.level.momentary_lufs > -30).level.peak_dbfs
        preview.set_gain(6.0)
        wait_for(preview, lambda now: now.level.peak_dbfs > before + 5)
    finally:
        assert preview.stop()
    assert not any(thread.name == "preview" for thread in threading.enumerate())
    assert preview.status().trouble is None


def test_an_input_that_cannot_be_opened_is_a_trouble() -> None:
    def no_blocks(channels: int) -> Iterator[bytes]:
        raise SoundError("device_busy", "in use")

    preview = Preview(GeneratedSource("mic", no_blocks), channels=1, cuts_lows=True)
    status = wait_for(preview, lambda now: now.trouble is not None)
    assert status.trouble is not None
    assert status.trouble.code == "device_busy"
    assert preview.stop()
