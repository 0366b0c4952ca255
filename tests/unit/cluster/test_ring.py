"""The order of members for a stream: agreed upon, even, and disturbed as little as can be."""

import time
import timeit
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiocast.cluster.ring import order, weight

STREAMS = [f"stream-{number}" for number in range(2000)]
EIGHT = [f"audiocast-{number}" for number in range(8)]

names = st.lists(st.text(min_size=1, max_size=80), unique=True, max_size=12)


def owners(members: list[str]) -> dict[str, str]:
    return {stream: order(stream, members)[0] for stream in STREAMS}


@given(st.text(), names, st.randoms(use_true_random=False))
def test_everybody_gets_the_same_order_from_the_same_names(stream_id, members, random) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(members)
    random.shuffle(shuffled)
    assert order(stream_id, shuffled) == order(stream_id, members)
    assert sorted(order(stream_id, members)) == sorted(members)


@given(st.text(), names.filter(lambda members: len(members) > 1), st.data())
def test_who_goes_leaves_the_order_of_the_others_as_it_was(stream_id, members, data) -> None:  # type: ignore[no-untyped-def]
    gone = data.draw(st.sampled_from(members))
    before = order(stream_id, members)
    after = order(stream_id, [name for name in members if name != gone])
    assert after == [name for name in before if name != gone]


def test_a_weight_is_what_it_was_in_every_version() -> None:
    """Members of two versions must agree during a roll-out: to change this is to change the protocol."""
    assert weight("8q9itnkhxs", "audiocast-0").hex() == "374e86956d3d92b1"
    # A name is the key itself up to 64 bytes, and hashed before when it is longer.
    assert weight("8q9itnkhxs", "a" * 64).hex() == "170569b3aa184933"
    assert weight("8q9itnkhxs", "a" * 65).hex() == "54194123c693e78e"
    assert order("8q9itnkhxs", EIGHT[:4]) == ["audiocast-3", "audiocast-2", "audiocast-0", "audiocast-1"]


def test_owners_are_spread_evenly() -> None:
    counts = Counter(owners(EIGHT).values())
    assert set(counts) == set(EIGHT)
    assert max(counts.values()) / (len(STREAMS) / len(EIGHT)) < 1.25


@pytest.mark.parametrize("size", [2, 8, 30, 100])
def test_a_new_member_takes_its_share_and_nothing_else_moves(size: int) -> None:
    members = [f"audiocast-{number}" for number in range(size)]
    before, after = owners(members), owners([*members, "new"])
    moved = [stream for stream in STREAMS if before[stream] != after[stream]]
    assert {after[stream] for stream in moved} == {"new"}
    assert len(moved) / len(STREAMS) == pytest.approx(1 / (size + 1), abs=0.02)


def test_the_streams_of_a_dead_member_spread_over_all_others() -> None:
    before = owners(EIGHT)
    after = owners(EIGHT[1:])
    orphans = Counter(after[stream] for stream in STREAMS if before[stream] == EIGHT[0])
    assert set(orphans) == set(EIGHT[1:])
    assert max(orphans.values()) < 2 * sum(orphans.values()) / len(orphans)


def test_a_hundred_members_are_ordered_in_no_time() -> None:
    members = [f"audiocast-{number}" for number in range(100)]
    counts = Counter(owners(members).values())
    assert len(counts) == 100
    assert len(order("x", members)) == 100
    lookup_seconds = min(timeit.repeat(lambda: order("x", members), timer=time.process_time, number=50)) / 50
    # docs/scale.md says 0.1 ms; a page of audio is 20 ms.
    assert lookup_seconds < 0.002
