"""What members tell each other of a stream's audience, and all of it together. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from audiocast.cluster.errors import BadMessage
from audiocast.cluster.protocol import STREAM, PeerRequest
from audiocast.stream.audience.curve import MINUTES, SECONDS_PER_MINUTE
from audiocast.stream.audience.stream_audience import AudienceSnapshot

AUDIENCE = f"{STREAM}/audience"

SECONDS_PER_HOUR = 3600.0


def audience_request(stream_id: str) -> PeerRequest:
    """Return `GET /internal/streams/{stream_id}/audience`: the last day of a stream at one member."""
    return PeerRequest("GET", AUDIENCE.format(stream_id=stream_id))


@dataclass(frozen=True, slots=True)
class MemberAudience:
    """The audience of a stream at one member.

    Attributes:
        name: Of the member.
        snapshot: Its last day.
    """

    name: str
    snapshot: AudienceSnapshot

    def as_json(self) -> dict[str, Any]:
        """Return what `parse` reads."""
        return {"name": self.name, **self.snapshot._asdict()}

    @classmethod
    def parse(cls, body: object) -> Self:
        """Read a JSON value.

        Raises:
            BadMessage: It is no audience.
        """
        match body:
            case {
                "name": str(name),
                "now": int(now),
                "peak": int(peak),
                "listened_seconds": int() | float() as seconds,
                "since_minute": int(since_minute),
                "curve": list(points),
            } if len(points) <= MINUTES:
                curve = [
                    (int(minute), float(mean)) for minute, mean in points if isinstance(mean, int | float)
                ]
                return cls(name, AudienceSnapshot(now, peak, float(seconds), since_minute, curve))
        raise BadMessage(f"expected the audience of a stream, got {str(body)[:200]}")


def whole_audience(members: Iterable[MemberAudience], now: float) -> dict[str, Any]:
    """Return the audience of a stream at all members, as `GET /api/streams/{id}/audience` has it.

    Args:
        members: Each once.
        now: Unix seconds.
    """
    known = [each for each in members if each.snapshot.since_minute]
    sums: defaultdict[int, float] = defaultdict(float)
    for member in known:
        for minute, mean in member.snapshot.curve:
            sums[minute] += mean
    curve = [[minute, round(sums[minute], 2)] for minute in sorted(sums)[-MINUTES:]]
    seconds = sum(member.snapshot.listened_seconds for member in known)
    listeners = sum(member.snapshot.now for member in known)
    since = min((member.snapshot.since_minute for member in known), default=0) * SECONDS_PER_MINUTE
    # No member knows the most that listened at all of them at once: of each minute its mean is known.
    most_in_a_minute = max((round(mean) for _, mean in curve), default=0)
    peak = max([listeners, most_in_a_minute, *(member.snapshot.peak for member in known)])
    return {
        "now": listeners,
        "peak": peak,
        "listening_hours": round(seconds / SECONDS_PER_HOUR, 4),
        "average": round(seconds / max(SECONDS_PER_MINUTE, now - since), 2) if known else 0.0,
        "curve": curve,
        "members": [
            {
                "name": member.name,
                "now": member.snapshot.now,
                "peak": member.snapshot.peak,
                "listening_hours": round(member.snapshot.listened_seconds / SECONDS_PER_HOUR, 4),
            }
            for member in sorted(known, key=_name)
        ],
    }


def parse_all(answers: Iterable[object]) -> list[MemberAudience]:
    """Return the audiences that members have answered with; what is none is left out."""
    found = []
    for answer in answers:
        if isinstance(answer, Mapping):
            try:
                found.append(MemberAudience.parse(answer))
            except (BadMessage, ValueError, TypeError):
                continue
    return found


def _name(member: MemberAudience) -> str:
    return member.name
