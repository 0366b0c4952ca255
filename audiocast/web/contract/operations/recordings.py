"""Shows that are recorded: lists, files, the switch, and what their broadcaster does with them."""

from audiocast.web.contract.error_codes import KEY
from audiocast.web.contract.operation import ID, JSON, TEXT, Body, DeclaredAnswer, Operation, Parameter
from audiocast.web.contract.operations.streams import INGEST_KEY
from audiocast.web.contract.recordings import (
    RecordingSwitch,
    RunningShowAnswer,
    ShowEditRequest,
    ShowIndex,
    ShowList,
)

SHOW = Parameter(
    "id",
    "The show's id: the stream's, and when it began.",
    place="path",
    schema={**TEXT, "pattern": r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}-\d{8}T\d{6}Z$"},
    is_required=True,
)
SAMPLE = Parameter(
    "sample",
    "Where the part begins, or what it has: samples of 48 kHz from the show's beginning.",
    place="path",
    schema={"type": "integer", "minimum": 0, "maximum": 10**15 - 1},
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
        "GET",
        "/api/streams/{id}/rewind",
        "getRunningShow",
        "What is recorded so far of the show that is on",
        (DeclaredAnswer("How far a listener can go back.", RunningShowAnswer),),
        errors=("bad_stream_id", *GONE, "client_limit", "listening_refused"),
        parameters=(ID,),
    ),
    Operation(
        "GET",
        "/recordings/{id}/parts/{sample}.opus",
        "getRecordingPart",
        "Some seconds of the show that is on; 302 to the part that has the sample, or to the next one",
        (
            DeclaredAnswer(
                "The part that begins with the sample.", {**TEXT, "format": "binary"}, media_type="audio/ogg"
            ),
        ),
        errors=(*GONE, "client_limit", "listening_refused", "not_found", "part_not_there"),
        parameters=(SHOW, SAMPLE),
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
