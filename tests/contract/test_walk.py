"""A real server answers as its OpenAPI document says, whatever it is asked."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from tests.contract.walk import Walk, document_of, walked_server
from tests.support.processes.server import AudiocastServer, Started

EXAMPLES = 8


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[AudiocastServer, Started]]:
    with walked_server(tmp_path_factory.mktemp("walk") / "server.log") as made:
        yield made


@pytest.mark.timeout(900)
def test_answers_are_as_declared_and_each_operation_has_one_that_is_no_error(
    walked: tuple[AudiocastServer, Started],
) -> None:
    walk = Walk(*walked, number=1, document=document_of(walked[0]))
    walk.run(EXAMPLES, rounds=iter([0]))
    assert walk.faults == {}
    # 426: the WebSocket's own, without an upgrade.
    good = {label for label, status in walk.answered if status < 400 or status == 426}
    # The walk's stream is not private: whatever code is typed is wrong.
    assert {each.label for each in walk.operations()} - good == {"POST /listen/{id}/code"}


def states(schemas: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the schemas of a stream's state, with and without what depends on who asks."""
    return [
        each for each in schemas.values() if {"stream_id", "listeners"} <= each.get("properties", {}).keys()
    ]


def without_a_field(paths: dict[str, Any], schemas: dict[str, Any]) -> None:
    for state in states(schemas):
        del state["properties"]["listeners"]
        state["required"].remove("listeners")


def without_a_status(paths: dict[str, Any], schemas: dict[str, Any]) -> None:
    del paths["/api/streams"]["get"]["responses"]["200"]


def with_another_type(paths: dict[str, Any], schemas: dict[str, Any]) -> None:
    for state in states(schemas):
        state["properties"]["title"] = {"type": "integer"}


@pytest.mark.parametrize("break_it", [without_a_field, without_a_status, with_another_type])
def test_what_is_not_declared_is_found(walked: tuple[AudiocastServer, Started], break_it: Any) -> None:
    document = deepcopy(document_of(walked[0]))
    break_it(document["paths"], document["components"]["schemas"])
    document["paths"] = {"/api/streams": document["paths"]["/api/streams"]}
    walk = Walk(*walked, number=1, document=document)
    walk.run(2, rounds=iter([0]))
    assert [what for what in walk.faults if what.startswith("GET /api/streams: 200")]
