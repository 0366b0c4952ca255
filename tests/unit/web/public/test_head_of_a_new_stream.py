"""HEAD of a stream that has just begun at another member: who has it says whether it is private."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from audiocast.cluster.errors import NoAnswer
from audiocast.stream.keys import Visibility
from audiocast.web.public.waiting import is_stream_on
from tests.unit.web.http_request import request


def services(said: object, *, admits: bool) -> tuple[Any, list[str]]:
    """Return a member that knows nothing of the stream yet, and what it has charged."""
    charged: list[str] = []

    async def find_holder(stream_id: str, *, ask_all: bool) -> str | None:
        return "the other one" if said is not None else None

    async def fetch(member: str, asked: object) -> Any:
        if isinstance(said, Exception):
            raise said
        body = json.dumps({"owned": True, "state": {"visibility": said}}).encode()
        return SimpleNamespace(status=200, body=body)

    made = SimpleNamespace(
        listen_gate=SimpleNamespace(
            seen_id=lambda stream_id, asks: stream_id, admits=lambda stream_id, asks: admits
        ),
        streams=SimpleNamespace(get=lambda stream_id: None, get_known=lambda stream_id: None),
        node=SimpleNamespace(is_alone=False, peers=SimpleNamespace(find_holder=find_holder, fetch=fetch)),
        clients=SimpleNamespace(
            charge=lambda asks, rate: charged.append("charge"),
            refund=lambda asks, rate: charged.append("refund"),
        ),
    )
    return made, charged


@pytest.mark.parametrize(
    ("said", "admits", "is_on"),
    [
        ("public", False, True),
        ("unlisted", False, True),
        (5, False, True),
        ("private", False, False),
        ("private", True, True),
        (None, False, False),
        (NoAnswer("it does not answer"), False, False),
    ],
)
async def test_a_stranger_is_told_of_no_private_stream(said: object, admits: bool, is_on: bool) -> None:
    made, charged = services(said, admits=admits)
    assert await is_stream_on(made, "news", request("/stream/news", method="HEAD")) is is_on
    # A private one costs as much as one that nobody has.
    assert charged == (["charge", "refund"] if is_on else ["charge"])


def test_the_words_are_those_of_keys() -> None:
    assert {"public", "unlisted", "private"} == set(Visibility)
