"""What can go wrong between a sound and its server. Never the answer of what to do about it.

    ClientError
    +-- RequestRefused          the server answered, and not with success
    +-- ConnectionLost   there was no answer, or the connection broke
    +-- BadResponse        the answer is not what an audiocast server says
    +-- SoundError       no sound: the device, its library, the file, the encoder, the local copy

Each has a code in snake_case, which `tk_streamer.trouble` explains to people. Messages are bounded in length
and never hold a key or a token.
"""

MAX_MESSAGE_CHARACTERS = 200


class ClientError(Exception):
    """The root of this package's errors.

    Attributes:
        code: Machine-readable name, snake_case; "" when a server gave none.
    """

    code: str = ""


class RequestRefused(ClientError):
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


class ConnectionLost(ClientError):
    """No connection, no answer in time, or a connection that broke.

    Args:
        message: Where, and what the system said.
        code: What kind of loss it is.
    """

    def __init__(self, message: str, *, code: str = "connection_lost") -> None:
        self.code = code
        super().__init__(message)


class BadResponse(ClientError):
    """The answer is not the JSON that an audiocast server sends."""

    code = "not_audiocast"


class SoundError(ClientError):
    """There is no sound to send.

    Args:
        code: What kind of thing is wrong.
        message: Which device, file or program, and what the system said.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(bounded(message))


def bounded(text: str) -> str:
    """Give `text` on one line and not longer than `MAX_MESSAGE_CHARACTERS`."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_MESSAGE_CHARACTERS else line[: MAX_MESSAGE_CHARACTERS - 1] + "…"
