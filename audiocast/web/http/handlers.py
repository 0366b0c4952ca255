"""What all handlers share, written once: errors as JSON, our server name, stream ids, bounds of requests.

- `JsonErrors`: any handler of ours, Tornado's own kinds included
- `Handler`: one that works with this node
- `PublicHandler`, `CrossOriginHandler`: the public port
- `InternalHandler`, `MemberHandler`: the internal port
"""

import time
from asyncio import Future
from collections.abc import Awaitable
from typing import Any, ClassVar

import structlog
from tornado.web import HTTPError, MissingArgumentError, RequestHandler

from audiocast.cluster.errors import Refused
from audiocast.cluster.protocol import (
    PROTOCOL_HEADER,
    PROTOCOL_VERSION,
    SIGNATURE_HEADER,
    PeerRequest,
    version_of,
)
from audiocast.cluster.signature.header import BadSignature, RequestSignature
from audiocast.stream.errors import BadKey, StreamEnded, StreamSuspended
from audiocast.stream.hub import Hub
from audiocast.stream.keys import Claims
from audiocast.telemetry.requests import LoggedHandler, loggable_path
from audiocast.web.contract.requests import STREAM_ID
from audiocast.web.http.access.audit import refusals_audited
from audiocast.web.http.credentials import has_api_token, ingest_key
from audiocast.web.http.errors import ApiError
from audiocast.web.http.json_body import parse_object
from audiocast.web.http.json_text import encode_json
from audiocast.web.http.raw_response import PUBLIC_HEADERS, SERVER_NAME
from audiocast.web.http.services import Limits, Services

log = structlog.get_logger()

MAX_BODY_BYTES = 65_536
MAX_HEADER_BYTES = 16_384


class JsonErrors(LoggedHandler):
    """Errors as the contract's JSON, logged only when no part of the server raises them on purpose."""

    def set_default_headers(self) -> None:
        """Replace Tornado's server name."""
        self.set_header("Server", SERVER_NAME)

    def head(self, *args: Any, **kwargs: Any) -> Awaitable[None] | None:
        """Answer as GET, without its body (RFC 9110 section 9.3.2): Tornado leaves that out.

        A GET that does more than to answer has a HEAD of its own, which does nothing but answer.
        """
        return self.get(*args, **kwargs)

    @property
    def allowed_methods(self) -> str:
        """The methods of this path, as an `Allow` header lists them: HEAD wherever there is GET."""
        none = RequestHandler._unimplemented_method
        has = {name: getattr(type(self), name.lower()) is not none for name in self.SUPPORTED_METHODS}
        has["HEAD"] = has["GET"]
        return ", ".join(name for name in self.SUPPORTED_METHODS if has[name])

    @property
    def said_method(self) -> str:
        """The method as errors name it: the answer to HEAD has the length of GET's."""
        return "GET" if self.request.method == "HEAD" else self.request.method or ""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Send the contract's error, never a stack trace."""
        error = self.api_error(status_code, kwargs.get("exc_info", (None, None, None))[1])
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
        """Log exceptions that have no HTTP status of their own, without the query: it may hold a key."""
        if isinstance(value, HTTPError) or ApiError.of(value) is not None:
            return
        log.error(
            "request_failed",
            handler=self.metric_label,
            method=self.request.method,
            path=loggable_path(self.request),
            exc_info=(typ, value, tb),
        )

    def api_error(self, status: int, cause: BaseException | None) -> ApiError:
        """Return the contract's error for an exception.

        Args:
            status: What Tornado would answer.
            cause: The exception, if there was one.
        """
        known = ApiError.of(cause) if isinstance(cause, Exception) else None
        if known is not None:
            return known
        if isinstance(cause, MissingArgumentError):
            return ApiError(400, "argument_missing", f"expected the argument {cause.arg_name}, got none")
        if isinstance(cause, HTTPError) and cause.log_message and status < 500:
            return ApiError(status, ApiError.of_status(status).code, cause.get_message() or "")
        if status == 405:
            message = f"expected {self.allowed_methods}, got {self.said_method}"
            return ApiError(405, "method_not_allowed", message)
        return ApiError.of_status(status)


class Handler(JsonErrors):
    """A handler that works with this node's parts."""

    services: Services
    limits: Limits

    def initialize(self, services: Services, limits: Limits) -> None:
        self.services = services
        self.limits = limits

    def checked_id(self, stream_id: str) -> str:
        """Return the stream id.

        Raises:
            ApiError: 404, it cannot be one.
        """
        if not STREAM_ID.fullmatch(stream_id):
            raise ApiError(404, "bad_stream_id", "expected an id of letters, digits, - and _, at most 64")
        return stream_id

    def known_hub(self, stream_id: str) -> Hub:
        """Return a stream that this node knows.

        Raises:
            ApiError: 404.
        """
        hub = self.services.streams.get_known(self.checked_id(stream_id))
        if hub is None:
            raise ApiError(404, "stream_not_found", "no such stream here; it may come when its source does")
        return hub


class PublicHandler(Handler):
    """A handler of the public port.

    Attributes:
        answers_plain_http: Also when others are redirected to HTTPS: encoders do not go where they are sent.
    """

    answers_plain_http: ClassVar[bool] = False

    def set_default_headers(self) -> None:
        for name, value in PUBLIC_HEADERS.items():
            self.set_header(name, value)

    def prepare(self) -> Awaitable[None] | None:
        """Refuse a request head that is too large, and a body where none belongs."""
        self.check_bounds()
        headers = self.request.headers
        if self.request.method in ("GET", "HEAD") and (
            headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in headers
        ):
            raise ApiError(400, "unexpected_body", f"expected {self.said_method} without a body, got one")
        self._redirect_to_https()
        return None

    def _redirect_to_https(self) -> None:
        """Send a client of plain HTTP to HTTPS, if the settings say so; the request is finished then."""
        if self.request.method not in ("GET", "HEAD") or self.answers_plain_http:
            return
        url = self.services.urls.https_url(self.request)
        # Players that have known an alias for years may know no TLS.
        if url is not None and self.services.aliases.find(self.request.path) is None:
            self.set_header("Cache-Control", "no-store")
            # Old players know it; and no browser keeps it when the setting is gone.
            self.redirect(url, status=302)

    def check_bounds(self) -> None:
        """Refuse who is banned, and a request head that is too large.

        Raises:
            ApiError: 403 or 431.
        """
        self.services.bans.check(self.request)
        size = sum(len(name) + len(value) + 4 for name, value in self.request.headers.get_all())
        size += len(self.request.uri or "")
        if size > MAX_HEADER_BYTES:
            raise ApiError(
                431, "headers_too_large", f"expected a head of at most {MAX_HEADER_BYTES} bytes, got {size}"
            )

    def options(self, *_: str) -> None:
        """List the methods of this path (RFC 9110 section 9.3.7)."""
        self.set_header("Allow", self.allowed_methods)
        self.set_status(204)

    def claims_for(self, stream_id: str, *, mount: str | None = None) -> Claims:
        """Check the ingest key of the request, or the password of its alias: of its path, else of `mount`.

        Raises:
            ApiError: 401, there is none; 429, too many were wrong.
            audiocast.stream.errors.BadKey: It is another stream's, or has expired.
        """
        key = ingest_key(self.request)
        if key is None:
            message = "expected the ingest key as ?key=, Basic password or Bearer token, got none"
            raise ApiError(401, "key_missing", message)
        alias = self.services.aliases.find(self.request.path if mount is None else mount)
        if alias is not None and alias.admits(self.request, key, self.services.clients):
            return alias.claims
        with refusals_audited(stream_id):
            return self.services.keys.check(stream_id, key, time.time())

    def may_manage(self, stream_id: str) -> bool:
        """Return whether the request has the stream's present key or an API token; never raises."""
        tenants = self.services.tenants
        if has_api_token(self.request, self.services.api_tokens) or tenants.owns(stream_id, self.request):
            return True
        try:
            self.services.streams.admit(stream_id, self.claims_for(stream_id).generation)
        except (StreamEnded, StreamSuspended):
            return True
        except (ApiError, BadKey):
            return False
        return True

    def allow_any_origin(self) -> None:
        """Let pages of other sites read this response."""
        self.set_header("Access-Control-Allow-Origin", "*")

    def write_json(self, value: Any, status: int = 200) -> None:
        """Send JSON that no cache may keep."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json; charset=UTF-8")
        self.set_header("Cache-Control", "no-store")
        self.write(encode_json(value) + b"\n")


class CrossOriginHandler(PublicHandler):
    """A handler that pages of other sites may ask for audio."""

    def set_default_headers(self) -> None:
        # Errors too: a page should be able to read why it gets no audio.
        super().set_default_headers()
        self.allow_any_origin()

    def options(self, *_: str) -> None:
        """Answer a CORS preflight."""
        self.set_header("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
        self.set_header("Access-Control-Allow-Headers", "Icy-MetaData, Range")
        self.set_header("Access-Control-Max-Age", "86400")
        super().options()


class InternalHandler(Handler):
    """A handler of the internal port."""


class MemberHandler(InternalHandler):
    """A handler for other members: no request without a member's signature gets past `prepare`.

    Every answer to a request of a member is signed, errors too. A request that no member has signed is
    answered without a signature.

    Attributes:
        may_be_unaddressed: The sender need not know yet who is here.
        signature: Of the request.
    """

    may_be_unaddressed: ClassVar[bool] = False
    signature: RequestSignature | None = None

    def prepare(self) -> None:
        """Check signature, addressee and stream id.

        Raises:
            ApiError: 403, 404, 421 or 505.
        """
        node, request = self.services.node, self.request
        if node.is_alone:
            raise ApiError(404, "alone", "this server has no members to speak with")
        signed = PeerRequest(request.method or "", request.uri or "", request.headers, request.body)
        value = request.headers.get(SIGNATURE_HEADER, "")
        try:
            signature = node.signature_check.check_signature(
                signed, value, time.time(), peer=request.remote_ip or ""
            )
        except BadSignature:
            raise ApiError(403, "bad_signature", "expected a request signed by a member") from None
        self.signature = signature
        try:
            node.signature_check.check_addressee(
                signature, version_of(request.headers), may_be_nobody=self.may_be_unaddressed
            )
        except Refused as refusal:
            raise ApiError(refusal.status, refusal.code, refusal.message) from None
        for stream_id in self.path_args:
            self.checked_id(stream_id)

    def compute_etag(self) -> None:
        """Members keep no answers, and a 304 would not be the answer that was signed."""

    def finish(self, chunk: str | bytes | dict[str, Any] | None = None) -> "Future[None]":
        """Sign the answer, and send it."""
        if chunk is not None:
            self.write(chunk)
        if self.signature is not None:
            self._sign(self.signature)
        return super().finish()

    def json_body(self) -> dict[str, Any]:
        """Return the request's JSON object.

        Raises:
            ApiError: 400.
        """
        return parse_object(self.request.body)

    def query(self) -> dict[str, str]:
        """Return the arguments of the request's query; of those that come twice the last."""
        return {name: self.get_query_argument(name) for name in self.request.query_arguments}

    def _sign(self, signature: RequestSignature) -> None:
        if self.get_status() == 204:
            # Tornado takes it away from answers without a body, after this.
            self.clear_header("Content-Type")
        self.set_header(PROTOCOL_HEADER, str(PROTOCOL_VERSION))
        body = b"".join(self._write_buffer)
        signed = self.services.node.signature_check.signer.sign_answer(
            signature, self.get_status(), self._headers, body
        )
        self.set_header(SIGNATURE_HEADER, str(signed))
