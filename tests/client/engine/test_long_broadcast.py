"""Half an hour of sound at a faster clock: as many samples come out as went in, and no memory is gathered."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.engine.fake_server import FakeServer
from tests.support.audio.capture import Capture
from tests.support.audio.media import wav_file
from tk_streamer.audio.files import FileSource
from tk_streamer.audio.sources import LimitedSource
from tk_streamer.engine.broadcast_state import Phase
from tk_streamer.engine.station import Station, StationSettings

MINUTES = 30
SAMPLES = MINUTES * 60 * 48_000
# Of the whole process, which has run other tests, less what the server of the test keeps of the sound itself.
# The sound of the time in between is 86 MB; packets that are kept show in the number of objects.
MOST_GROWTH_BYTES = 20_000_000
MOST_GROWTH_OBJECTS = 3_000
# Of sound.
LOOK_SECONDS = 60.0


@pytest.fixture
def young_objects() -> Iterator[None]:
    """Leave out what other tests have left in this process: so many objects take long to look through."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("young_objects")
@pytest.mark.timeout(1500)
def test_half_an_hour_is_half_an_hour(tmp_path: Path) -> None:
    source = FileSource(wav_file(tmp_path, seconds=7.0), loops=True, is_paced=False)
    with FakeServer() as server:
        settings = StationSettings(server.url, channels=1, bitrate_bps=32_000, frame_ms=60)
        station = Station(settings, LimitedSource(source, MINUTES * 60.0))
        looks: list[tuple[float, int, int]] = []
        station.start()
        next_look = 0.0
        while not station.wait(0.5):
            sent_seconds = station.status().seconds_sent
            if sent_seconds >= next_look and (is_early(sent_seconds) or is_late(sent_seconds)):
                kept_bytes = sum(len(body) for body in server.bodies)
                # What only waits to be collected is not kept: with many old objects Python collects seldom.
                gc.collect()
                looks.append((sent_seconds, resident_bytes() - kept_bytes, len(gc.get_objects())))
                next_look = sent_seconds + LOOK_SECONDS
        (body,) = server.bodies
    status = station.status()
    assert status.phase is Phase.STOPPED
    capture = Capture.parse(body)
    assert capture.pages[-1].granule_position - capture.head.pre_skip == SAMPLES
    positions = [page.granule_position for page in capture.audio_pages]
    assert positions == sorted(positions)
    assert round(status.seconds_sent * 48_000) - capture.head.pre_skip == SAMPLES
    assert (status.dropped_seconds, status.filled_seconds) == (0, 0)
    early = [look for look in looks if is_early(look[0])]
    late = [look for look in looks if is_late(look[0])]
    assert min(each[1] for each in late) - max(each[1] for each in early) < MOST_GROWTH_BYTES
    assert min(each[2] for each in late) - max(each[2] for each in early) < MOST_GROWTH_OBJECTS


def is_early(sent_seconds: float) -> bool:
    return MINUTES * 10 < sent_seconds < MINUTES * 20


def is_late(sent_seconds: float) -> bool:
    return sent_seconds > MINUTES * 50


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
