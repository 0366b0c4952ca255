"""What of two members' chunks a file gets, page by page."""

from audiocast.ogg.headers import OpusHead
from audiocast.recordings.chunk import ChunkHead, runs_of
from audiocast.recordings.closing.plan import Planner, ReadHead
from tests.unit.stream.audio import STEREO

PAGE_SAMPLES = 960
SOURCE = "5f2a-9c"


def chunk(reel: int, sequences: range, at_ms: int, opus_head: OpusHead = STEREO) -> ReadHead:
    """Return a chunk that begins a reel, with a page of 20 ms for each number."""
    head = ChunkHead(
        stream_id="abc",
        source=SOURCE,
        serial=7,
        granule=PAGE_SAMPLES,
        at_ms=at_ms,
        start=0,
        samples=PAGE_SAMPLES * len(sequences),
        runs=runs_of([(each, 1) for each in sequences]),
    )
    return ReadHead(f"{reel}", reel, head, opus_head, [PAGE_SAMPLES] * len(sequences))


def test_the_pages_that_a_reel_alone_has_follow_those_of_the_reel_before() -> None:
    planner = Planner()
    planner.add(chunk(1, range(3, 103), 1_000))
    planner.add(chunk(2, range(53, 153), 1_500))
    assert [each.skipped for each in planner.plan.chunks] == [frozenset(), frozenset(range(50))]
    assert planner.plan.samples == 150 * PAGE_SAMPLES
    assert planner.plan.missing == []


def test_pages_of_a_later_reel_that_come_before_those_of_the_first_are_not_heard_at_its_end() -> None:
    """A member that got the stream by relay has its first pages too, later than the owner had the others."""
    planner = Planner()
    planner.add(chunk(1, range(3, 103), 1_000))
    planner.add(chunk(2, range(0, 123), 1_040))
    assert [each.skipped for each in planner.plan.chunks] == [frozenset(), frozenset(range(103))]
    assert planner.plan.samples == 120 * PAGE_SAMPLES
    planner = Planner()
    planner.add(chunk(1, range(3, 103), 1_000))
    planner.add(chunk(2, range(0, 50), 1_040))
    assert len(planner.plan.chunks) == 1
