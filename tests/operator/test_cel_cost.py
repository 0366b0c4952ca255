"""A real API server refuses a CRD whose rules could cost too much: ours may not, with room to spare."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from audiocast_operator.models.crd import build_audiocast_crd, build_stream_crd
from tests.operator.cel_cost import MOST_OF_A_CRD, MOST_OF_A_RULE, costs_of

# What other versions reckon otherwise has room.
SHARE = 0.5


def pod_of(crd: dict[str, Any]) -> dict[str, Any]:
    whole: dict[str, Any] = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    found: dict[str, Any] = whole["properties"]["spec"]["properties"]["pod"]["properties"]
    return found


@pytest.mark.parametrize("build", [build_audiocast_crd, build_stream_crd])
def test_no_rule_and_no_crd_costs_too_much(build: Callable[[], dict[str, Any]]) -> None:
    costs = costs_of(build())
    assert costs
    assert max(costs.values()) < SHARE * MOST_OF_A_RULE, max(costs.items(), key=lambda each: each[1])
    assert sum(costs.values()) < SHARE * MOST_OF_A_CRD


@pytest.mark.parametrize("lost", ["maxItems of containers", "maxItems of ports", "maxItems of env"])
def test_a_list_without_a_bound_would_be_refused(lost: str) -> None:
    crd = copy.deepcopy(build_audiocast_crd())
    pod = pod_of(crd)
    containers = pod["containers"]
    ports = containers["items"]["properties"]["ports"]
    del {"containers": containers, "ports": ports, "env": pod["env"]}[lost.split()[-1]]["maxItems"]
    assert max(costs_of(crd).values()) > MOST_OF_A_RULE


@pytest.mark.parametrize(
    ("bounds", "is_taken"), [(({}, {}), False), (({"maxItems": 25}, {"maxLength": 10}), True)]
)
def test_the_example_of_kubernetes_is_reckoned_as_there(
    bounds: tuple[dict[str, int], dict[str, int]], is_taken: bool
) -> None:
    # https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
    # "Resource use by validation functions".
    of_list, of_items = bounds
    foo = {
        "type": "array",
        "x-kubernetes-validations": [{"rule": "self.all(x, x.contains('a string'))"}],
        "items": {"type": "string", **of_items},
        **of_list,
    }
    schema = {"type": "object", "properties": {"foo": foo}}
    [cost] = costs_of({"spec": {"versions": [{"schema": {"openAPIV3Schema": schema}}]}}).values()
    assert (cost <= MOST_OF_A_RULE) is is_taken
