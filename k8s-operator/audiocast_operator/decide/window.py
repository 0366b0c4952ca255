"""Whether a maintenance window is open. Pure."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from audiocast_operator.errors import BadSpec
from audiocast_operator.models.audio_cast import MaintenanceWindow

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def is_window_open(window: MaintenanceWindow | None, now: datetime) -> bool:
    """Return whether a window is open; no window means always.

    Args:
        window: The window of the spec, with a time zone of its own.
        now: The present time, in any time zone.

    Raises:
        BadSpec: The spec names an unknown time zone.
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
    # The window goes over midnight: it began today, or it began yesterday and is not over yet.
    if at >= start:
        return _begins_on(window, local)
    return at < end and _begins_on(window, local - timedelta(days=1))


def _begins_on(window: MaintenanceWindow, day: datetime) -> bool:
    return not window.days or DAYS[day.weekday()] in window.days
