"""Targets in a file: what may stand there, and what is said of what may not."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from audiocast.webhook_targets_file import (
    MAX_BYTES,
    MAX_TARGETS,
    BadTargets,
    WebhookTargetsFile,
    parse_targets,
)
from audiocast.webhooks.target import Target

SECRET = f"whsec_{base64.b64encode(b'a' * 24).decode()}"
GOOD = {"stream": "news", "id": "crm", "url": "https://crm.example/hooks?token=precious", "secrets": [SECRET]}


def text(*targets: object, **more: Any) -> bytes:
    return json.dumps({"audiocast-webhooks": 1, "targets": targets, **more}).encode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"stream": "a b"}, "news/crm: expected the id of a stream"),
        ({"stream": 5}, "expected a text as stream"),
        ({"id": ""}, "expected an id of 1 to 64 characters"),
        ({"id": "i" * 65}, "expected an id of 1 to 64 characters"),
        ({"url": "https://me@crm.example/precious"}, "expected user:password@ in a URL, or neither"),
        ({"url": None}, "expected a text as url"),
        ({"secrets": []}, "expected 1 to 10 secrets"),
        ({"secrets": [SECRET] * 11}, "expected 1 to 10 secrets"),
        ({"secrets": ["precious"]}, "expected whsec_ and 24 to 64 bytes as base64"),
        ({"secrets": SECRET}, "expected a list of texts as secrets"),
        ({"events": ["stream.gone"]}, "expected types of events, got 'stream.gone'"),
        ({"id": "other"}, "expected an id that no other target of the stream has"),
    ],
)
def test_a_target_that_cannot_be_used_is_left_out(change: dict[str, object], words: str) -> None:
    other = GOOD | {"id": "other"}
    targets, [fault] = parse_targets(text(other, GOOD | change))
    assert set(targets) == {"news/other"}
    assert fault.startswith("target 2 ")
    assert fault.endswith(words.rpartition(": ")[2])
    assert "precious" not in fault
    assert SECRET not in fault


def test_what_is_not_an_object_is_left_out_and_what_is_new_is_passed_over() -> None:
    targets, faults = parse_targets(text("crm", GOOD | {"colour": "red"}, colour="red"))
    assert set(targets) == {"news/crm"}
    assert faults == ["target 1 : expected an object"]


@pytest.mark.parametrize(
    "content",
    [
        b"whsec_precious",
        b"[]",
        b"\xff\xfe",
        text()[:-1],
        b'{"audiocast-webhooks": 2, "targets": []}',
        b'{"audiocast-webhooks": 1, "targets": {}}',
        text(*[{}] * (MAX_TARGETS + 1)),
        b" " * (MAX_BYTES + 1),
    ],
)
def test_a_file_of_another_form_is_refused_whole(content: bytes) -> None:
    with pytest.raises(BadTargets) as refused:
        parse_targets(content)
    assert "precious" not in str(refused.value)


class Used:
    """Remembers what it is told to use."""

    def __init__(self) -> None:
        self.names: list[list[str]] = []

    def use(self, targets: Mapping[str, Target]) -> None:
        self.names.append(sorted(targets))


async def test_it_is_used_when_it_comes_changes_and_goes(tmp_path: Path) -> None:
    path, used = tmp_path / "targets.json", Used()
    file = WebhookTargetsFile(path, used)
    await file.look()
    path.write_bytes(text(GOOD))
    for _ in range(2):
        await file.look()
    assert used.names == [[], ["news/crm"]]
    path.write_bytes(b"{}")
    await file.look()
    assert (file.is_refused, used.names) == (True, [[], ["news/crm"]])
    path.write_bytes(text(GOOD, GOOD | {"id": "chat"}))
    await file.look()
    path.unlink()
    await file.look()
    assert (file.is_refused, used.names[2:]) == (False, [["news/chat", "news/crm"], []])
