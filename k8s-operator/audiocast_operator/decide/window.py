"""Whether a maintenance window is open. Pure."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from audiocast_operator.errors import BadSpec
from audiocast_operator.models.audio_cast import Window

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def is_open(window: Window | None, now: datetime) -> bool:
    """Say whether it is open; one that is not there always is.

    Args:
        window: Of the spec.
        now: With its time zone, whichever.

    Raises:
        BadSpec: There is no such time zone.
    """
    if window is None:
        return True
    try:
        local = now.astimezone(ZoneInfo(window.time_zone))
    except (OSError, ValueError, KeyError) as error:
        raise BadSpec(
            f"drain.window.timeZone: expected an IANA time zone, got {window.time_zone!r}"
        ) from error
    start, end, at = time.fromisoformat(window.start), time.fromisoformat(window.end), local.time()
    if start < end:
        return start <= at < end and _begins_on(window, local)
    # It goes over midnight: either it has begun today, or yesterday and is not over.
    if at >= start:
        return _begins_on(window, local)
    return at < end and _begins_on(window, local - timedelta(days=1))


def _begins_on(window: Window, day: datetime) -> bool:
    return not window.days or DAYS[day.weekday()] in window.days
