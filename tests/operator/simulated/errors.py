"""What the simulated API server answers when it does not do as asked."""


class ApiError(Exception):
    """The root.

    Attributes:
        status: HTTP status.
        reason: Kubernetes' word for it.
    """

    status = 500
    reason = "InternalError"


class NotFound(ApiError):
    """There is no such object."""

    status, reason = 404, "NotFound"


class Conflict(ApiError):
    """Somebody else was faster."""

    status, reason = 409, "Conflict"


class Invalid(ApiError):
    """The object is not as its kind's schema and rules say."""

    status, reason = 422, "Invalid"


class TooManyRequests(ApiError):
    """A budget is used up; later it may go."""

    status, reason = 429, "TooManyRequests"
