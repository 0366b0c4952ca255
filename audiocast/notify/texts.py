"""What people are told of an event. Titles come from strangers: they call nobody, and make no links."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from audiocast.stream.now_playing import clean_text
from audiocast.webhooks.event import EventType

LANGUAGES = ("en", "ru")

# What an audience wants to know. All the rest is for who runs the station.
USUAL_EVENTS = (EventType.STREAM_LIVE, EventType.STREAM_ENDED, EventType.LISTENERS_MILESTONE)

# "@everyone" of Discord, "<!channel>" of Slack and the brackets of Markdown's links are text like any other.
_HARMLESS = str.maketrans({"@": "@\u200b", "<": "‹", ">": "›", "[": "(", "]": ")", "`": "'"})

_TEXTS = {
    "en": {
        "untitled": "A stream",
        EventType.STREAM_LIVE: "{title} is on air",
        "back": "{title} is back on air",
        EventType.STREAM_HELD: "{title}: no sound comes from the source",
        EventType.STREAM_ENDED: "{title} has ended",
        "peak": "Listeners at most: {peak}",
        EventType.TRACK_CHANGED: "{title}: {track}",
        EventType.SOURCE_REFUSED: "{title}: the source was refused",
        EventType.LISTENERS_MILESTONE: "{title} has {milestone} listeners",
        EventType.RECORDING_READY: "{title}: the recording is ready",
    },
    "ru": {
        "untitled": "Поток",
        EventType.STREAM_LIVE: "{title} в эфире",
        "back": "{title} снова в эфире",
        EventType.STREAM_HELD: "{title}: от источника нет звука",
        EventType.STREAM_ENDED: "{title}: эфир окончен",
        "peak": "Слушателей, самое большее: {peak}",
        EventType.TRACK_CHANGED: "{title}: {track}",
        EventType.SOURCE_REFUSED: "{title}: источник не принят",
        EventType.LISTENERS_MILESTONE: "{title}: слушателей уже {milestone}",
        EventType.RECORDING_READY: "{title}: запись готова",
    },
}


@dataclass(frozen=True, slots=True)
class Message:
    """What is said.

    Attributes:
        title: A line.
        body: More; never empty, since some services send nothing then.
    """

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be told.

    Attributes:
        language: One of `LANGUAGES`.
        events: Types.
        tells_unlisted: Of streams that are not public too.
    """

    language: str = "en"
    events: Collection[str] = USUAL_EVENTS
    tells_unlisted: bool = False


def message_of(event_type: str, data: Mapping[str, Any], wishes: Wishes) -> Message | None:
    """Return what is said of an event; None: nothing is.

    Args:
        event_type: Of a type that is not known here nothing is said.
        data: Of the event.
        wishes: What is to be told.
    """
    texts: Mapping[str, str] = _TEXTS[wishes.language]
    if event_type not in texts or event_type not in wishes.events:
        return None
    if data.get("visibility") != "public" and not wishes.tells_unlisted:
        return None
    is_back = event_type == EventType.STREAM_LIVE and data.get("was_held") is True
    if is_back and EventType.STREAM_HELD not in wishes.events:
        # Nobody was told that it was away.
        return None
    track = data.get("track")
    fields = {
        "title": _text(data.get("title")) or texts["untitled"],
        "track": _track(track if isinstance(track, dict) else {}),
        "milestone": _number(data.get("milestone")),
        "peak": _number(data.get("listener_peak")),
    }
    title = texts["back" if is_back else event_type].format_map(fields)
    return Message(title, _body(event_type, data, texts["peak"].format_map(fields)) or title)


def _body(event_type: str, data: Mapping[str, Any], peak: str) -> str:
    if event_type == EventType.STREAM_ENDED:
        return peak if _number(data.get("listener_peak")) else ""
    if event_type == EventType.SOURCE_REFUSED:
        return _text(data.get("message"))
    link = data.get("listen_url")
    if event_type == EventType.RECORDING_READY:
        link = data.get("url") or link
    return link if isinstance(link, str) and link.startswith(("http://", "https://")) else ""


def _track(track: Mapping[str, Any]) -> str:
    return " – ".join(filter(None, (_text(track.get("artist")), _text(track.get("title")))))


def _text(value: object) -> str:
    return clean_text(value).translate(_HARMLESS) if isinstance(value, str) else ""


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
