"""One long listening through every disturbance, and what the probe in the page records of it.

The source is replaced, a server killed, the tab put to sleep, the network bad.
"""

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.browser.click_source import FRAME_SECONDS, ProbeRecording, click_track, median_ms
from tests.browser.live_page import Tab, recording_of
from tests.cluster.members import Members
from tests.support.http.source import PacedSource
from tests.support.network.bad_network import BadNetwork, jitter, jitter_and_stalls, stalls

FRONT, OWNER, EDGE = "m0", "m1", "m2"
OUTAGE_SECONDS = 3.0
# The end of a phase, whose clicks tell its delay.
COUNTED_SECONDS = 4.0

WEATHERS = {"jitter": jitter, "stalls": stalls, "jitter and stalls": jitter_and_stalls}


@dataclass(frozen=True)
class Durations:
    """How long the phases last.

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
class Phase:
    """A phase with at most one disturbance; unix seconds.

    Attributes:
        since: Its start, with its disturbance if it has one.
        until: Its end.
        source_began_at: When the source that is heard at its end started its sound.
    """

    since: float
    until: float
    source_began_at: float


@dataclass(frozen=True)
class ListeningReport:
    """What was heard of all phases.

    Attributes:
        recording: From the probe in the page.
        phases: By their names.
    """

    recording: ProbeRecording
    phases: dict[str, Phase]

    def delay_ms(self, name: str) -> float:
        """Return how late the last clicks of a phase were heard."""
        phase = self.phases[name]
        since = phase.until - COUNTED_SECONDS
        return median_ms(self.recording.delays_ms(phase.source_began_at, since, phase.until))

    def gaps_ms(self, name: str) -> list[float]:
        """Return how long each gap in a phase was."""
        phase = self.phases[name]
        return [gap.lasts_ms for gap in self.recording.gaps_within(phase.since, phase.until)]


class _PhaseLog:
    """Records the phases as they go by."""

    def __init__(self, source: PacedSource) -> None:
        self.source = source
        self.phases: dict[str, Phase] = {}

    @contextmanager
    def phase(self, name: str, seconds: float) -> Iterator[None]:
        """Record the `with` block, and so many seconds after it, as a phase."""
        since = time.time()
        yield
        time.sleep(seconds)
        self.phases[name] = Phase(since, time.time(), self.source.began_at)


def listen_through_disturbances(tab: Tab, folder: Path, durations: Durations) -> ListeningReport:
    """Listen to a cluster's edge over a network through all disturbances."""
    calm = durations.calm_seconds
    with ExitStack() as stack:
        members = stack.enter_context(Members(folder, SOURCE_GRACE_SECONDS=13))
        started = members.start_stream(owner=OWNER, at=FRONT)
        clicks = click_track(folder, seconds=durations.seconds)
        source = PacedSource(started.keyed_url, clicks, lead_seconds=-FRAME_SECONDS)
        newer = PacedSource(started.keyed_url, clicks, lead_seconds=-FRAME_SECONDS)
        log = _PhaseLog(stack.enter_context(source))
        members[EDGE].wait_for_state(started.stream_id, "live")
        network = stack.enter_context(BadNetwork(members[EDGE].port))
        tab.go_to(f"{network.base}/listen/{started.stream_id}?player=webcodecs")
        tab.click("#listen-button")
        tab.wait_for("window.audioProbe.firstSoundAt")
        with log.phase("settling", durations.settle_seconds):
            pass
        with log.phase("good network", calm):
            pass
        with log.phase("source replaced", calm):
            log.source = stack.enter_context(newer)
        with log.phase("owner killed", calm):
            members[OWNER].stop(signal.SIGKILL)
        with log.phase("tab asleep", calm), tab.asleep():
            time.sleep(OUTAGE_SECONDS)
        with log.phase("outage", calm), network.gone():
            time.sleep(OUTAGE_SECONDS)
        with log.phase("another address", calm):
            network.move(silently=False)
        with log.phase("another address, without a word", calm + OUTAGE_SECONDS):
            network.move(silently=True)
        for weather in durations.weathers:
            with network.late(WEATHERS[weather](seed=7)):
                with log.phase(f"{weather}, new", durations.adapt_seconds):
                    pass
                with log.phase(weather, durations.bad_seconds):
                    pass
        return ListeningReport(recording_of(tab), log.phases)
