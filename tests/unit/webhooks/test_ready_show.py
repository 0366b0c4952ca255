"""What is told of a recording, its id, and when all have taken it."""

import asyncio
import json
from dataclasses import replace

import pytest

from audiocast.recordings.show_record import ShowRecord, ShowState
from audiocast.webhooks.event import Event
from audiocast.webhooks.ready_show import Receipts, ready_event

RECORD = ShowRecord(
    "news-20261130T194500Z",
    "news",
    "Evening",
    1_796_067_900.0,
    is_private=False,
    state=ShowState.READY,
    seconds=3600.02,
    size_bytes=28_800_160,
    missing=[[5.0, 10.0], [100.0, 100.02]],
)


def event_of(
    record: ShowRecord = RECORD, base: str = "https://radio.example", visibility: str = "public"
) -> Event:
    link = f"{base}/listen/{record.stream_id}" if base else None
    return ready_event(record, visibility=visibility, listen_url=link, base=base)


def test_the_body() -> None:
    event = event_of()
    payload = json.loads(event.body)
    assert payload["type"] == "recording.ready"
    assert payload["data"] == {
        "stream_id": "news",
        "sequence": event.sequence,
        "title": "Evening",
        "broadcast_id": None,
        "visibility": "public",
        "listen_url": "https://radio.example/listen/news",
        "show_id": "news-20261130T194500Z",
        "started_at": "2026-11-30T19:45:00.000Z",
        "seconds": 3600.02,
        "bytes": 28_800_160,
        "missing_seconds": 5.02,
        "url": "https://radio.example/recordings/news-20261130T194500Z.opus",
    }


def test_the_id_is_made_of_the_show_alone() -> None:
    # Of a show that another member tells, after it was given another name.
    assert event_of().event_id == event_of(replace(RECORD, title="Gala"), base="").event_id
    later = replace(RECORD, show_id="news-20261130T194501Z")
    other = replace(RECORD, stream_id="talk")
    assert len({event_of(each).event_id for each in (RECORD, later, other)}) == 3


def test_a_private_show_is_private_whatever_the_stream_is_now() -> None:
    data = event_of(replace(RECORD, is_private=True)).data
    assert data["visibility"] == "private"
    assert "token" not in str(data)


def test_without_a_name_of_the_server_there_is_no_url() -> None:
    data = event_of(replace(RECORD, missing=[]), base="").data
    assert (data["url"], data["listen_url"], data["missing_seconds"]) == (None, None, 0)


@pytest.mark.parametrize("outcomes", [["delivered", "delivered"], ["retried", "failed", "gone"]])
def test_a_receipt_comes_when_the_last_target_has_taken_it_or_is_given_up(outcomes: list[str]) -> None:
    async def work() -> None:
        receipts, event = Receipts(), event_of()
        told = receipts.expect(event, 2)
        for outcome in outcomes:
            assert not told.done()
            receipts.note(event_of(replace(RECORD, stream_id="talk")), "delivered")
            receipts.note(event, outcome)
        assert told.done()
        assert not receipts._awaited

    asyncio.run(work())
