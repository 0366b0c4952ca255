"""Five minutes through nginx and HAProxy as they are shipped: nobody is cut off, nothing stutters."""

import itertools
import re
from collections.abc import Iterator

import pytest

from tests.programs.soak import PROXIES, SOAK_SECONDS, SOURCE_COMES_SECONDS, SOURCES, Soak
from tests.support.http.listener import Listener

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(SOAK_SECONDS + 180)]

# On a machine that other tests use at the same time; a proxy that cuts off or gathers is far from these.
LEAST_SHARE = 0.95
LONGEST_PAUSE_SECONDS = 5.0
# Pages come every 20 ms. A proxy that gathers 4 KiB shows 3 moments a second; `shout` reads so, and shows 5.
LEAST_MOMENTS_A_SECOND = 3.5
HEARTBEAT_SECONDS = 15.0


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Soak]:
    """Five minutes after it has begun."""
    with Soak(tmp_path_factory.mktemp("soak")) as soak:
        soak.wait()
        yield soak


def longest_pause_seconds(listener: Listener) -> float:
    return max(after - before for (before, _), (after, _) in itertools.pairwise(listener.arrivals))


@pytest.mark.parametrize("proxy", PROXIES)
@pytest.mark.parametrize("source", SOURCES)
def test_audio_is_whole_and_steady(later: Soak, source: str, proxy: str) -> None:
    listener = later.audio[source, proxy].listener
    assert listener.end is None, f"ended after {listener.arrivals[-1][0] - listener.asked_at:.0f} s"
    capture = listener.capture()
    capture.check_one_stream()
    assert capture.seconds >= SOAK_SECONDS * LEAST_SHARE
    assert longest_pause_seconds(listener) < LONGEST_PAUSE_SECONDS
    assert len(listener.arrivals) / capture.seconds > LEAST_MOMENTS_A_SECOND


@pytest.mark.parametrize("proxy", PROXIES)
def test_who_waits_hears_the_source_and_then_its_silence(later: Soak, proxy: str) -> None:
    watched = later.late[proxy]
    listener = watched.listener
    assert listener.end is None, f"ended: {listener.answer}"
    assert listener.arrivals[0][0] - listener.asked_at > SOURCE_COMES_SECONDS / 2
    assert later.server.state(watched.stream.stream_id)["state"] == "held"
    capture = listener.capture()
    capture.check_one_stream()
    assert capture.seconds >= (SOAK_SECONDS - SOURCE_COMES_SECONDS) * LEAST_SHARE - LONGEST_PAUSE_SECONDS
    assert longest_pause_seconds(listener) < LONGEST_PAUSE_SECONDS


@pytest.mark.parametrize("proxy", PROXIES)
def test_a_page_is_told_that_nothing_is_new(later: Soak, proxy: str) -> None:
    listener = later.events[proxy].listener
    assert listener.end is None, f"ended: {listener.answer}"
    assert (
        len(re.findall(rb"^: still here$", listener.body, re.MULTILINE))
        > SOAK_SECONDS / HEARTBEAT_SECONDS / 2
    )
    assert len(re.findall(rb"^event: state", listener.body, re.MULTILINE)) == 1
    assert longest_pause_seconds(listener) < HEARTBEAT_SECONDS * 2
