"""The way in of a source in another format: its bytes are charged before the worker, tags as headers."""

from collections.abc import Callable
from typing import Any, cast
from unittest.mock import Mock

import pytest

from audiocast.formats.conversions import LOSSLESS_FACTOR, Conversions
from audiocast.formats.source_formats import SourceFormat
from audiocast.stream.errors import NotOpus, ServerFull, TooFast
from audiocast.stream.rate_limit import RateLimit
from audiocast.web.http.clients import Lease
from audiocast.web.public.conversion.entry import SourceEntry
from tests.support.audio.foreign_sound import id3_tag, tone

KBPS = 8
LEAD_SECONDS = 10.0
# What may come at once.
ROOM_BYTES = round(KBPS * 125 * LEAD_SECONDS)


def entry_of(conversions: Conversions, feed_opus: Callable[[bytes], None] = lambda data: None) -> SourceEntry:
    return SourceEntry(
        conversions,
        "",
        "abc",
        rate_limit=lambda factor: RateLimit(max_kbps=factor * KBPS, lead_seconds=LEAD_SECONDS, now=0.0),
        allowed_kbps=0,
        acquire=lambda: Lease(None),
        now=lambda: 0.0,
        feed_opus=feed_opus,
        publish=Mock(),
        drop=Mock(),
        dismiss=Mock(),
    )


def conversions_of(*formats: SourceFormat, missing: str = "") -> Conversions:
    workers = Mock(missing=missing)
    return Conversions(
        cast(Any, workers), frozenset(formats), kbps=128, max_sources=1, lead_seconds=LEAD_SECONDS
    )


@pytest.mark.parametrize(("name", "factor"), [("mp3", 1), ("wav", LOSSLESS_FACTOR)])
async def test_bytes_are_bounded_before_the_worker(name: str, factor: int) -> None:
    entry = entry_of(conversions_of(*SourceFormat))
    entry.feed(tone(name)[:1_000])
    room = entry.feed(bytes(ROOM_BYTES * factor - 1_000))
    if room is not None:
        cast(Any, room).close()
    with pytest.raises(TooFast, match=f"at most {KBPS * factor} kbit/s"):
        entry.feed(bytes(500))


async def test_a_large_tag_in_front_waits_and_is_not_too_fast() -> None:
    entry = entry_of(conversions_of(*SourceFormat))
    tag = id3_tag(6_000_000)
    for at in range(0, len(tag), 50_000):
        rest = entry.feed(tag[at : at + 50_000])
        if rest is not None:
            cast(Any, rest).close()
    assert entry.feed(tone("mp3")[200:5_000]) is None


async def test_a_place_is_given_back() -> None:
    conversions = conversions_of(*SourceFormat)
    entry = entry_of(conversions)
    entry.feed(tone("mp3")[:1_000])
    with pytest.raises(ServerFull, match="at most 1 sources in other formats"):
        entry_of(conversions).feed(tone("mp3")[:1_000])
    entry.close()
    entry.close()
    assert conversions.count == 0
    entry_of(conversions).feed(tone("mp3")[:1_000])


async def test_a_refusal_names_the_setting_or_the_extra() -> None:
    with pytest.raises(NotOpus, match="got MP3, which INGEST_FORMATS of this server leaves out"):
        entry_of(conversions_of()).feed(tone("mp3")[:1_000])
    missing = conversions_of(*SourceFormat, missing="install audiocast[formats]")
    with pytest.raises(NotOpus, match=r"got WAV; install audiocast\[formats\]"):
        entry_of(missing).feed(tone("wav")[:1_000])
