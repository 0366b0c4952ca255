"""The HTTP status of an error, and the contract's JSON for it."""

from http.client import responses

from audiocast.formats.errors import FormatsBusy, FormatsMissing
from audiocast.ogg.errors import OggError, PacketTooLarge, PageTooLarge
from audiocast.stream.errors import (
    BadKey,
    BetterSource,
    BroadcastEnded,
    ClientFull,
    Multiplexed,
    NotOpus,
    ServerFull,
    ShareFull,
    ShuttingDown,
    SourceBanned,
    SourceStalled,
    StreamEnded,
    StreamError,
    StreamSuspended,
    TakenOver,
    TooFast,
)
from audiocast.web.contract.responses import Error
from audiocast.web.http.json_text import encode_json

MAX_MESSAGE_CHARACTERS = 300
RETRY_AFTER_SECONDS = 5

# The code of a request that is over a budget of its client.
CLIENT_LIMIT = "client_limit"

BASIC = 'Basic realm="audiocast", charset="UTF-8"'
BEARER = 'Bearer realm="audiocast"'

# All other errors of a source are a 400.
STATUS: dict[type[Exception], int] = {
    BadKey: 401,
    StreamSuspended: 403,
    SourceBanned: 403,
    SourceStalled: 408,
    TakenOver: 409,
    BetterSource: 409,
    StreamEnded: 410,
    BroadcastEnded: 410,
    PageTooLarge: 413,
    PacketTooLarge: 413,
    NotOpus: 415,
    Multiplexed: 415,
    TooFast: 429,
    ClientFull: 429,
    FormatsMissing: 501,
    FormatsBusy: 503,
    ServerFull: 503,
    ShareFull: 503,
    ShuttingDown: 503,
}


class ApiError(Exception):
    """A request that cannot be served.

    Args:
        status: HTTP status, 4xx or 5xx.
        code: Machine-readable name, snake_case.
        message: What was expected and what came.
        challenge: The `WWW-Authenticate` of a 401. Encoders wait for Basic; for pages it is Bearer, because
            a browser answers Basic with a dialog of its own.
    """

    def __init__(self, status: int, code: str, message: str, *, challenge: str = BASIC) -> None:
        super().__init__(message)
        self.challenge = challenge
        self.status = status
        self.code = code
        self.message = message

    @classmethod
    def of(cls, error: Exception) -> "ApiError | None":
        """Return the error of a lower layer as one of HTTP; None when it is a fault of the server."""
        if isinstance(error, ApiError):
            return error
        if isinstance(error, OggError | StreamError):
            return cls(STATUS.get(type(error), 400), error.code, str(error))
        return None

    @classmethod
    def of_status(cls, status: int) -> "ApiError":
        """Return the error for a status without a code and message of its own."""
        phrase = responses.get(status, "Error")
        return cls(status, phrase.lower().replace(" ", "_").replace("-", "_"), phrase)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that the status requires (RFC 9110 sections 7.8, 10.2.3, 11.6.1; RFC 6455 4.4)."""
        if self.status == 401:
            return {"WWW-Authenticate": self.challenge}
        if self.status == 426:
            return {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
        if self.status in (429, 503):
            return {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return {}

    @property
    def body(self) -> bytes:
        """The contract's JSON, a line."""
        body: Error = {"error": self.code, "message": self.message[:MAX_MESSAGE_CHARACTERS]}
        return encode_json(body) + b"\n"
