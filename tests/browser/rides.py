"""One long listening in which everything happens that may, and what an ear in the page hears of it.

The source is replaced, a server killed, the tab put to sleep, the network bad.
"""

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.browser.live_page import Tab, heard_by
from tests.browser.ticks import FRAME_SECONDS, Heard, ticks_file, typical_ms
from tests.cluster.members import Members
from tests.support.http.source import PacedSource
from tests.support.network.bad_network import BadNetwork, jitter, jitter_and_stalls, stalls

FRONT, OWNER, EDGE = "m0", "m1", "m2"
OUTAGE_SECONDS = 3.0
COUNTED_SECONDS = 4.0
"""At a part's end: by their ticks its delay is told."""

WEATHERS = {"jitter": jitter, "stalls": stalls, "jitter and stalls": jitter_and_stalls}


@dataclass(frozen=True)
class Pace:
    """How long the parts take.

    Attributes:
        settle_seconds: From the first sound, until the buffer has found its length.
        calm_seconds: After each event, the last of which count.
        adapt_seconds: To find out about bad weather.
        bad_seconds: Of bad weather that is known.
        weathers: Which of `WEATHERS`.
    """

    settle_seconds: float
    calm_seconds: float
    adapt_seconds: float
    bad_seconds: float
    weathers: tuple[str, ...]

    @property
    def seconds(self) -> int:
        """More than all of it takes."""
        events = 10 * (self.calm_seconds + OUTAGE_SECONDS)
        weathers = len(self.weathers) * (self.adapt_seconds + self.bad_seconds)
        return round(60 + self.settle_seconds + events + weathers)


@dataclass(frozen=True)
class Part:
    """A part of the ride; unix seconds.

    Attributes:
        since: When it began, with its event if it has one.
        until: When it ended.
        source_began_at: When the sound of the source began that is heard at its end.
    """

    since: float
    until: float
    source_began_at: float


@dataclass(frozen=True)
class Ride:
    """What was heard of it all.

    Attributes:
        heard: By the ear in the page.
        parts: By their names.
    """

    heard: Heard
    parts: dict[str, Part]

    def delay_ms(self, name: str) -> float:
        """Give how late the last ticks of a part were heard."""
        part = self.parts[name]
        since = part.until - COUNTED_SECONDS
        return typical_ms(self.heard.delays_ms(part.source_began_at, since, part.until))

    def holes_ms(self, name: str) -> list[float]:
        """Give how long each hole in a part was."""
        part = self.parts[name]
        return [hole.lasts_ms for hole in self.heard.holes_within(part.since, part.until)]


class _Log:
    """Notes the parts as they go by."""

    def __init__(self, source: PacedSource) -> None:
        self.source = source
        self.parts: dict[str, Part] = {}

    @contextmanager
    def part(self, name: str, seconds: float) -> Iterator[None]:
        """Note what happens in the `with` block, and so many seconds after it."""
        since = time.time()
        yield
        time.sleep(seconds)
        self.parts[name] = Part(since, time.time(), self.source.began_at)


def ride(tab: Tab, folder: Path, pace: Pace) -> Ride:
    """Listen to a cluster's edge over a network, and let it all happen."""
    calm = pace.calm_seconds
    with ExitStack() as stack:
        members = stack.enter_context(Members(folder, SOURCE_GRACE_SECONDS=13))
        started = members.start_stream(owner=OWNER, at=FRONT)
        ticks = ticks_file(folder, seconds=pace.seconds)
        source = PacedSource(started.keyed_url, ticks, lead_seconds=-FRAME_SECONDS)
        newer = PacedSource(started.keyed_url, ticks, lead_seconds=-FRAME_SECONDS)
        log = _Log(stack.enter_context(source))
        members[EDGE].wait_for_state(started.stream_id, "live")
        network = stack.enter_context(BadNetwork(members[EDGE].port))
        tab.go_to(f"{network.base}/listen/{started.stream_id}?player=webcodecs")
        tab.click("#listen-button")
        tab.wait_for("window.ear.firstSoundAt")
        with log.part("settling", pace.settle_seconds):
            pass
        with log.part("good network", calm):
            pass
        with log.part("source replaced", calm):
            log.source = stack.enter_context(newer)
        with log.part("owner killed", calm):
            members[OWNER].stop(signal.SIGKILL)
        with log.part("tab asleep", calm), tab.asleep():
            time.sleep(OUTAGE_SECONDS)
        with log.part("outage", calm), network.gone():
            time.sleep(OUTAGE_SECONDS)
        with log.part("another address", calm):
            network.move(silently=False)
        with log.part("another address, without a word", calm + OUTAGE_SECONDS):
            network.move(silently=True)
        for weather in pace.weathers:
            with network.late(WEATHERS[weather](seed=7)):
                with log.part(f"{weather}, new", pace.adapt_seconds):
                    pass
                with log.part(weather, pace.bad_seconds):
                    pass
        return Ride(heard_by(tab), log.parts)
