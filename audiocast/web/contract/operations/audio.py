"""Audio in and audio out. What has no end is declared as what it is, a body of bytes."""

from audiocast.formats.encoding.stream_format import RATES_KBPS, USUAL_KBPS
from audiocast.web.contract.error_codes import KEY, SOURCE
from audiocast.web.contract.operation import ID, TEXT, Body, DeclaredAnswer, Operation, Parameter
from audiocast.web.contract.operations.streams import INGEST_KEY
from audiocast.web.contract.responses import Received

OGG = "audio/ogg"
NUMBER = {"type": "string", "pattern": "^[0-9]{1,18}$"}

_INGEST_TEXT = (
    "One Ogg Opus stream, or one behind the other, in real time: chunked, or with no framing until the "
    "connection closes. Icecast's older source clients send the same by the method SOURCE, which OpenAPI 3.1 "
    "cannot write down. A source that sends nothing for half a second is answered 200 at once; why it is "
    "refused after that is in the body."
)
_INGEST_ERRORS = ("bad_stream_id", *KEY, "client_limit", *SOURCE)
_INGEST_ANSWERS = (DeclaredAnswer("The source has ended by itself.", Received),)
_INGEST_BODY = Body(OGG, {**TEXT, "format": "binary"}, "Ogg Opus.", is_required=True)


def _ingest(method: str, name: str) -> Operation:
    return Operation(
        method,
        "/ingest/{id}",
        name,
        "Audio in: be a stream's source",
        _INGEST_ANSWERS,
        errors=_INGEST_ERRORS,
        parameters=(ID,),
        body=_INGEST_BODY,
        security=INGEST_KEY,
        text=_INGEST_TEXT,
    )


def _playlist(extension: str, media_type: str) -> Operation:
    return Operation(
        "GET",
        f"/stream/{{id}}.{extension}",
        f"get{extension.capitalize()}",
        f"The stream as a playlist ({extension.upper()})",
        (DeclaredAnswer("A playlist of one entry.", TEXT, media_type=media_type),),
        errors=("bad_stream_id", "client_limit"),
        parameters=(ID,),
    )


_PREROLL = Parameter(
    "preroll",
    "Seconds of backlog to begin with.",
    schema={"type": "number", "minimum": 0, "maximum": 86_400},
)
_LATENCY = Parameter(
    "latency",
    "The delay that the player aims at, in milliseconds.",
    schema={"anyOf": [{"type": "integer", "minimum": 20, "maximum": 10_000}, {**TEXT, "const": "low"}]},
)
_LISTEN_ERRORS = (
    *("bad_stream_id", "bad_preroll", "bad_latency", "bad_kbps", "stream_not_live", "client_limit"),
    *("server_full", "stream_full", "format_not_there", "formats_busy"),
)


def _encoded(codec: str, name: str, media_type: str) -> Operation:
    return Operation(
        "GET",
        f"/stream/{{id}}.{codec}",
        f"listenAs{codec.capitalize()}",
        f"Audio out as {name}, without an end",
        (DeclaredAnswer(f"{name}, frame after frame.", {**TEXT, "format": "binary"}, media_type=media_type),),
        errors=_LISTEN_ERRORS,
        parameters=(ID, _PREROLL, _LATENCY, _kbps(RATES_KBPS[codec], f"{USUAL_KBPS} unless given.")),
        is_endless=True,
        text="It needs `audiocast[formats]`. With the header `Icy-MetaData: 1` titles are inside the audio.",
    )


def _kbps(rates: tuple[int, ...], text: str) -> Parameter:
    return Parameter("kbps", f"Bit rate, kbit/s. {text}", schema={"type": "integer", "enum": list(rates)})


AUDIO = (
    _ingest("POST", "sendAudio"),
    _ingest("PUT", "putAudio"),
    Operation(
        "GET",
        "/ingest/{id}/ws",
        "sendPackets",
        "Audio in over a WebSocket",
        (DeclaredAnswer("An OpusHead is expected, then a packet a message.", status=101),),
        errors=(
            *("bad_stream_id", *KEY, "foreign_origin", "bad_upgrade", "upgrade_required", "client_limit"),
            *("server_full", "share_full", "shutting_down", "stream_ended", "stream_suspended"),
        ),
        parameters=(ID,),
        security=("ingestKeyAsSubprotocol", *INGEST_KEY),
        answers_plain_http=True,
        text="A plain GET is answered as the upgrade would be, and with 426 when all is well. A source that "
        "is refused later is closed with 4000 + the status, and a reason that begins with the error's code.",
    ),
    Operation(
        "GET",
        "/stream/{id}",
        "listen",
        "Audio out, without an end",
        (DeclaredAnswer("Ogg Opus, one logical stream.", {**TEXT, "format": "binary"}, media_type=OGG),),
        errors=_LISTEN_ERRORS,
        parameters=(
            ID,
            _PREROLL,
            _LATENCY,
            _kbps(RATES_KBPS["opus"], "The source's own unless given; it needs `audiocast[formats]`."),
        ),
        is_endless=True,
        text="The same at `/stream/{id}.opus` and `.ogg`, and with a slash or `;` at the end.",
    ),
    _encoded("mp3", "MP3", "audio/mpeg"),
    _encoded("aac", "AAC", "audio/aac"),
    _playlist("m3u", "audio/x-mpegurl"),
    _playlist("pls", "audio/x-scpls"),
    Operation(
        "GET",
        "/stream/{id}/hls/index.m3u8",
        "getHlsPlaylist",
        "The stream as HLS",
        (DeclaredAnswer("The playlist.", TEXT, media_type="application/vnd.apple.mpegurl"),),
        errors=(
            *("recording_not_found", "recordings_unreachable", "listening_refused"),
            *("bad_stream_id", "bad_hls_msn", "bad_hls_part", "stream_not_live", "stream_ended"),
            *("client_limit", "server_full", "stream_full", "no_audio_yet", "packager_unreachable"),
        ),
        parameters=(
            ID,
            Parameter("_HLS_msn", "Wait for this segment (RFC 8216bis section 6.2.5.2).", schema=NUMBER),
            Parameter("_HLS_part", "And this part of it.", schema=NUMBER),
            Parameter("dvr", "`1`: to all that is recorded of the show that is on (302).", schema=TEXT),
        ),
    ),
    Operation(
        "GET",
        "/stream/{id}/hls/{run}/{name}",
        "getHlsMedia",
        "A segment, a part, or what comes before them",
        (DeclaredAnswer("Fragmented MP4.", {**TEXT, "format": "binary"}, media_type="audio/mp4"),),
        errors=(
            *("bad_stream_id", "media_not_found", "client_limit", "server_full", "no_audio_yet"),
            *("packager_unreachable", "bad_hls_msn", "bad_hls_part"),
            *("recording_not_found", "recordings_unreachable", "listening_refused"),
        ),
        parameters=(
            ID,
            Parameter("run", "As the playlist has it.", place="path", is_required=True),
            Parameter("name", "As the playlist has it.", place="path", is_required=True),
        ),
    ),
)
