"""Roll-out and scale-down, decided without a cluster."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from audiocast_operator.decide.plan import (
    SLACK_SECONDS,
    OngoingDrain,
    Plan,
    Situation,
    make_plan,
    views_agree,
)
from audiocast_operator.decide.pod_state import PodState
from tests.operator.decide.pods import NEW, OLD, broken, pod


def situation(pods: Sequence[PodState], **more: Any) -> Situation:
    return Situation(**{"pods": pods, "replicas": len(pods), "wanted": len(pods), "revision": NEW, **more})


def old(ordinal: int, **more: Any) -> PodState:
    return pod(ordinal, revision=OLD, **more)


def drained(todo: Plan) -> tuple[str, str] | None:
    return (todo.drain[0].name, todo.drain[1]) if todo.drain else None


def names(pods: Sequence[PodState]) -> list[str]:
    return [each.name for each in pods]


def test_with_all_as_wanted_there_is_nothing_to_do() -> None:
    assert make_plan(situation([pod(0), pod(1)])) == Plan(replicas=2)


def test_more_pods_come_at_once() -> None:
    assert make_plan(situation([pod(0)], wanted=3)).replicas == 3


@pytest.mark.parametrize(("strategy", "first"), [("LeastListeners", "live-0"), ("Ordinal", "live-2")])
def test_a_roll_out_begins_with(strategy: str, first: str) -> None:
    pods = [old(0, listeners=1), old(1, listeners=9), old(2, listeners=4)]
    todo = make_plan(situation(pods, strategy=strategy))
    assert (drained(todo), todo.is_drain_new, todo.evict) == ((first, "RollOut"), True, ())


def test_of_pods_with_as_many_listeners_the_highest_is_first() -> None:
    assert drained(make_plan(situation([old(0), old(1), pod(2)]))) == ("live-1", "RollOut")


def test_one_that_is_being_emptied_is_waited_for_and_not_told_again() -> None:
    todo = make_plan(situation([old(0), old(1, drain="draining", listeners=3)]))
    assert (drained(todo), todo.is_drain_new, todo.evict, todo.undo_drain) == (
        ("live-1", "RollOut"),
        False,
        (),
        (),
    )


def test_an_empty_one_is_deleted() -> None:
    todo = make_plan(situation([old(0), old(1, drain="done")]))
    assert names(todo.evict) == ["live-1"]


@pytest.mark.parametrize(
    ("seconds", "deleted"), [(100 + SLACK_SECONDS, []), (101 + SLACK_SECONDS, ["live-1"])]
)
def test_one_that_does_not_get_empty_goes_at_the_deadline(seconds: float, deleted: list[str]) -> None:
    now = situation(
        [old(0), old(1, drain="draining", listeners=3)],
        timeout_seconds=100,
        drain=OngoingDrain("live-1", seconds),
    )
    assert names(make_plan(now).evict) == deleted


@pytest.mark.parametrize(
    ("pods", "why"),
    [
        ([pod(0, is_ready=False), old(1), old(2)], "live-0 is not ready yet"),
        ([pod(0, answers=False), old(1), old(2)], "live-0 is not ready yet"),
        ([pod(0), old(1, is_ready=False), old(2)], "not all pods are ready"),
        ([pod(0), old(1, answers=False), old(2)], "not all pods are ready"),
        ([pod(0, view="other"), old(1), old(2)], "the pods do not see the same members"),
        ([broken(0), old(1), old(2)], "live-0 of the new revision cannot run: CrashLoopBackOff"),
    ],
)
def test_a_roll_out_waits(pods: list[PodState], why: str) -> None:
    todo = make_plan(situation(pods))
    assert (todo.waits_for, todo.drain, todo.evict) == (why, None, ())


def test_a_roll_out_waits_for_a_pod_that_is_not_there() -> None:
    todo = make_plan(situation([pod(0), old(2)], replicas=3, wanted=3))
    assert (todo.waits_for, todo.drain) == ("a pod is not ready yet", None)


def test_a_roll_out_waits_for_its_window_but_not_in_the_middle() -> None:
    assert (
        make_plan(situation([old(0), old(1)], is_window_open=False)).waits_for
        == "the maintenance window is closed"
    )
    half_done = situation([old(0), old(1, drain="draining")], is_window_open=False)
    assert drained(make_plan(half_done)) == ("live-1", "RollOut")


def test_nothing_is_outdated_before_the_revision_is_known() -> None:
    todo = make_plan(situation([old(0), old(1)], revision=""))
    assert (todo.outdated, todo.drain, todo.evict) == ((), None, ())
    assert todo.waits_for


def test_a_broken_revision_spares_whom_it_has_not_got_yet() -> None:
    todo = make_plan(situation([broken(0), old(1, drain="draining", listeners=3), old(2)]))
    assert (names(todo.undo_drain), todo.drain, names(todo.broken)) == (["live-1"], None, ["live-0"])


def test_pods_that_nobody_can_hear_are_replaced_at_once_one_by_one() -> None:
    todo = make_plan(
        situation([broken(0, revision=OLD), broken(1, revision=OLD), old(2)], is_window_open=False)
    )
    assert (names(todo.evict), todo.drain) == (["live-0"], None)


def test_a_silent_pod_may_be_busy_and_is_not_replaced() -> None:
    assert make_plan(situation([old(0, answers=False, is_ready=False), old(1)])).evict == ()


def test_a_single_pod_is_not_drained() -> None:
    todo = make_plan(situation([old(0, listeners=3)]))
    assert (names(todo.evict), todo.drain) == (["live-0"], None)


def test_the_highest_ordinal_is_emptied_before_it_goes() -> None:
    todo = make_plan(situation([pod(0), pod(1, listeners=1), pod(2, listeners=9)], wanted=1))
    assert (drained(todo), todo.is_drain_new, todo.replicas) == (("live-2", "ScaleDown"), True, 3)
    todo = make_plan(situation([pod(0), pod(1), pod(2, drain="draining", listeners=9)], wanted=1))
    assert (drained(todo), todo.is_drain_new, todo.replicas) == (("live-2", "ScaleDown"), False, 3)
    todo = make_plan(situation([pod(0), pod(1), pod(2, drain="done")], wanted=1))
    assert (todo.replicas, todo.evict, todo.is_drain_new) == (2, (), False)


def test_a_scale_down_that_is_no_longer_wanted_is_undone() -> None:
    todo = make_plan(situation([pod(0), pod(1, drain="draining", listeners=9)], wanted=2))
    assert (names(todo.undo_drain), todo.drain, todo.replicas) == (["live-1"], None, 2)


@pytest.mark.parametrize("last", [broken(1), None])
def test_a_highest_ordinal_that_nobody_can_hear_just_goes(last: PodState | None) -> None:
    pods = [pod(0), *([last] if last else [])]
    assert make_plan(situation(pods, replicas=2, wanted=1)).replicas == 1


def test_nobody_is_sent_away_with_nobody_to_go_to() -> None:
    todo = make_plan(situation([pod(0, is_ready=False), pod(1, listeners=9)], wanted=1))
    assert (todo.drain, todo.waits_for, todo.replicas) == (None, "no other pod can take its listeners", 2)
    todo = make_plan(situation([pod(0), pod(1, answers=False)], wanted=1))
    assert (todo.drain, todo.waits_for, todo.replicas) == (None, "live-1 does not answer", 2)


def test_a_roll_out_finishes_its_pod_before_a_scale_down_begins() -> None:
    todo = make_plan(situation([old(0, drain="draining"), old(1), old(2)], wanted=2))
    assert (drained(todo), todo.replicas) == (("live-0", "RollOut"), 3)
    todo = make_plan(situation([old(0), old(1), old(2, drain="draining")], wanted=2))
    assert (drained(todo), todo.undo_drain) == (("live-2", "ScaleDown"), ())


def test_views_agree_when_all_have_told_the_same() -> None:
    assert views_agree([pod(0), pod(1)])
    assert not views_agree([pod(0), pod(1, view="other")])
    assert not views_agree([pod(0), pod(1, answers=False)])
    assert not views_agree([])


POD_STATES = some.builds(
    pod,
    some.just(0),
    listeners=some.integers(0, 3),
    revision=some.sampled_from([OLD, NEW]),
    drain=some.sampled_from(["no", "draining", "done"]),
    view=some.sampled_from(["same", "other"]),
    answers=some.booleans(),
    is_ready=some.booleans(),
    is_running=some.booleans(),
    failure=some.sampled_from(["", "CrashLoopBackOff"]),
)


@given(kinds=some.lists(POD_STATES, max_size=5), wanted=some.integers(0, 6), is_window_open=some.booleans())
def test_whatever_there_is_nobody_is_cut(kinds: list[PodState], wanted: int, is_window_open: bool) -> None:
    pods = [
        PodState(
            **{**{name: getattr(each, name) for name in each.__slots__}, "ordinal": i, "name": f"live-{i}"}
        )
        for i, each in enumerate(kinds)
    ]
    todo = make_plan(situation(pods, wanted=wanted, is_window_open=is_window_open))
    # At most one pod goes at a time, and only one that is empty, that nobody hears, or that is alone.
    lost = [each for each in pods if each in todo.evict or each.ordinal >= todo.replicas]
    assert len(lost) <= 1
    assert all(each.is_drained or each.is_gone or len(pods) == 1 for each in lost)
    # Nobody is told to go and to stay, and at most one is told to go.
    assert not (todo.drain and todo.drain[0] in todo.undo_drain)
    assert min(wanted, len(pods)) <= todo.replicas <= max(wanted, len(pods))
