"""What a source may, by its key or password, or because a program of the station's says so."""

from audiocast.stream.errors import BadKey
from audiocast.stream.keys import Claims
from audiocast.web.http.access.auth_hook import Question
from audiocast.web.http.addresses.listener import who_listens
from audiocast.web.http.clients import Rate
from audiocast.web.http.credentials import basic_user, ingest_key
from audiocast.web.http.handlers import PublicHandler

# Of a password, and of a user's name.
MAX_CREDENTIAL_CHARACTERS = 1024


async def source_claims(handler: PublicHandler, stream_id: str, *, mount: str | None = None) -> Claims:
    """Return what the request's key claims; see `PublicHandler.claims_for`.

    A request whose key or password is not of this server is refused, unless SOURCE_AUTH_URL allows it.

    Raises:
        ApiError: 401, or 429.
        audiocast.stream.errors.BadKey: See `PublicHandler.claims_for`.
    """
    try:
        return handler.claims_for(stream_id, mount=mount)
    except BadKey as error:
        claims = await _allowed(handler, stream_id)
        if claims is None:
            raise error
        return claims


async def _allowed(handler: PublicHandler, stream_id: str) -> Claims | None:
    services, request = handler.services, handler.request
    password = ingest_key(request)
    if services.source_hook is None or password is None or len(password) > MAX_CREDENTIAL_CHARACTERS:
        return None
    user = basic_user(request)[:MAX_CREDENTIAL_CHARACTERS]
    # Tries side by side are tries.
    services.clients.charge(request, Rate.WRONG_PASSWORDS)
    who = who_listens(request, services.clients)
    question = Question("source", stream_id, password, user, who.address, who.agent)
    verdict = await services.source_hook.ask(question)
    if not verdict.is_allowed:
        return None
    services.clients.refund(request, Rate.WRONG_PASSWORDS)
    return Claims(title=verdict.title)
