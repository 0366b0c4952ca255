"""One listen, from its begin to its end, and the record that is left of it."""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from audiocast.stream.audience.listen_end import ListenEnd

# Of what a client says of itself.
MAX_TEXT_CHARACTERS = 200


class Way(StrEnum):
    """How somebody listens.

    Attributes:
        STREAM: `/stream/{id}`, with nothing said of a delay.
        LIVE: The same with `latency=low`.
        PLAYER: The same with a number, as the listener's page has it.
        HLS: As HLS.
        MP3, AAC: The stream in another format.
        LOW_RATE: As Ogg Opus of a lower rate.
    """

    STREAM = "stream"
    LIVE = "live"
    PLAYER = "player"
    HLS = "hls"
    MP3 = "mp3"
    AAC = "aac"
    LOW_RATE = "low_rate"


class Who(NamedTuple):
    """What a listener's request says of it. Only the audience log makes anything of it.

    Attributes:
        address: Of the client, behind a trusted proxy of the one that it forwards for; may be empty.
        agent: Its `User-Agent`, at most `MAX_TEXT_CHARACTERS`.
        referrer: Its `Referer` without a query, likewise.
        link: Which listen link it came by, for this server alone; empty: by none.
    """

    address: str = ""
    agent: str = ""
    referrer: str = ""
    link: str = ""


NOBODY = Who()


class ListenRecord(NamedTuple):
    """A listen that has ended.

    Attributes:
        stream_id: The stream.
        way: See `Way`.
        who: See `Who`.
        aim_seconds: The delay that the player aims at; infinity if it did not say.
        label: What the listener's token calls it; None: there was no token, or it has no label.
        ended_at: Unix seconds.
        seconds: From its begin to its end.
        sent_bytes: What its socket took, the response's head too; of HLS: bodies of answers.
        end: Why it ended.
    """

    stream_id: str
    way: Way
    who: Who
    aim_seconds: float
    label: str | None
    ended_at: float
    seconds: float
    sent_bytes: int
    end: ListenEnd


class Listen:
    """One listen. Made before its listener; the fan-out begins and ends it.

    Args:
        stream_id: The stream.
        way: See `Way`.
        who: See `Who`.
        aim_seconds: See `ListenRecord`.
        label: See `ListenRecord`.
        on_begin: Called with the listen when it begins.
        on_end: Called once with the listen, why it ended, and the bytes that were sent.

    Attributes:
        began_at: The clock's seconds; set by who begins it.
        ended_at: Likewise, when it is known that it has ended.
        unheard_bytes: What the stream had sent when its listener joined, less what that got first, and what
            it has missed since: so much less than the stream it has got. The fan-out adds to it.
    """

    __slots__ = (
        "_on_begin",
        "_on_end",
        "aim_seconds",
        "began_at",
        "ended_at",
        "label",
        "stream_id",
        "unheard_bytes",
        "way",
        "who",
    )

    def __init__(
        self,
        stream_id: str,
        way: Way,
        who: Who,
        *,
        aim_seconds: float,
        label: str | None = None,
        on_begin: "Callable[[Listen], None]",
        on_end: "Callable[[Listen, ListenEnd, int], None]",
    ) -> None:
        self.stream_id = stream_id
        self.way = way
        self.who = who
        self.aim_seconds = aim_seconds
        self.label = label
        self._on_begin = on_begin
        self._on_end = on_end
        self.began_at = self.ended_at = 0.0
        self.unheard_bytes = 0

    def start(self, now: float, *, unheard_bytes: int = 0) -> None:
        """Count it from now on, the clock's seconds; see `unheard_bytes`."""
        self.began_at = now
        self.unheard_bytes = unheard_bytes
        self._on_begin(self)

    def finish(self, end: ListenEnd, ended_at: float, sent_bytes: int) -> None:
        """Leave a record of it. Once.

        Args:
            end: Why it ended.
            ended_at: When, the clock's seconds; not before it began.
            sent_bytes: See `ListenRecord`.
        """
        self.ended_at = max(self.began_at, ended_at)
        self._on_end(self, end, sent_bytes)
