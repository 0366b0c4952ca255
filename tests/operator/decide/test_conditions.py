"""What an AudioCast's conditions say, and since when."""

from datetime import UTC, datetime, timedelta

from audiocast_operator.decide.conditions import (
    Failures,
    Undated,
    build_conditions,
    merge,
    monitored_condition,
    stopped_conditions,
    with_failures,
)
from audiocast_operator.decide.plan import Plan, Situation, make_plan
from audiocast_operator.decide.pod_state import PodState
from tests.operator.decide.pods import NEW, OLD, broken, pod

NOW = datetime(2030, 1, 1, tzinfo=UTC)
BAD = Failures(lasting=("BadSpec", "why"))


def said(
    pods: list[PodState], *, wanted: int | None = None, paused: bool = False
) -> dict[str, tuple[bool, str]]:
    wanted = len(pods) if wanted is None else wanted
    todo = make_plan(Situation(pods=pods, replicas=len(pods), wanted=wanted, revision=NEW))
    told = build_conditions(todo, pods, wanted=wanted, is_paused=paused, is_rotating=False)
    return {each.type: (each.holds, each.reason) for each in told}


def test_all_as_wanted() -> None:
    assert said([pod(0), pod(1)]) == {
        "Available": (True, "Serving"),
        "Progressing": (False, "Complete"),
        "Degraded": (False, "AsWanted"),
        "Draining": (False, "NobodyLeaves"),
    }


def test_a_roll_out() -> None:
    told = said([pod(0), pod(1, revision=OLD)])
    assert (told["Progressing"], told["Draining"]) == ((True, "RollOut"), (True, "RollOut"))


def test_a_roll_out_that_has_stopped() -> None:
    told = said([broken(0), pod(1, revision=OLD)])
    assert (told["Progressing"], told["Degraded"]) == ((False, "Stopped"), (True, "RollOutStopped"))
    assert told["Available"] == (True, "Serving")


def test_a_scale_down() -> None:
    told = said([pod(0), pod(1)], wanted=1)
    assert (told["Progressing"], told["Draining"]) == ((True, "Scaling"), (True, "ScaleDown"))


def test_pods_that_start() -> None:
    told = said([pod(0, is_ready=False)])
    assert (told["Available"], told["Progressing"]) == ((False, "NoPodReady"), (True, "Starting"))


def test_pods_that_cannot_run_or_do_not_answer() -> None:
    assert said([broken(0)])["Degraded"] == (True, "CrashLoopBackOff")
    assert said([pod(0, answers=False)])["Degraded"] == (True, "NoAnswer")


def test_paused_and_none_wanted() -> None:
    assert said([pod(0)], paused=True)["Progressing"] == (False, "Paused")
    assert said([], wanted=0)["Available"] == (False, "ScaledToZero")


def test_a_rotation_is_progress() -> None:
    told = build_conditions(Plan(replicas=1), [pod(0)], wanted=1, is_paused=False, is_rotating=True)
    assert [each.reason for each in told if each.type == "Progressing"] == ["Rotation"]


def test_the_time_is_that_of_the_last_change() -> None:
    first = merge([Undated("Available", True, "Serving"), Undated("Degraded", False, "AsWanted")], [], 1, NOW)
    later = NOW + timedelta(minutes=5)
    second = merge(
        [Undated("Available", True, "Serving", "3 of 3"), *stopped_conditions(BAD)], first, 2, later
    )
    times = {each.type: each.last_transition_time for each in second}
    assert times == {"Available": NOW, "Degraded": later, "Progressing": later}
    assert {each.observed_generation for each in second} == {2}


def test_what_nothing_is_said_of_stays() -> None:
    first = merge([Undated("Available", True, "Serving")], [], 1, NOW)
    assert [each.type for each in merge(stopped_conditions(BAD), first, 2, NOW)] == [
        "Available",
        "Degraded",
        "Progressing",
    ]


def test_trouble_beside_the_pods_is_told_with_what_they_show() -> None:
    found = [
        Undated("Progressing", True, "RollOut", "1 of 2"),
        Undated("Degraded", True, "RollOutStopped", "live-1"),
    ]
    failures = Failures(lasting=("NameTaken", "Service live"), passing=("TryAgain", "500"))
    told = {each.type: each for each in with_failures(found, failures)}
    assert told["Degraded"] == Undated("Degraded", True, "NameTaken", "Service live; live-1")
    assert told["Progressing"] == Undated("Progressing", True, "RollOut", "1 of 2; 500")
    assert with_failures(found, Failures()) == found


def test_what_passes_is_progress_and_no_fault() -> None:
    found = [Undated("Progressing", False, "Complete"), Undated("Degraded", False, "AsWanted")]
    told = {each.type: each for each in with_failures(found, Failures(passing=("TryAgain", "429")))}
    assert told["Progressing"] == Undated("Progressing", True, "TryAgain", "429")
    assert told["Degraded"].holds is False
    assert stopped_conditions(Failures(passing=("TryAgain", "429"))) == [told["Progressing"]]


def test_a_condition_that_is_no_longer_asked_for_goes() -> None:
    first = merge([monitored_condition("PodMonitor is not installed")], [], 1, NOW)
    assert [(each.type, each.status, each.reason) for each in first] == [
        ("Monitored", "False", "NotInstalled")
    ]
    assert merge([], first, 2, NOW, drop=("Monitored",)) == []


def test_nobody_is_broken_before_the_revision_is_known() -> None:
    pods = [broken(0, revision=OLD), pod(1, revision=OLD)]
    todo = make_plan(Situation(pods=pods, replicas=2, wanted=2, revision=""))
    told = build_conditions(todo, pods, wanted=2, is_paused=False, is_rotating=False)
    [progressing] = [each for each in told if each.type == "Progressing"]
    assert (progressing.holds, progressing.reason) == (True, "Waiting")
