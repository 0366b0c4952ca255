"""The document is OpenAPI 3.1, and says what programs and pages need."""

import json
from typing import Any

import pytest

from audiocast.web.contract.document import openapi
from tests.repo import tree

DOCUMENT = openapi("1.2.3")


def walk(node: Any) -> Any:
    """Give all objects in a JSON value."""
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from walk(each)


def test_it_is_of_this_version_and_has_no_address() -> None:
    assert (DOCUMENT["openapi"], DOCUMENT["info"]["version"]) == ("3.1.1", "1.2.3")
    assert DOCUMENT["servers"] == [{"url": "/"}]
    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT


def test_what_it_refers_to_is_there() -> None:
    references = {each["$ref"] for each in walk(DOCUMENT) if "$ref" in each}
    there = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert references <= there
    schemes = DOCUMENT["components"]["securitySchemes"].keys()
    assert {name for each in walk(DOCUMENT) for use in each.get("security", []) for name in use} == schemes


def test_a_state_has_the_fields_that_are_documented() -> None:
    text = (tree.ROOT / "docs" / "api.md").read_text()
    table = text[text.index("## The state of a stream") : text.index("With `Authorization: Bearer` and")]
    documented = {
        name.strip("`")
        for row in table.splitlines()
        if row.startswith("| `")
        for name in row.split("|")[1].strip().split(", ")
    }
    state = DOCUMENT["components"]["schemas"]["StreamState"]
    assert documented == state["properties"].keys(), (
        "docs/api.md and audiocast/web/contract/responses.py differ"
    )
    assert sorted(documented) == sorted(state["required"])
    details = DOCUMENT["components"]["schemas"]["StreamDetails"]
    assert details["properties"].keys() - documented == {
        *("cover_url", "description", "last_refusal", "link", "local_url")
    }
    assert sorted(details["required"]) == sorted([*state["required"], "cover_url", "description", "link"])


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_each_get_has_its_head_without_a_body(path: str) -> None:
    methods = DOCUMENT["paths"][path]
    assert ("get" in methods) == ("head" in methods)
    for answer in methods.get("head", {"responses": {}})["responses"].values():
        assert "content" not in answer


def test_errors_name_their_codes() -> None:
    refusal = DOCUMENT["paths"]["/api/start"]["post"]["responses"]["403"]
    reference, only = refusal["content"]["application/json"]["schema"]["allOf"]
    assert reference == {"$ref": "#/components/schemas/Error"}
    assert only["properties"]["error"]["enum"] == ["banned", "id_needs_token", "id_outside_share"]
