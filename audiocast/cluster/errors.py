"""What can go wrong between members, and where they are looked for.

ClusterError
    Unreachable     no connection, it broke, or nothing came for too long
    Refused         the member has answered, and not with success
    BadFrame        what came is nothing that a member, or the API server, sends
    NoAccount       this pod cannot ask the API server: it has no service account's files
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
        wait_seconds: How long not to ask again; 0 when the answer does not say.
    """

    def __init__(self, status: int, code: str, message: str, *, wait_seconds: int = 0) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.wait_seconds = wait_seconds


class BadFrame(ClusterError):
    """What came is nothing that a member, or the API server, sends."""


class NoAccount(ClusterError):
    """This pod cannot ask the API server: it has no service account's files."""
