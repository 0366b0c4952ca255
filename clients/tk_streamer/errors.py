"""What can go wrong between a sound and its server; what to do about it is in `tk_streamer.trouble`.

    ClientError
    +-- RequestRefused   the server responded, and not with success
    +-- ConnectionLost   there was no response, or the connection broke
    +-- BadResponse      the response is not one of an audiocast server
    +-- SoundError       no sound: the device, its library, the file, the encoder, the local copy

Each has a code in snake_case, which `tk_streamer.trouble` explains to people. Messages are bounded in length
and never hold a key or a token.
"""

MAX_MESSAGE_CHARACTERS = 200


class ClientError(Exception):
    """The root of the broadcaster's errors.

    Attributes:
        code: Machine-readable name, snake_case; "" if a server sent none.
    """

    code: str = ""


class RequestRefused(ClientError):
    """The server has responded with another status than 2xx.

    Args:
        status: HTTP status code.
        code: The server's snake_case error code, or "" if the response held none.
        message: What the server expected and what it got, for people.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status = status
        self.code = bounded(code)
        self.message = bounded(message)
        shown_code = f" {self.code}" if self.code else ""
        super().__init__(f"the server refused with {status}{shown_code}: {self.message}")


class ConnectionLost(ClientError):
    """There was no connection, no response in time, or the connection broke.

    Args:
        message: The server's address, and the error of the system.
        code: The kind of loss.
    """

    def __init__(self, message: str, *, code: str = "connection_lost") -> None:
        self.code = code
        super().__init__(message)


class BadResponse(ClientError):
    """The response is not the JSON of an audiocast server."""

    code = "not_audiocast"


class SoundError(ClientError):
    """There is no sound to send.

    Args:
        code: The kind of error.
        message: The device, file or program, and the error of the system.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(bounded(message))


def bounded(text: str) -> str:
    """Return `text` on one line, cut to `MAX_MESSAGE_CHARACTERS`."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_MESSAGE_CHARACTERS else line[: MAX_MESSAGE_CHARACTERS - 1] + "…"
