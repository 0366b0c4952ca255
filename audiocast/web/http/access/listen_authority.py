"""Who else lets listeners in: a program of the station's that is asked, and tokens of an identity provider.

Whoever is let in by them gets a listen token of ours in the request, and goes on as if it had come with that.
"""

from tornado.httputil import HTTPServerRequest

from audiocast.stream.access.listen_tokens import ListenClaims
from audiocast.web.http.access.auth_hook import AuthHook, Question
from audiocast.web.http.access.listen_gate import ListenGate, listen_token
from audiocast.web.http.access.listen_jwt import ListenJwt
from audiocast.web.http.addresses.listener import who_listens
from audiocast.web.http.clients import Clients, Rate
from audiocast.web.http.credentials import bearer_token
from audiocast.web.http.errors import ApiError

MAX_TOKEN_CHARACTERS = 8192


class ListenAuthority:
    """Asks whoever is to be asked.

    Args:
        gate: Makes our tokens.
        clients: Who asks often for nothing is refused.
        hook: Is asked for each listener that joins; None: nobody is.
        jwt: Checks tokens of an identity provider; None: there is none.
    """

    def __init__(
        self, gate: ListenGate, clients: Clients, hook: AuthHook | None = None, jwt: ListenJwt | None = None
    ) -> None:
        self._gate = gate
        self._clients = clients
        self._hook = hook
        self._jwt = jwt

    async def let_in(self, stream_id: str, request: HTTPServerRequest, way: str) -> bool:
        """Return whether a request may join a stream, as far as others have a say in it.

        A private stream stays hidden for those who may not; for the others this is the whole answer.

        Args:
            stream_id: An id that was checked.
            request: A request to join. It has a listen token afterwards, if somebody has let it in.
            way: See `Question`.

        Raises:
            ApiError: 429, the client has asked in vain too often.
        """
        gate, is_private = self._gate, self._gate.is_private(stream_id)
        if self._hook is None and (self._jwt is None or not is_private):
            return True
        if gate.claims_of(stream_id, request) is not None or gate.may_manage(stream_id, request):
            return True
        token = (listen_token(request, stream_id) or bearer_token(request) or "")[:MAX_TOKEN_CHARACTERS]
        claims: ListenClaims | None = None
        self._clients.charge(request, Rate.UNKNOWN_IDS)
        if self._jwt is not None and is_private and token:
            claims = await self._jwt.check(stream_id, token)
        if claims is None and self._hook is not None:
            who = who_listens(request, self._clients)
            verdict = await self._hook.ask(
                Question("listen", stream_id, token, "", who.address, who.agent, way)
            )
            if not verdict.is_allowed:
                return False
            _, claims = gate.make(stream_id, session_seconds=verdict.session_seconds, label=verdict.label)
        if claims is None:
            return False
        self._clients.refund(request, Rate.UNKNOWN_IDS)
        ours, _ = gate.session_token(stream_id, claims)
        request.query_arguments["token"] = [ours.encode()]
        return True


def refuse_listening() -> ApiError:
    """Return the error of a stream that everybody may know, and not everybody may hear."""
    message = "whoever runs this server does not let you listen to this stream"
    return ApiError(403, "listening_refused", message)
