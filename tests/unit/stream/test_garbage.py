"""What a stream holds is nothing that the garbage collector walks over: the loop stands still meanwhile."""

import gc

from audiocast.stream.hub_state import HubLimits
from tests.unit.stream.hub_harness import HubHarness

PACKETS = 400

# A hub with its source has some eighty objects of its own; a page of 20 ms would be one to three more.
MOST_OBJECTS = 150


def test_the_garbage_collector_follows_no_pages() -> None:
    harness = HubHarness(HubLimits(log_sources=True))
    gc.collect()
    before = len(gc.get_objects())
    broadcaster = harness.live(range(PACKETS))
    harness.clock.settle()
    gc.collect()
    assert len(gc.get_objects()) - before < MOST_OBJECTS
    assert broadcaster.source.has_audio
    assert harness.hub.source_log is not None
    assert len(harness.hub.source_log.pages(harness.hub.source_log.first)) >= PACKETS
