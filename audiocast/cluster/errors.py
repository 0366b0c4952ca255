"""What can go wrong between members.

ClusterError
    Unreachable     no connection, it broke, or nothing came for too long
    Refused         the member has answered, and not with success
    BadFrame        what came is nothing that a member sends
"""


class ClusterError(Exception):
    """Base of this package's errors."""


class Unreachable(ClusterError):
    """No connection, it broke, or nothing came for too long."""


class Refused(ClusterError):
    """The member has answered, and not with success.

    Args:
        status: HTTP status.
        code: The error's name, as in the public API; empty when the answer had none.
        message: What was expected and what came.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message


class BadFrame(ClusterError):
    """What came is nothing that a member sends."""
