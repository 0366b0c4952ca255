"""What is known of a stream, and what its broadcaster does with it."""

from audiocast.web.contract.error_codes import KEY
from audiocast.web.contract.operation import (
    BINARY,
    ID,
    JSON,
    TEXT,
    Body,
    DeclaredAnswer,
    Operation,
    Parameter,
)
from audiocast.web.contract.requests import MetadataRequest, StartRequest, StreamEditRequest
from audiocast.web.contract.responses import AudienceReport, Started, StreamDetails, StreamList, TrackList

# Of a question about a stream that nobody may know.
UNKNOWN = ("bad_stream_id", "stream_not_found", "client_limit")

INGEST_KEY = ("ingestKey", "ingestKeyAsPassword", "ingestKeyInQuery")

STREAMS = (
    Operation(
        "POST",
        "/api/start",
        "startStream",
        "Ask for a stream",
        (DeclaredAnswer("The stream's key and links.", Started, status=201),),
        errors=(
            *("bad_json", "bad_request", "token_needed", "id_needs_token", "stream_live", "client_limit"),
            *("server_full", "share_full", "id_outside_share", "bad_fallback", "recording_off"),
        ),
        body=Body(JSON, StartRequest, "No body is an empty object."),
        security=("apiToken",),
        may_be_anonymous=True,
        text="With API_TOKENS set it needs one of them, and only then may `id` be chosen.",
    ),
    Operation(
        "GET",
        "/api/streams",
        "listStreams",
        "The streams that are on and listed",
        (DeclaredAnswer("The streams; with an API token all that are on.", StreamList),),
        security=("apiToken", "apiTokenAsPassword"),
        may_be_anonymous=True,
    ),
    Operation(
        "GET",
        "/api/streams/{id}",
        "getStream",
        "The state of a stream",
        (DeclaredAnswer("The state.", StreamDetails),),
        errors=UNKNOWN,
        parameters=(ID,),
        security=("apiToken", *INGEST_KEY),
        may_be_anonymous=True,
    ),
    Operation(
        "PATCH",
        "/api/streams/{id}",
        "editStream",
        "Change what is shown, or mute the sound",
        (DeclaredAnswer("The change is shown to everybody.", status=204),),
        errors=("bad_stream_id", *KEY, "bad_json", "bad_request", "stream_ended", "stream_suspended"),
        parameters=(ID,),
        body=Body(JSON, StreamEditRequest),
        security=INGEST_KEY,
    ),
    Operation(
        "DELETE",
        "/api/streams/{id}",
        "endStream",
        "End a stream, for good or for now",
        (DeclaredAnswer("It is ended at all members.", status=204),),
        errors=("bad_stream_id", *KEY, "bad_for_good", "stream_suspended"),
        parameters=(
            ID,
            Parameter(
                "for_good",
                "`false`: a source with the same key may come again.",
                schema={**TEXT, "enum": ["true", "false"], "default": "true"},
            ),
        ),
        security=INGEST_KEY,
    ),
    Operation(
        "GET",
        "/api/streams/{id}/events",
        "watchStream",
        "The state as server-sent events, now and whenever it changes",
        (
            DeclaredAnswer(
                "Events named `state` without an end; the data of each is a `StreamState`.",
                TEXT,
                media_type="text/event-stream",
            ),
        ),
        errors=(*UNKNOWN, "server_full"),
        parameters=(ID,),
        is_endless=True,
    ),
    Operation(
        "GET",
        "/api/streams/{id}/history",
        "listTracks",
        "The last tracks of a stream",
        (DeclaredAnswer("The tracks.", TrackList),),
        errors=UNKNOWN,
        parameters=(ID,),
    ),
    Operation(
        "GET",
        "/api/streams/{id}/audience",
        "getAudience",
        "Who listens, and who did in the last day",
        (DeclaredAnswer("The numbers of all members together.", AudienceReport),),
        errors=("bad_stream_id", *KEY),
        parameters=(ID,),
        security=("apiToken", *INGEST_KEY),
    ),
    Operation(
        "PUT",
        "/api/streams/{id}/metadata",
        "setMetadata",
        "Show title and artist to all listeners",
        (DeclaredAnswer("They are shown, or a newer track has taken their place.", status=204),),
        errors=("bad_stream_id", *KEY, "bad_json", "bad_request", "stream_ended", "stream_suspended"),
        parameters=(ID,),
        body=Body(JSON, MetadataRequest),
        security=INGEST_KEY,
    ),
    Operation(
        "PUT",
        "/api/streams/{id}/cover",
        "setCover",
        "Give a picture for the stream's cover",
        (DeclaredAnswer("The stream's owner has it.", status=204),),
        errors=(
            *("bad_stream_id", *KEY, "bad_picture", "client_limit", "server_full", "stream_ended"),
            "stream_suspended",
        ),
        parameters=(ID,),
        body=Body(BINARY, {**TEXT, "format": "binary"}, "JPEG, PNG or WebP.", is_required=True),
        security=INGEST_KEY,
    ),
    Operation(
        "DELETE",
        "/api/streams/{id}/cover",
        "removeCover",
        "Take the picture back: the cover is drawn again",
        (DeclaredAnswer("It is gone, or there was none.", status=204),),
        errors=("bad_stream_id", *KEY, "client_limit", "stream_ended", "stream_suspended"),
        parameters=(ID,),
        security=INGEST_KEY,
    ),
    Operation(
        "GET",
        "/api/openapi.json",
        "getOpenApi",
        "This document",
        (DeclaredAnswer("OpenAPI 3.1.", {"type": "object"}),),
    ),
)
