"""What can go wrong between members, and where they are looked for.

ClusterError
    Unreachable     no connection, or it broke
        NotListening    the address refuses connections
        NoAnswer        a request was not answered in time
        PeerSilent      a connection that carries audio brought nothing for too long
    Unproven        what came is signed by no member, or by another one than was asked
    Refused         the member answers, and not with success
    BadMessage      what came is nothing that a member, or the API server, sends
    NoAccount       this pod cannot ask the API server: it has no service account's files
"""


class ClusterError(Exception):
    """Base of this package's errors."""


class Unreachable(ClusterError):
    """No connection, or it broke."""


class NotListening(Unreachable):
    """The address refuses connections: no process listens there."""


class NoAnswer(Unreachable):
    """A request was not answered in time. Either side, or the way between them, may be busy."""


class PeerSilent(Unreachable):
    """A connection that carries audio brought nothing for too long, not even a beat."""


class Unproven(ClusterError):
    """What came is not signed by the member that was asked. It proves nothing, and no death either."""


class Refused(ClusterError):
    """A member answers, and not with success. Raised where it is decided, and where the answer comes.

    Args:
        status: HTTP status; 0: the reason came in a frame.
        code: Name of the error, as in the public API; empty when the answer has none.
        message: What was expected and what came.
        wait_seconds: How long not to ask again; 0 when the answer does not say.
    """

    def __init__(self, status: int, code: str, message: str, *, wait_seconds: int = 0) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.wait_seconds = wait_seconds


class BadMessage(ClusterError):
    """What came is nothing that a member, or the API server, sends."""


class NoAccount(ClusterError):
    """This pod cannot ask the API server: it has no service account's files."""
