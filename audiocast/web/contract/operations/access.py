"""Private streams: links that open them, and the code that people type."""

from audiocast.web.contract.error_codes import KEY
from audiocast.web.contract.operation import ID, JSON, TEXT, Body, DeclaredAnswer, Operation
from audiocast.web.contract.operations.streams import INGEST_KEY
from audiocast.web.contract.requests import KeyRequest, ListenLinksRequest
from audiocast.web.contract.responses import FurtherKey, ListenLinks

FORM = "application/x-www-form-urlencoded"

ACCESS = (
    Operation(
        "POST",
        "/api/streams/{id}/keys",
        "makeFurtherKey",
        "Make a further key, for a source of a worse priority",
        (DeclaredAnswer("The key. Nobody keeps it.", FurtherKey, status=201),),
        errors=(
            *("bad_stream_id", *KEY, "bad_json", "bad_request", "better_priority"),
            *("stream_ended", "stream_suspended"),
        ),
        parameters=(ID,),
        body=Body(JSON, KeyRequest),
        security=INGEST_KEY,
    ),
    Operation(
        "POST",
        "/api/streams/{id}/listen-links",
        "makeListenLinks",
        "Make links that open a private stream",
        (DeclaredAnswer("The links. Nobody keeps them.", ListenLinks),),
        errors=("bad_stream_id", *KEY, "bad_json", "stream_ended", "stream_suspended"),
        parameters=(ID,),
        body=Body(JSON, ListenLinksRequest, "No body is an empty object."),
        security=INGEST_KEY,
    ),
    Operation(
        "POST",
        "/api/streams/{id}/listen-links/revoke",
        "revokeListenLinks",
        "End all links that were made before, and what they have opened",
        (DeclaredAnswer("No member lets anybody in by them any more.", status=204),),
        errors=("bad_stream_id", *KEY, "stream_ended", "stream_suspended"),
        parameters=(ID,),
        security=INGEST_KEY,
    ),
    Operation(
        "POST",
        "/listen/{id}/code",
        "typeAccessCode",
        "Open a private stream by its access code",
        (DeclaredAnswer("To the listener's page, with a cookie that opens the stream.", status=303),),
        errors=("bad_stream_id", "client_limit", "listen_token_needed"),
        parameters=(ID,),
        body=Body(FORM, {"type": "object", "properties": {"code": TEXT}}, "What the form of the page sends."),
        has_error_page=True,
    ),
)
