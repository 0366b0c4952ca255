"""Pods as the API gives them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audiocast_operator.decide.pod_state import STUCK_SECONDS, internal_address, ordinal_of, parse_pod
from audiocast_operator.protocol.member_status import MemberStatus, parse_streams

NOW = datetime(2030, 1, 1, tzinfo=UTC)
RUNNING = {"running": {"startedAt": "2029-12-31T23:00:00Z"}}


def raw(
    *, ready: bool = True, state: dict[str, Any] | None = None, age: float = 60, ip: str = "10.0.0.7"
) -> dict[str, Any]:
    since = (NOW - timedelta(seconds=age)).isoformat()
    condition = {"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": since}
    return {
        "metadata": {
            "name": "live-12",
            "uid": "u",
            "creationTimestamp": since,
            "labels": {"controller-revision-hash": "live-abc"},
        },
        "spec": {
            "containers": [{"name": "audiocast", "ports": [{"name": "internal", "containerPort": 9001}]}]
        },
        "status": {
            "podIP": ip,
            "conditions": [condition],
            "containerStatuses": [{"restartCount": 2, "state": state or RUNNING}],
        },
    }


def test_a_pod_is_read() -> None:
    found = parse_pod(raw(), 12, MemberStatus(view="v", listeners=3), NOW)
    assert found is not None
    assert (found.ordinal, found.revision, found.address) == (12, "live-abc", "10.0.0.7:9001")
    assert (found.listeners, found.is_serving, found.process_id, found.failure) == (3, True, "u/2", "")


def test_a_pod_on_its_way_out_is_none() -> None:
    leaving = raw()
    leaving["metadata"]["deletionTimestamp"] = "2030-01-01T00:00:00Z"
    assert parse_pod(leaving, 12, None, NOW) is None


@pytest.mark.parametrize(("ip", "expected"), [("", ""), ("fd00::7", "[fd00::7]:9001")])
def test_addresses(ip: str, expected: str) -> None:
    assert internal_address(raw(ip=ip)) == expected


@pytest.mark.parametrize("reason", ["CrashLoopBackOff", "ImagePullBackOff", "CreateContainerConfigError"])
def test_a_container_that_cannot_run_is_trouble(reason: str) -> None:
    found = parse_pod(raw(ready=False, state={"waiting": {"reason": reason}}), 12, None, NOW)
    assert found is not None
    assert (found.failure, found.is_gone) == (reason, True)


def test_a_container_that_is_on_its_way_is_none() -> None:
    found = parse_pod(raw(ready=False, state={"waiting": {"reason": "ContainerCreating"}}), 12, None, NOW)
    assert found is not None
    assert (found.failure, found.is_gone) == ("", True)


@pytest.mark.parametrize(("age", "is_gone"), [(STUCK_SECONDS - 1, False), (STUCK_SECONDS + 1, True)])
def test_a_process_that_says_nothing_is_given_up_after_a_while(age: float, is_gone: bool) -> None:
    found = parse_pod(raw(ready=False, age=age), 12, None, NOW)
    assert found is not None
    assert found.is_gone is is_gone


def test_a_pod_that_says_more_than_is_known_is_understood() -> None:
    reported = MemberStatus.model_validate(
        {"view": "v", "name": "live-0", "drain": {"state": "done", "new": 1}}
    )
    assert reported.drain.state == "done"
    told = parse_streams({"streams": [{"stream_id": "a", "is_owner": True, "new": 1}], "new": 1})
    assert told.streams[0].is_owner
    assert told.ends == [], "as a server says that is older"


@pytest.mark.parametrize(
    ("name", "ordinal"),
    [
        ("live-0", 0),
        ("live-12", 12),
        ("live-0-debug", None),
        ("live-", None),
        ("live", None),
        ("live--1", None),
        ("live-\u0661", None),
        ("live-x-0", None),
        ("other-0", None),
    ],
)
def test_only_a_statefulsets_own_names_have_an_ordinal(name: str, ordinal: int | None) -> None:
    assert ordinal_of(name, "live") == ordinal
