"""Shows that are recorded: lists, files, the switch, and what their broadcaster does with them."""

from audiocast.web.contract.error_codes import KEY
from audiocast.web.contract.operation import ID, JSON, TEXT, Body, DeclaredAnswer, Operation, Parameter
from audiocast.web.contract.operations.streams import INGEST_KEY
from audiocast.web.contract.recordings import RecordingSwitch, ShowEditRequest, ShowIndex, ShowList

SHOW = Parameter(
    "id",
    "The show's id: the stream's, and when it began.",
    place="path",
    schema={**TEXT, "pattern": r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}-\d{8}T\d{6}Z$"},
    is_required=True,
)
RANGE = Parameter("Range", "One range of bytes.", place="header", schema=TEXT)

GONE = ("recording_not_found", "recordings_unreachable")

RECORDINGS = (
    Operation(
        "GET",
        "/api/streams/{id}/recordings",
        "listRecordings",
        "The shows of a stream that are recorded",
        (DeclaredAnswer("The newest 500, the newest first.", ShowList),),
        errors=("bad_stream_id", "client_limit", "recordings_unreachable"),
        parameters=(ID,),
    ),
    Operation(
        "PUT",
        "/api/streams/{id}/recording",
        "switchRecording",
        "Record a stream from now on, or stop it",
        (DeclaredAnswer("All members know.", status=204),),
        errors=(
            *("bad_stream_id", *KEY, "bad_json", "bad_request", "recording_off"),
            *("stream_ended", "stream_suspended"),
        ),
        parameters=(ID,),
        body=Body(JSON, RecordingSwitch, is_required=True),
        security=INGEST_KEY,
    ),
    Operation(
        "GET",
        "/recordings/{id}.opus",
        "getRecording",
        "A show as a file",
        (
            DeclaredAnswer("All of it.", {**TEXT, "format": "binary"}, media_type="audio/ogg"),
            DeclaredAnswer(
                "The range that was asked for.", {**TEXT, "format": "binary"}, 206, media_type="audio/ogg"
            ),
        ),
        errors=(*GONE, "client_limit", "recording_not_ready", "range_not_there"),
        parameters=(SHOW, RANGE),
    ),
    Operation(
        "GET",
        "/recordings/{id}.json",
        "getRecordingIndex",
        "What is known of a show: its tracks, what is missing",
        (DeclaredAnswer("The index.", ShowIndex),),
        errors=(*GONE, "client_limit"),
        parameters=(SHOW,),
    ),
    Operation(
        "PATCH",
        "/recordings/{id}",
        "editRecording",
        "Give a show another title, or keep it for ever",
        (DeclaredAnswer("It is done.", status=204),),
        errors=(*GONE, *KEY, "bad_json", "bad_request"),
        parameters=(SHOW,),
        body=Body(JSON, ShowEditRequest),
        security=("apiToken", *INGEST_KEY),
    ),
    Operation(
        "DELETE",
        "/recordings/{id}",
        "deleteRecording",
        "Delete a show that is over",
        (DeclaredAnswer("It is gone.", status=204),),
        errors=(*GONE, *KEY, "recording_not_ready"),
        parameters=(SHOW,),
        security=("apiToken", *INGEST_KEY),
    ),
)
