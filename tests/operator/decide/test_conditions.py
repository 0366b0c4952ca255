"""What an AudioCast's conditions say, and since when."""

from datetime import UTC, datetime, timedelta

from audiocast_operator.decide.conditions import Undated, bad_spec_conditions, build_conditions, merge
from audiocast_operator.decide.plan import Plan, Situation, make_plan
from audiocast_operator.decide.pod_state import PodState
from tests.operator.decide.pods import NEW, OLD, broken, pod

NOW = datetime(2030, 1, 1, tzinfo=UTC)


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
        [Undated("Available", True, "Serving", "3 of 3"), *bad_spec_conditions("why")], first, 2, later
    )
    times = {each.type: each.last_transition_time for each in second}
    assert times == {"Available": NOW, "Degraded": later, "Progressing": later}
    assert {each.observed_generation for each in second} == {2}


def test_what_nothing_is_said_of_stays() -> None:
    first = merge([Undated("Available", True, "Serving")], [], 1, NOW)
    assert [each.type for each in merge(bad_spec_conditions("why"), first, 2, NOW)] == [
        "Available",
        "Degraded",
        "Progressing",
    ]
