"""What the listener's page says before its script runs: nothing moves when the script says it again.

The words are the English ones of `static/shared/strings.js`, and times are in UTC, since only the browser
knows the visitor's language and zone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from audiocast.web.pages.embed_code import UNTITLED

STATUS = {
    "live": "Live",
    "held": "Live, sound interrupted",
    "waiting": "Not on air yet",
    "ended": "Broadcast ended",
}
ACTIONS = {"waiting": "Play when it begins", "ended": "Play if it comes back"}
NOTES = {
    "held": "The broadcaster lost the connection. Silence until they are back.",
    "waiting": "Nobody is broadcasting right now.",
    "ended": "Thank you for listening.",
}

MUTED = "Back in a moment: the broadcaster has muted the sound."
UNKNOWN = "We do not know this link"
UNKNOWN_NOTE = "It may be cut short, or the show is not set up yet. Ask for the link again, or wait here."

# Characters up to which a title is set in the largest size, and in the second one; see static/listen/view.js.
SHORT_TITLE = 20
MEDIUM_TITLE = 60


@dataclass(frozen=True, slots=True)
class FirstWords:
    """The texts of the page's elements; an empty one is not shown.

    Attributes:
        heading: The title, or what stands in its place.
        status: The state of the stream.
        listeners: How many listen. Nobody is told that nobody does.
        on_air_for: How long the broadcast has been on.
        track: What is on, as far as the broadcaster names it.
        when: When the broadcast is to begin, or when it was.
        action: On the button.
        note: What else there is to say of the state.
        title_length: Which size the title has: `short`, `medium` or `long`.
    """

    heading: str
    status: str
    listeners: str
    on_air_for: str
    track: str
    when: str
    action: str
    note: str
    title_length: str

    @classmethod
    def of(cls, state: Mapping[str, Any], *, is_known: bool, now: float) -> "FirstWords":
        """Return the words for a stream.

        Args:
            state: Its public state.
            is_known: Whether any member knows the stream.
            now: Unix seconds.
        """
        kind = str(state["state"])
        is_on = kind in ("live", "held")
        heading = state["title"] or (UNTITLED if is_known else UNKNOWN)
        when = _when(state)
        note = NOTES.get(kind, "")
        if not is_known:
            note = UNKNOWN_NOTE
        elif kind == "waiting" and when:
            note = ""
        elif kind == "live" and state.get("muted"):
            note = MUTED
        return cls(
            heading=heading,
            status=STATUS.get(kind, ""),
            listeners=listeners_words(state) if is_on else "",
            on_air_for=_duration(now - state["started_at"]) if is_on and state["started_at"] else "",
            track=track_words(state) if is_on else "",
            when=when,
            action=ACTIONS.get(kind, "Start listening"),
            note=note,
            title_length=title_length(heading),
        )


def title_length(title: str) -> str:
    """Return which size a title has."""
    if len(title) <= SHORT_TITLE:
        return "short"
    return "medium" if len(title) <= MEDIUM_TITLE else "long"


def listeners_words(state: Mapping[str, Any]) -> str:
    """Return how many listen to a stream; empty for nobody."""
    count = state["listeners"] or 0
    return f"{count} listener{'' if count == 1 else 's'}" if count else ""


def track_words(state: Mapping[str, Any]) -> str:
    """Return artist and title of what is on; empty where the broadcaster names nothing."""
    playing = state["now_playing"] or {}
    return " — ".join(filter(None, (playing.get("artist"), playing.get("title"))))


def _duration(seconds: float) -> str:
    if seconds < 60:
        return ""
    hours, minutes = divmod(int(seconds) // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _when(state: Mapping[str, Any]) -> str:
    last = state.get("last_broadcast")
    if state["state"] == "waiting" and state.get("starts_at"):
        return f"Starts {_moment(state['starts_at'])} UTC"
    if state["state"] == "ended" and last:
        return f"Was on air {_moment(last['started_at'])} to {_moment(last['ended_at'])} UTC"
    return ""


def _moment(unix_seconds: float) -> str:
    return f"{datetime.fromtimestamp(unix_seconds, UTC):%a, %d %b, %H:%M}"
