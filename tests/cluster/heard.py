"""What a listener has heard of numbered audio, and what it had to wait for."""

from itertools import pairwise

from tests.support.audio.numbered_audio import number_of
from tests.support.http.listener import Listener
from tests.support.processes.server import Started


def path_of(started: Started) -> str:
    """Give the path that listeners ask for: all of the backlog, and each page as it comes."""
    return f"/stream/{started.stream_id}?preroll=20&latency=low"


def numbers(listener: Listener) -> list[int]:
    """Give the numbers of all packets so far, 0 for silence, after a look at the promise of one stream."""
    capture = listener.capture()
    capture.check_one_stream()
    return [number_of(packet) for packet in capture.packets]


def sounding(listener: Listener) -> list[int]:
    """Give the numbers of all packets so far but the first one and silence."""
    return [number for number in numbers(listener) if number]


def check_every_page_once(listener: Listener) -> None:
    """Hold what was heard against the source: nothing is lost or repeated, and no silence was put in."""
    heard = numbers(listener)
    assert heard == list(range(len(heard)))


def longest_pause(listener: Listener, since: float) -> float:
    """Give the longest time without a byte since a moment of `time.monotonic`, seconds."""
    times = [at for at, _ in listener.arrivals if at >= since]
    return max(after - before for before, after in pairwise([since, *times]))
