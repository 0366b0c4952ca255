"""What the slices of a Service say, alone and together."""

import copy
import random
from typing import Any

import pytest

from audiocast.cluster.discovery.endpoint_slices import EndpointSlices
from audiocast.cluster.errors import BadMessage, Refused
from tests.cluster.api_server import PORT_NAME, endpoint, endpoint_slice

A, B, C = "10.0.0.1", "10.0.0.2", "10.0.0.3"


def listed(*slices: dict[str, Any]) -> EndpointSlices:
    found = EndpointSlices()
    assert found.replace({"metadata": {"resourceVersion": "7"}, "items": list(slices)}) == "7"
    return found


def event(kind: str, what: dict[str, Any], version: str = "8") -> dict[str, Any]:
    what = copy.deepcopy(what)
    what["metadata"]["resourceVersion"] = version
    return {"type": kind, "object": what}


def test_a_pod_that_serves_is_a_candidate_at_the_named_or_numbered_port() -> None:
    found = listed(endpoint_slice("s", 8001, endpoint(A), endpoint(B)))
    assert found.addresses(PORT_NAME) == [f"{A}:8001", f"{B}:8001"]
    assert found.addresses(9001) == [f"{A}:9001", f"{B}:9001"]
    assert found.addresses("another") == []
    assert found.port_names == {PORT_NAME}


def test_a_pod_that_stops_is_none_though_it_is_ready_and_serves() -> None:
    found = listed(endpoint_slice("s", 8001, endpoint(A), endpoint(B, terminating=True)))
    assert found.addresses(PORT_NAME) == [f"{A}:8001"]


def test_a_pod_that_does_not_serve_is_none_while_others_do() -> None:
    found = listed(endpoint_slice("s", 8001, endpoint(A), endpoint(B, serving=False)))
    assert found.addresses(PORT_NAME) == [f"{A}:8001"]


def test_when_all_start_all_are_candidates_but_for_those_that_stop() -> None:
    stops = endpoint(C, serving=False, terminating=True)
    starting = [endpoint(A, serving=False), endpoint(B, serving=False), stops]
    assert listed(endpoint_slice("s", 8001, *starting)).addresses(1) == [f"{A}:1", f"{B}:1"]


@pytest.mark.parametrize("conditions", [{"serving": None, "terminating": None}, {}, None])
def test_what_is_not_said_means_serving_and_staying(conditions: dict[str, None] | None) -> None:
    said = {"addresses": [A], "conditions": conditions}
    assert listed(endpoint_slice("s", 8001, said)).addresses(1) == [f"{A}:1"]
    del said["conditions"]
    assert listed(endpoint_slice("s", 8001, said)).addresses(1) == [f"{A}:1"]


def test_several_slices_are_one_service_and_a_pod_in_two_of_them_is_one() -> None:
    found = listed(
        endpoint_slice("s1", 8001, endpoint(A), endpoint(B)),
        endpoint_slice("s2", 8001, endpoint(B), endpoint(C)),
    )
    assert found.addresses(PORT_NAME) == [f"{A}:8001", f"{B}:8001", f"{C}:8001"]


def test_slices_may_have_different_ports() -> None:
    found = listed(endpoint_slice("s1", 8001, endpoint(A)), endpoint_slice("s2", 8002, endpoint(B)))
    assert found.addresses(PORT_NAME) == [f"{A}:8001", f"{B}:8002"]


def test_an_address_of_version_6_is_in_brackets_and_a_host_name_is_nobody() -> None:
    six = endpoint_slice("s6", 8001, endpoint("fd00::a"), family="IPv6")
    name = endpoint_slice("n", 8001, endpoint("elsewhere.example"), family="FQDN")
    assert listed(six, name).addresses(PORT_NAME) == ["[fd00::a]:8001"]


def test_a_service_without_pods_has_none() -> None:
    found = listed(endpoint_slice("s", 8001), {**endpoint_slice("t", 8001), "ports": None})
    assert (found.addresses(PORT_NAME), found.addresses(1)) == ([], [])
    assert found.replace({"metadata": {"resourceVersion": "1"}, "items": None}) == "1"
    assert found.port_names == set()


def test_events_change_it_slice_by_slice() -> None:
    one, two = endpoint_slice("s1", 8001, endpoint(A)), endpoint_slice("s2", 8001, endpoint(B))
    found = listed(one)
    assert found.apply(event("ADDED", two, "8")) == "8"
    assert found.addresses(1) == [f"{A}:1", f"{B}:1"]
    assert found.apply(event("MODIFIED", endpoint_slice("s1", 8001, endpoint(C)), "9")) == "9"
    assert set(found.addresses(1)) == {f"{B}:1", f"{C}:1"}
    assert found.apply({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "12"}}}) == "12"
    assert found.apply(event("DELETED", two, "13")) == "13"
    assert found.apply(event("DELETED", two, "14")) == "14", "what is not there can go"
    assert found.addresses(1) == [f"{C}:1"]


def test_a_new_list_replaces_what_events_have_made() -> None:
    found = listed(endpoint_slice("s1", 8001, endpoint(A)))
    found.apply(event("ADDED", endpoint_slice("s2", 8001, endpoint(B))))
    found.replace({"metadata": {"resourceVersion": "20"}, "items": [endpoint_slice("s3", 8001, endpoint(C))]})
    assert found.addresses(1) == [f"{C}:1"]


def test_events_in_any_order_end_as_a_list_of_the_same_would() -> None:
    chance = random.Random(7)
    for _ in range(100):
        found, slices = listed(), dict[str, dict[str, Any]]()
        for _ in range(20):
            name = chance.choice("abc")
            pods = [
                endpoint(f"10.0.0.{chance.randrange(9)}", serving=chance.random() < 0.7) for _ in range(3)
            ]
            if name in slices and chance.random() < 0.3:
                found.apply(event("DELETED", slices.pop(name)))
            else:
                kind = "MODIFIED" if name in slices else "ADDED"
                slices[name] = endpoint_slice(name, 8001, *pods)
                found.apply(event(kind, slices[name]))
        assert set(found.addresses(PORT_NAME)) == set(listed(*slices.values()).addresses(PORT_NAME))


def test_an_error_says_what_it_is() -> None:
    said = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version: 1 (9)"}
    with pytest.raises(Refused) as bounded:
        listed().apply({"type": "ERROR", "object": {**said, "message": "m" * 1000}})
    assert bounded.value.message == "m" * 300
    with pytest.raises(Refused, match="410 Expired: too old resource version") as caught:
        listed().apply({"type": "ERROR", "object": said})
    assert caught.value.status == 410


GOOD = endpoint_slice("s", 8001, endpoint(A))


@pytest.mark.parametrize(
    "bad",
    [
        {**GOOD, "endpoints": {"a": 1}},
        {**GOOD, "endpoints": ["x"]},
        {**GOOD, "endpoints": [{}]},
        {**GOOD, "endpoints": [{"addresses": []}]},
        {**GOOD, "endpoints": [{"addresses": [5]}]},
        {**GOOD, "endpoints": [{"addresses": ["no address"]}]},
        {**GOOD, "endpoints": [{"addresses": ["10.0.0.1/evil?"]}]},
        {**GOOD, "ports": "8001"},
        {**GOOD, "ports": [8001]},
        {**GOOD, "ports": [{"name": "x"}]},
        {**GOOD, "ports": [{"name": "x", "port": 0}]},
        {**GOOD, "ports": [{"name": "x", "port": "8001"}]},
        {**GOOD, "metadata": {"resourceVersion": "8"}},
    ],
)
def test_what_is_no_slice_is_refused_and_changes_nothing(bad: dict[str, Any]) -> None:
    found = listed(endpoint_slice("before", 8001, endpoint(B)))
    with pytest.raises(BadMessage, match="expected"):
        found.replace({"metadata": {"resourceVersion": "8"}, "items": [GOOD, bad]})
    with pytest.raises(BadMessage, match="expected"):
        found.apply(event("ADDED", bad))
    assert found.addresses(1) == [f"{B}:1"]


@pytest.mark.parametrize(
    "said",
    [
        None,
        [],
        "x",
        {},
        {"items": []},
        {"metadata": {}, "items": []},
        {"metadata": {"resourceVersion": 5}, "items": []},
    ],
)
def test_what_is_no_list_is_refused(said: object) -> None:
    with pytest.raises(BadMessage, match="expected a list of EndpointSlices, got"):
        EndpointSlices().replace(said)


@pytest.mark.parametrize(
    "said",
    [None, [], {}, {"type": "ADDED"}, {"type": "NEWS", "object": GOOD}, {"type": "ERROR", "object": {}}],
)
def test_what_is_no_event_is_refused(said: object) -> None:
    with pytest.raises(BadMessage, match="expected an event of a watch, got"):
        EndpointSlices().apply(said)


@pytest.mark.parametrize("number", [1, 65_535])
def test_every_port_that_exists_is_taken(number: int) -> None:
    assert listed(endpoint_slice("s", number, endpoint(A))).addresses(PORT_NAME) == [f"{A}:{number}"]


@pytest.mark.parametrize("number", [-1, 65_536])
def test_a_port_that_does_not_exist_is_refused(number: int) -> None:
    with pytest.raises(BadMessage, match="expected a port"):
        listed(endpoint_slice("s", number, endpoint(A)))


def test_its_size_is_the_number_of_its_endpoints() -> None:
    one, two = endpoint_slice("s1", 8001, endpoint(A)), endpoint_slice("s2", 8001, endpoint(A), endpoint(B))
    assert len(listed(one, two)) == 3
