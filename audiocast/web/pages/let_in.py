"""How a visitor is let in to a private stream: by a link with a token, or by typing its access code.

Either way the browser gets the token of a session in a cookie that scripts cannot read, and the pages and all
that they ask for go by it.
"""

from audiocast.stream.access.access_code import is_same_code
from audiocast.stream.access.listen_tokens import ListenClaims
from audiocast.web.http.access.listen_gate import COOKIE_PREFIX
from audiocast.web.http.clients import Rate
from audiocast.web.http.errors import BEARER, ApiError
from audiocast.web.pages.page import PageHandler

# A browser keeps the cookie after its session's end: then the page knows why it asks again.
DAY_SECONDS = 86_400

# Of a request that is no page's.
LISTEN_TOKEN_NEEDED = "this stream is private: expected a listen token as ?token= or Bearer token"


class LetInHandler(PageHandler):
    """A page that lets visitors in, or asks them for the code."""

    def let_in(self, stream_id: str, claims: ListenClaims) -> None:
        """Begin a session in this browser."""
        token, seconds = self.services.listen_gate.session_token(stream_id, claims)
        is_secure = self.services.urls.base(self.request).startswith("https:")
        framed = self.framed_by != "'none'" and is_secure
        cookie = [
            f"{COOKIE_PREFIX}{stream_id}={token}",
            "Path=/",
            f"Max-Age={seconds + DAY_SECONDS}",
            "HttpOnly",
        ]
        # In a frame the page is another site's guest: its cookie is for that site alone (CHIPS).
        cookie += ["SameSite=None", "Partitioned"] if framed else ["SameSite=Lax"]
        cookie += ["Secure"] if is_secure else []
        self.add_header("Set-Cookie", "; ".join(cookie))
        self.set_header("Cache-Control", "private, no-store")

    async def let_in_by_token(self, stream_id: str) -> bool:
        """Begin a session if the link's token, or whoever else is asked, lets the visitor in.

        Returns:
            Whether one has begun; a stream that is open to all needs none.
        """
        gate, token = self.services.listen_gate, self.get_query_argument("token", "")
        claims = gate.check(self.checked_id(stream_id), token) if token else None
        if claims is None and gate.is_hidden(stream_id, self.request):
            await self.services.listen_authority.let_in(stream_id, self.request, "page")
            claims = gate.claims_of(stream_id, self.request)
        if claims is not None:
            self.let_in(stream_id, claims)
        return claims is not None

    def ask_for_code(self, stream_id: str, trouble: str) -> None:
        """Answer 401: to browsers with a form, to all other clients as JSON.

        Args:
            stream_id: The stream.
            trouble: Why the visitor is asked again, as the form's template knows it; empty: for the first
                time.
        """
        if "text/html" not in self.request.headers.get("Accept", ""):
            raise ApiError(401, "listen_token_needed", LISTEN_TOKEN_NEEDED, challenge=BEARER)
        self.set_status(401)
        self.set_header("WWW-Authenticate", BEARER)
        self.set_header("Cache-Control", "private, no-store")
        self.render("let_in.html", stream_id=stream_id, trouble=trouble)


class AccessCodeHandler(LetInHandler):
    """`POST /listen/{id}/code`: the form's code; lets the visitor in, or asks again."""

    metric_label = "AccessCode"

    async def post(self, stream_id: str) -> None:
        services = self.services
        # Right codes are counted too until they are known to be right: tries side by side are tries.
        services.clients.charge(self.request, Rate.WRONG_PASSWORDS, stream_id=self.checked_id(stream_id))
        given = self.get_body_argument("code", "")
        hub = services.streams.get_known(stream_id)
        code = hub.claims.access_code if hub is not None else ""
        if not code:
            state = await services.directory.find(stream_id, None)
            code = str((state or {}).get("access_code") or "")
        if not services.listen_gate.is_private(stream_id) or not is_same_code(given, code):
            self.ask_for_code(stream_id, "wrong_code")
            return
        services.clients.refund(self.request, Rate.WRONG_PASSWORDS, stream_id=stream_id)
        _, claims = services.listen_gate.make(stream_id)
        self.let_in(stream_id, claims)
        self.redirect(f"/listen/{stream_id}", status=303)
