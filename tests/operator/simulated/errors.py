"""What the simulated API server answers when it does not do as asked.

Statuses, reasons and details are those that Kubernetes 1.36.2 was seen to answer
(tests/operator/kubernetes-exchanges.json).
"""

from typing import Any

Json = dict[str, Any]


class ApiError(Exception):
    """The root.

    Args:
        message: What the answer says.
        details: The answer's details: name, group, kind, causes.

    Attributes:
        status: HTTP status.
        reason: Kubernetes' word for it; empty: none.
    """

    status = 500
    reason = "InternalError"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.details: Json = {name: value for name, value in details.items() if value}


class BadRequest(ApiError):
    """The request cannot be understood."""

    status, reason = 400, "BadRequest"


class Forbidden(ApiError):
    """A right is missing, or a plug-in of the API server (quota, Pod Security) does not want it."""

    status, reason = 403, "Forbidden"


class NotFound(ApiError):
    """There is no such object."""

    status, reason = 404, "NotFound"


class NotServed(ApiError):
    """There is no such kind: the only answer that is plain text."""

    status, reason = 404, "NotFound"


class Conflict(ApiError):
    """Somebody else was faster, or owns a field."""

    status, reason = 409, "Conflict"


class AlreadyExists(Conflict):
    """The name is taken."""

    reason = "AlreadyExists"


class UnsupportedMediaType(ApiError):
    """There is no such way to patch."""

    status, reason = 415, "UnsupportedMediaType"


class Invalid(ApiError):
    """The object is not as its kind's schema and rules say."""

    status, reason = 422, "Invalid"


class TooManyRequests(ApiError):
    """A budget is used up; later it may go."""

    status, reason = 429, "TooManyRequests"


class ServerError(ApiError):
    """What a real one answers with 500 and no reason, though the request is to blame."""

    status, reason = 500, ""
