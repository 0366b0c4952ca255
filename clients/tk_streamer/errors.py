"""What can go wrong between the broadcaster and its server. Never the answer of what to do about it.

    ClientError
    +-- Refused          the server answered, and not with success
    +-- ConnectionLost   there was no answer, or the connection broke
    +-- BadAnswer        the answer is not what an audiocast server says

Messages are bounded in length and never hold a key or a token.
"""

MAX_MESSAGE_CHARACTERS = 200

# 4xx answers that say "not now" (RFC 9110 section 15.5.9, RFC 8470 section 5.2, RFC 6585 section 4).
_TEMPORARY_STATUSES = frozenset({408, 425, 429})


class ClientError(Exception):
    """The root of this package's errors."""


class Refused(ClientError):
    """The server answered with something else than success.

    Args:
        status: HTTP status code.
        code: The server's snake_case error code, or "" when the answer held none.
        message: What the server expected and what came, for people.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status = status
        self.code = bounded(code)
        self.message = bounded(message)
        shown_code = f" {self.code}" if self.code else ""
        super().__init__(f"the server refused with {status}{shown_code}: {self.message}")

    @property
    def is_permanent(self) -> bool:
        """Whether the same request will be refused again, however often it is sent.

        A redirection counts: the body of a live source cannot be sent twice.
        """
        return 300 <= self.status < 500 and self.status not in _TEMPORARY_STATUSES


class ConnectionLost(ClientError):
    """No connection, no answer in time, or a connection that broke."""


class BadAnswer(ClientError):
    """The answer is not the JSON that an audiocast server sends."""


def bounded(text: str) -> str:
    """Give `text` on one line and not longer than `MAX_MESSAGE_CHARACTERS`."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_MESSAGE_CHARACTERS else line[: MAX_MESSAGE_CHARACTERS - 1] + "…"
