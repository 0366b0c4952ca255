"""Who is in step, and who is not."""

import pytest

from audiocast.stream.group import Group
from audiocast.stream.listener import Listener
from tests.unit.stream.fake_sink import FakeSink

CURSOR, GRANULE = 7, 7 * 960


def listener(cursor: int = CURSOR, unsent: bytes = b"") -> Listener:
    return Listener(FakeSink(), cursor=cursor, granule=cursor * 960, unsent=unsent, low_latency=True)


@pytest.fixture
def group() -> Group:
    """Give a group with two in step."""
    group = Group(0.0, cursor=CURSOR, granule=GRANULE)
    for _ in range(2):
        group.add(listener())
    group.advance([], CURSOR, GRANULE)
    return group


def test_a_new_one_is_a_straggler_until_a_pass_has_come_by() -> None:
    group = Group(0.0, cursor=CURSOR, granule=GRANULE)
    assert not group
    new = listener()
    group.add(new)
    assert group
    assert (group.in_step, group.stragglers) == ([], [new])
    group.advance([], CURSOR, GRANULE)
    assert (group.in_step, group.stragglers) == ([new], [])


def test_who_is_elsewhere_has_a_rest_or_other_numbers_stays_a_straggler(group: Group) -> None:
    moved = listener()
    moved.skipped_pages = 1
    others = [listener(CURSOR - 1), listener(CURSOR + 1), listener(unsent=b"x"), moved]
    for each in others:
        group.add(each)
    group.advance([], CURSOR, GRANULE)
    assert (len(group.in_step), group.stragglers) == (2, others)


def test_who_falls_behind_has_a_cursor_of_its_own_from_then_on(group: Group) -> None:
    fallen, stays = group.in_step
    group.advance([], CURSOR + 5, GRANULE + 5 * 960)
    group.fall_behind(fallen)
    fallen.unsent = b"half a page"
    group.advance([fallen], CURSOR + 6, GRANULE + 6 * 960)
    assert (group.in_step, group.stragglers) == ([stays], [fallen])
    assert (fallen.cursor, fallen.next_granule) == (CURSOR + 5, GRANULE + 5 * 960)


def test_who_has_gone_is_forgotten(group: Group) -> None:
    gone, stays = group.in_step
    gone.is_open = False
    straggler = listener(CURSOR - 1)
    straggler.is_open = False
    group.add(straggler)
    group.advance([gone], CURSOR, GRANULE)
    assert (group.in_step, group.stragglers) == ([stays], [])


def test_broken_step_leaves_all_where_the_group_was(group: Group) -> None:
    all_of_them = list(group.in_step)
    group.advance([], CURSOR + 3, GRANULE + 3 * 960)
    group.break_step()
    assert (group.in_step, group.stragglers) == ([], all_of_them)
    assert {(each.cursor, each.next_granule) for each in all_of_them} == {(CURSOR + 3, GRANULE + 3 * 960)}
