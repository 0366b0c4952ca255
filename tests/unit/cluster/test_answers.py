"""What members say of the same stream becomes one state."""

from typing import Any

from audiocast.cluster.answers import merge, merge_all, public


def state(**fields: Any) -> dict[str, Any]:
    return {
        "stream_id": "abc",
        "state": "live",
        "started_at": 5.0,
        "listeners": 1,
        "listener_peak": 1,
        "is_owner": False,
        "owner": "m0",
        **fields,
    }


def test_nobody_knows_it() -> None:
    assert merge([]) is None


def test_the_owner_is_believed_and_all_listeners_count() -> None:
    mine, owners = state(owner="?", title=""), state(is_owner=True, owner="m1", title="T", listeners=40)
    whole = merge([mine, owners, state(listeners=2, state="held")])
    assert whole is not None
    assert (whole["owner"], whole["title"], whole["listeners"], whole["state"]) == ("m1", "T", 43, "live")


def test_without_an_owner_who_has_it_on_is_believed() -> None:
    whole = merge([state(state="ended"), state(state="waiting"), state(state="held", owner="m2")])
    assert whole is not None
    assert (whole["state"], whole["owner"]) == ("held", "m2")


def test_a_peak_is_never_below_the_number_of_now() -> None:
    whole = merge([state(listeners=3, listener_peak=3), state(listeners=4, listener_peak=5)])
    assert whole is not None
    assert whole["listener_peak"] == 7


def test_one_that_sends_the_encoder_away_is_enough() -> None:
    whole = merge([state(is_owner=True, draining=False), state(draining=True)])
    assert whole is not None
    assert whole["draining"]


def test_each_stream_is_listed_once_the_oldest_first() -> None:
    young = state(stream_id="young", started_at=9.0)
    listed = merge_all([young, state(), state(listeners=2)])
    assert [(each["stream_id"], each["listeners"]) for each in listed] == [("abc", 3), ("young", 1)]


def test_the_public_is_not_told_what_members_tell_each_other() -> None:
    assert set(state()) - set(public(state())) == {"is_owner", "listener_peak"}
