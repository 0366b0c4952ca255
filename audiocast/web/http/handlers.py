"""What all handlers share: errors as JSON, bounds of requests, headers that browsers are told to obey."""

import json
import re
from collections.abc import Awaitable
from typing import Any

from tornado.web import HTTPError, MissingArgumentError, RequestHandler

from audiocast.stream.hub import Hub
from audiocast.stream.keys import Claims
from audiocast.web.http.context import Context
from audiocast.web.http.credentials import ingest_key
from audiocast.web.http.errors import ApiError

MAX_BODY_BYTES = 65_536
MAX_HEADER_BYTES = 16_384
STREAM_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
"""One to 64 characters that need no escaping in a path, and do not look like an option."""

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "media-src 'self'",
        "connect-src 'self'",
        # Safari before 15.5 knows only the second.
        "worker-src 'self'",
        "child-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
    )
)


class BaseHandler(RequestHandler):
    """A handler of the public port."""

    context: Context

    def initialize(self, context: Context) -> None:
        """Take what the routes give."""
        self.context = context

    def set_default_headers(self) -> None:
        """Replace Tornado's server name with ours."""
        self.set_header("Server", "audiocast")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")

    def prepare(self) -> Awaitable[None] | None:
        """Refuse what no route of ours expects."""
        self.check_bounds()
        headers = self.request.headers
        if self.request.method in ("GET", "HEAD") and (
            headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in headers
        ):
            raise ApiError(400, "unexpected_body", f"expected {self.request.method} without a body, got one")
        return None

    def check_bounds(self) -> None:
        """Refuse a request head that is too large.

        Raises:
            ApiError: 431.
        """
        size = sum(len(name) + len(value) + 4 for name, value in self.request.headers.get_all())
        size += len(self.request.uri or "")
        if size > MAX_HEADER_BYTES:
            raise ApiError(
                431, "headers_too_large", f"expected a head of at most {MAX_HEADER_BYTES} bytes, got {size}"
            )

    def options(self, *_: str) -> None:
        """Say which methods this path has (RFC 9110 section 9.3.7)."""
        self.set_header("Allow", self.allowed_methods)
        self.set_status(204)

    @property
    def allowed_methods(self) -> str:
        """The methods of this path, as an `Allow` header lists them."""
        none = RequestHandler._unimplemented_method
        return ", ".join(
            name for name in self.SUPPORTED_METHODS if getattr(type(self), name.lower()) is not none
        )

    def checked_id(self, stream_id: str) -> str:
        """Give the stream id.

        Raises:
            ApiError: 404, it cannot be one.
        """
        if not STREAM_ID.fullmatch(stream_id):
            raise ApiError(404, "bad_stream_id", "expected an id of letters, digits, - and _, at most 64")
        return stream_id

    def known_hub(self, stream_id: str) -> Hub:
        """Give a stream that is known here.

        Raises:
            ApiError: 404.
        """
        hub = self.context.streams.get(self.checked_id(stream_id))
        if hub is None:
            raise ApiError(404, "stream_not_found", "no such stream here; it may come when its source does")
        return hub

    def claims_for(self, stream_id: str) -> Claims:
        """Check the ingest key of the request.

        Raises:
            ApiError: 401, there is none.
            audiocast.stream.errors.BadKey: It is another stream's, or over.
        """
        key = ingest_key(self.request)
        if key is None:
            message = "expected the ingest key as ?key=, Basic password or Bearer token, got none"
            raise ApiError(401, "key_missing", message)
        return self.context.keys.check(stream_id, key, self.unix_seconds())

    def unix_seconds(self) -> float:
        """Give the time of day, for the expiry of keys."""
        return self.request._start_time

    def allow_any_origin(self) -> None:
        """Let pages of other sites read this response."""
        self.set_header("Access-Control-Allow-Origin", "*")

    def write_json(self, value: Any, status: int = 200) -> None:
        """Answer with JSON that nobody may keep."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json; charset=UTF-8")
        self.set_header("Cache-Control", "no-store")
        self.write(json.dumps(value, ensure_ascii=False) + "\n")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with the contract's error, never with a stack trace."""
        error = self._api_error(status_code, kwargs.get("exc_info", (None, None, None))[1])
        self.set_status(error.status)
        if error.status in (401, 405):
            # For 405 the RFC wants it (9110 section 15.5.6); source clients read it from a 401 too.
            self.set_header("Allow", self.allowed_methods)
        for name, value in error.headers.items():
            self.set_header(name, value)
        self.set_header("Content-Type", "application/json; charset=UTF-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(error.body)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log only what nobody has planned."""
        if ApiError.of(value) is None:
            super().log_exception(typ, value, tb)

    def _api_error(self, status: int, cause: BaseException | None) -> ApiError:
        known = ApiError.of(cause) if isinstance(cause, Exception) else None
        if known is not None:
            return known
        if isinstance(cause, MissingArgumentError):
            return ApiError(400, "argument_missing", f"expected the argument {cause.arg_name}, got none")
        if isinstance(cause, HTTPError) and cause.log_message and status < 500:
            return ApiError(status, ApiError.of_status(status).code, cause.log_message)
        return ApiError.of_status(status)


class OpenHandler(BaseHandler):
    """A handler that pages of other sites may ask for audio."""

    def set_default_headers(self) -> None:
        """Let them read errors too."""
        super().set_default_headers()
        self.allow_any_origin()

    def options(self, *_: str) -> None:
        """Answer a browser that asks before it asks (CORS preflight)."""
        self.set_header("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
        self.set_header("Access-Control-Allow-Headers", "Icy-MetaData, Range")
        self.set_header("Access-Control-Max-Age", "86400")
        super().options()
