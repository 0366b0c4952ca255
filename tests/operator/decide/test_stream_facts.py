"""What follows for a stream's keys from what pods report, one after the other or not at all."""

from datetime import UTC, datetime
from typing import Any

import pytest

from audiocast_operator.decide.stream_facts import (
    StreamFacts,
    facts_before,
    find_facts,
    merge_reports,
    newest_ends,
)
from audiocast_operator.models.stream import EndStatus, StreamSpec, StreamStatus
from audiocast_operator.protocol.member_status import EndReport, StreamReport, StreamRules

MINUTE = 60.0
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def stream(**more: Any) -> StreamSpec:
    return StreamSpec.model_validate({"audioCast": "live", "id": "news", **more})


def end(generation: int = 1, *, minutes: float = 0, reopened: bool = False) -> EndReport:
    at = NOON.timestamp() + minutes * MINUTE + 0.4
    return EndReport(stream_id="news", generation=generation, at=at, reopened=reopened)


NOTED = EndStatus(at=NOON, key_generation=1)


def test_an_end_is_noted_in_whole_seconds_and_holds_when_nobody_knows_of_it_any_more() -> None:
    facts = find_facts(StreamFacts(1), stream(), None, end())
    assert facts == StreamFacts(1, NOTED)
    assert facts.as_rules(stream()) == StreamRules(0, False, True)
    assert find_facts(facts, stream(), None, None) == facts
    assert find_facts(facts, stream(), None, end()) == facts, "the same end is no news"


def test_a_reopening_is_the_end_of_an_end_and_an_older_one_is_not() -> None:
    ended = StreamFacts(1, NOTED)
    assert find_facts(ended, stream(), None, end(minutes=1, reopened=True)) == StreamFacts(1)
    assert find_facts(ended, stream(), None, end(reopened=True)) == StreamFacts(1), "in the same second"
    assert find_facts(ended, stream(), None, end(minutes=-1, reopened=True)) == ended
    again = find_facts(ended, stream(), None, end(minutes=5))
    assert again.end is not None
    assert again.end.at.minute == 5


def test_a_key_that_comes_after_an_end_begins_anew_and_replaces_the_one_before() -> None:
    facts = find_facts(StreamFacts(1, NOTED), stream(keyGeneration=2), None, end())
    assert facts == StreamFacts(2)
    assert facts.as_rules(stream()) == StreamRules(2)
    # The pods go on to report the end by the key of before.
    assert find_facts(facts, stream(keyGeneration=2), None, end()) == facts
    # Without an end, a key is good until a newer one is used.
    assert find_facts(StreamFacts(1), stream(keyGeneration=2), None, None) == StreamFacts(1)


def test_an_end_by_a_key_that_was_replaced_is_none() -> None:
    on_air = StreamReport(stream_id="news", state="live", generation=2)
    assert find_facts(StreamFacts(1, NOTED), stream(), on_air, None) == StreamFacts(2)
    assert find_facts(StreamFacts(1), stream(), on_air, end()) == StreamFacts(2)
    assert find_facts(StreamFacts(2), stream(), on_air, end(2)).end is not None


def test_what_was_found_out_since_the_status_was_written_counts() -> None:
    written = StreamStatus(used_generation=2, ended=NOTED)
    assert facts_before(written, None) == StreamFacts(2, NOTED)
    assert facts_before(written, StreamFacts(3)) == StreamFacts(3)
    assert facts_before(StreamStatus(used_generation=4), StreamFacts(3, NOTED)) == StreamFacts(4, NOTED)


@pytest.mark.parametrize("is_turned", [False, True])
def test_of_what_pods_report_the_newest_counts(is_turned: bool) -> None:
    other = end(minutes=9).model_copy(update={"stream_id": "other"})
    reports = [end(), end(minutes=3, reopened=True), end(minutes=2), other]
    newest = newest_ends(reversed(reports) if is_turned else reports)
    assert newest == {"news": end(minutes=3, reopened=True), "other": other}


def test_listeners_as_hls_at_a_pod_without_the_stream_count() -> None:
    heard = StreamReport(stream_id="news", state="waiting", listeners=3)
    owner = StreamReport(stream_id="news", state="live", listeners=4, is_owner=True, owner="a")
    merged = merge_reports([heard, owner])
    assert (merged["news"].state, merged["news"].listeners, merged["news"].owner) == ("live", 7, "a")
    assert merge_reports([heard]) == {}, "a stream that no pod has is not on the air"
