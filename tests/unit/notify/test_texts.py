"""What people are told, in both languages; titles come from strangers."""

from string import Formatter
from typing import Any

import pytest

from audiocast.notify.texts import _TEXTS, LANGUAGES, Message, Wishes, message_of
from audiocast.webhooks.event import EventType

SHOW = {"title": "Morning", "visibility": "public", "listen_url": "https://radio.example/listen/m"}
RECORDING = {"url": "https://radio.example/recordings/m-20261130T194500Z.opus"}
ALL = frozenset(EventType)


@pytest.mark.parametrize(
    ("language", "event_type", "more", "expected"),
    [
        ("en", "stream.live", {}, Message("Morning is on air", SHOW["listen_url"])),
        ("ru", "stream.live", {}, Message("Morning в эфире", SHOW["listen_url"])),
        ("en", "stream.live", {"was_held": True}, Message("Morning is back on air", SHOW["listen_url"])),
        ("en", "stream.ended", {"listener_peak": 7}, Message("Morning has ended", "Listeners at most: 7")),
        ("ru", "stream.ended", {}, Message("Morning: эфир окончен", "Morning: эфир окончен")),
        (
            "en",
            "listeners.milestone",
            {"milestone": 50},
            Message("Morning has 50 listeners", SHOW["listen_url"]),
        ),
        (
            "en",
            "track.changed",
            {"track": {"title": "Song", "artist": "Somebody"}},
            Message("Morning: Somebody – Song", SHOW["listen_url"]),
        ),
        ("en", "recording.ready", RECORDING, Message("Morning: the recording is ready", RECORDING["url"])),
        ("ru", "recording.ready", RECORDING, Message("Morning: запись готова", RECORDING["url"])),
        (
            "en",
            "recording.ready",
            {"url": None},
            Message("Morning: the recording is ready", SHOW["listen_url"]),
        ),
        (
            "en",
            "source.refused",
            {"message": "expected Ogg Opus"},
            Message("Morning: the source was refused", "expected Ogg Opus"),
        ),
    ],
)
def test_an_event_in_words(language: str, event_type: str, more: dict[str, Any], expected: Message) -> None:
    assert message_of(event_type, {**SHOW, **more}, Wishes(language, ALL)) == expected


def test_both_languages_say_everything_with_the_same_fields() -> None:
    def fields(texts: Any) -> Any:
        return {
            name: sorted(field for _, field, _, _ in Formatter().parse(text) if field)
            for name, text in texts.items()
        }

    assert set(LANGUAGES) == set(_TEXTS)
    assert fields(_TEXTS["en"]) == fields(_TEXTS["ru"])
    assert set(EventType) <= set(_TEXTS["en"])


def test_by_default_the_audience_is_told_and_nobody_is_told_twice() -> None:
    told = [each for each in EventType if message_of(each, SHOW, Wishes())]
    assert told == ["stream.live", "stream.ended", "listeners.milestone"]
    assert message_of("stream.live", {**SHOW, "was_held": True}, Wishes()) is None


@pytest.mark.parametrize("visibility", ["unlisted", "private", None])
def test_a_stream_that_is_not_public_is_told_only_when_that_is_wanted(visibility: str | None) -> None:
    data = {**SHOW, "visibility": visibility}
    assert message_of("stream.live", data, Wishes()) is None
    assert message_of("stream.live", data, Wishes(tells_unlisted=True)) is not None


@pytest.mark.parametrize(
    "title", ["@everyone", "<!channel>", "[click](https://evil.example)", "`x`", "<@U1>"]
)
def test_a_title_calls_nobody_and_makes_no_link(title: str) -> None:
    message = message_of("stream.live", {**SHOW, "title": title}, Wishes())
    assert message is not None
    assert "@everyone" not in message.title
    assert not set("<>[]`") & set(message.title)
    assert "@" not in message.title.replace("@\u200b", "")


@pytest.mark.parametrize(
    "data",
    [
        {"visibility": "public", "title": 5, "listen_url": "javascript:x", "track": "x", "milestone": "many"},
        {"visibility": "public", "title": "x" * 5000 + "\n\x07", "listen_url": None, "listener_peak": None},
    ],
)
def test_what_is_not_as_expected_is_no_mistake(data: dict[str, Any]) -> None:
    for event_type in (*EventType, "of.later"):
        message = message_of(event_type, data, Wishes("en", {*ALL, "of.later"}))
        assert (message is None) == (event_type == "of.later")
        if message is not None:
            assert message.body
            assert len(message.title) < 300
            assert "javascript" not in message.body
