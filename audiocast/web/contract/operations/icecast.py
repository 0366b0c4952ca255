"""What Icecast's programs ask for: see docs/api.md."""

from audiocast.web.contract.error_codes import KEY
from audiocast.web.contract.operation import (
    MOUNT,
    NEEDED_MOUNT,
    TEXT,
    XML,
    Body,
    DeclaredAnswer,
    Operation,
    Parameter,
)
from audiocast.web.contract.operations.streams import INGEST_KEY
from audiocast.web.contract.responses import IcecastStatus

FORM = "application/x-www-form-urlencoded"

_MOUNT_ERRORS = ("bad_mount", "bad_stream_id", *KEY, "client_limit", "stream_suspended")
_TITLE = (
    Parameter("mode", "The only one there is.", schema={**TEXT, "enum": ["updinfo"]}),
    Parameter("song", "Artist and title, as the program writes them."),
    Parameter("title", "Of the track; `song` is not looked at then."),
    Parameter("artist", "Of the track."),
    Parameter("charset", "Of all of these; UTF-8 without it.", schema=TEXT),
)
_FORM = {
    "type": "object",
    "properties": {each.name: each.schema or TEXT for each in (NEEDED_MOUNT, *_TITLE)},
    "required": ["mount"],
}


def _statistics(path: str, name: str, summary: str, mount: Parameter, *more: str) -> Operation:
    return Operation(
        "GET",
        path,
        name,
        summary,
        (DeclaredAnswer("An `icestats` document.", TEXT, media_type=XML),),
        errors=(*_MOUNT_ERRORS, "token_needed", "stream_ended", "stream_not_live", *more),
        parameters=(mount,),
        security=("apiToken", "apiTokenAsPassword", *INGEST_KEY),
        answers_plain_http=True,
    )


def _metadata(method: str, name: str, parameters: tuple[Parameter, ...], body: Body | None) -> Operation:
    return Operation(
        method,
        "/admin/metadata",
        name,
        "Show a title, as Icecast's source clients send it",
        (DeclaredAnswer("An `iceresponse` document.", TEXT, media_type=XML),),
        errors=(*_MOUNT_ERRORS, "argument_missing", "bad_mode", "bad_charset", "stream_ended"),
        parameters=parameters,
        body=body,
        security=INGEST_KEY,
        answers_plain_http=True,
    )


def _kill(method: str, name: str) -> Operation:
    return Operation(
        method,
        "/admin/killsource",
        name,
        "End a stream for good",
        (DeclaredAnswer("An `iceresponse` document.", TEXT, media_type=XML),),
        errors=(*_MOUNT_ERRORS, "argument_missing"),
        parameters=(NEEDED_MOUNT,),
        security=INGEST_KEY,
        answers_plain_http=True,
    )


ICECAST = (
    Operation(
        "GET",
        "/status-json.xsl",
        "getIcecastStatus",
        "The listed live streams in Icecast's words",
        (DeclaredAnswer("The streams.", IcecastStatus),),
        parameters=(Parameter("mount", "That one alone, listed or not."),),
        security=("apiToken", "apiTokenAsPassword"),
        may_be_anonymous=True,
    ),
    _metadata("GET", "setIcecastMetadata", (NEEDED_MOUNT, *_TITLE), None),
    _metadata("POST", "postIcecastMetadata", (), Body(FORM, _FORM, is_required=True)),
    _statistics("/admin/stats", "getIcecastStats", "The server and its streams", MOUNT),
    _statistics("/admin/listmounts", "listIcecastMounts", "The streams and how many listen", MOUNT),
    _statistics(
        "/admin/listclients", "listIcecastClients", "How many listen", NEEDED_MOUNT, "argument_missing"
    ),
    _kill("GET", "killIcecastSource"),
    _kill("POST", "postKillIcecastSource"),
)
