"""What is wrong, for people: a stable code, plain words, and what to do about it.

It owns the one table of codes. It decides nothing: the state machine asks whether a trouble is permanent, and
the window translates by its code.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from tk_streamer.errors import MAX_MESSAGE_CHARACTERS, ClientError, RequestRefused


class Permanence(StrEnum):
    """Whether a trouble passes by itself."""

    # The trouble may pass: try again.
    TEMPORARY = "temporary"
    # The address is wrong, unless the broadcast was on the air before: then something is in the way for now.
    PERMANENT_BEFORE_AIR = "permanent_before_air"
    # The same request will be refused again.
    PERMANENT = "permanent"


class TroubleArea(StrEnum):
    """The part that a trouble is about."""

    # The address, the network, the server's name or certificate.
    NETWORK = "network"
    # The server's answer.
    SERVER = "server"
    # The device, the file, the encoder, the disk.
    SOUND = "sound"
    # This program.
    PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong.

    Attributes:
        code: Stable name, a key of `EXPLANATIONS`.
        message: What is wrong, one plain sentence in English.
        remedy: What the user can do, one sentence; "" if waiting is all.
        detail: The error of the server or the system, bounded in length; it never holds a key or a token.
        permanence: Whether to try again.
    """

    code: str
    message: str
    remedy: str = ""
    detail: str = ""
    permanence: Permanence = Permanence.TEMPORARY

    @property
    def area(self) -> TroubleArea:
        """The part that the trouble is about."""
        return EXPLANATIONS[self.code].area

    def __str__(self) -> str:
        """Return message, detail and remedy in one line."""
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.message}{detail}{f' {self.remedy}' if self.remedy else ''}"

    @classmethod
    def of_code(cls, code: str, detail: str = "") -> "Trouble":
        """Return the trouble of a code of the table."""
        return cls(
            code, EXPLANATIONS[code].message, EXPLANATIONS[code].remedy, detail, EXPLANATIONS[code].permanence
        )

    @classmethod
    def of_error(cls, error: ClientError) -> "Trouble":
        """Explain an error; a code that is not in the table is explained by its HTTP status."""
        code = error.code if error.code in EXPLANATIONS else ""
        if isinstance(error, RequestRefused):
            code = code or _code_of_status(error.status)
        return cls.of_code(code or "connection_lost", str(error))

    @classmethod
    def of_fault(cls, error: Exception) -> "Trouble":
        """Explain an error that nothing in this program expects."""
        return cls.of_code("unexpected", repr(error)[:MAX_MESSAGE_CHARACTERS])


class _Explanation(NamedTuple):
    message: str
    remedy: str
    permanence: Permanence
    area: TroubleArea


_TEMPORARY, _BEFORE_AIR, _PERMANENT = Permanence

EXPLANATIONS: dict[str, _Explanation] = {
    "bad_address": _Explanation(
        "This is no address of a server.",
        "Write it like https://radio.example.org.",
        _PERMANENT,
        TroubleArea.NETWORK,
    ),
    "server_not_found": _Explanation(
        "The server's name is not known.",
        "Check the address and the network connection.",
        _TEMPORARY,
        TroubleArea.NETWORK,
    ),
    "connection_refused": _Explanation(
        "Nothing answers at the server's address.",
        "Check address and port, and whether the server runs.",
        _TEMPORARY,
        TroubleArea.NETWORK,
    ),
    "no_answer": _Explanation(
        "The server does not answer in time.",
        "Check the network connection and the server.",
        _TEMPORARY,
        TroubleArea.NETWORK,
    ),
    "connection_lost": _Explanation("The connection broke.", "", _TEMPORARY, TroubleArea.NETWORK),
    "certificate": _Explanation(
        "The server's certificate is not valid for this address.",
        "Check the address and this computer's clock; the server's certificate may have to be renewed.",
        _BEFORE_AIR,
        TroubleArea.NETWORK,
    ),
    "not_audiocast": _Explanation(
        "What answers at this address is not an audiocast server.",
        "Check the address.",
        _BEFORE_AIR,
        TroubleArea.NETWORK,
    ),
    "redirected": _Explanation(
        "The server is at another address.",
        "Use that address; often it is https instead of http.",
        _BEFORE_AIR,
        TroubleArea.NETWORK,
    ),
    "server_error": _Explanation("The server has a trouble of its own.", "", _TEMPORARY, TroubleArea.NETWORK),
    "unconfirmed": _Explanation(
        "The server does not confirm that the stream is on the air.", "", _TEMPORARY, TroubleArea.NETWORK
    ),
    "token_needed": _Explanation(
        "The server wants an API token.",
        "Enter one that is in the server's API_TOKENS.",
        _PERMANENT,
        TroubleArea.SERVER,
    ),
    "token_refused": _Explanation(
        "The server does not accept this API token.",
        "Check it for typing mistakes, or ask the server's operator for a new one.",
        _PERMANENT,
        TroubleArea.SERVER,
    ),
    "id_needs_token": _Explanation(
        "The server lets nobody choose the stream's id without an API token.",
        "Leave the id out, or enter a token that the server accepts.",
        _PERMANENT,
        TroubleArea.SERVER,
    ),
    "bad_key": _Explanation(
        "The server does not accept this stream's key any more.",
        "Start a new stream. Only with SECRET_KEYS set does a server know its keys after a restart.",
        _PERMANENT,
        TroubleArea.SERVER,
    ),
    "stream_ended": _Explanation(
        "The stream was ended on the server.", "Start a new one.", _PERMANENT, TroubleArea.SERVER
    ),
    "broadcast_ended": _Explanation(
        "The broadcast was ended from another place.", "Start it again.", _PERMANENT, TroubleArea.SERVER
    ),
    "stream_suspended": _Explanation(
        "Whoever runs the server has suspended the stream.", "Ask them.", _PERMANENT, TroubleArea.SERVER
    ),
    "taken_over": _Explanation(
        "Another broadcaster with the key of this stream has taken it over.",
        "End that one, or start a new stream.",
        _PERMANENT,
        TroubleArea.SERVER,
    ),
    "server_full": _Explanation(
        "The server is full.", "Wait, or use another server.", _TEMPORARY, TroubleArea.SERVER
    ),
    "shutting_down": _Explanation("The server is being restarted.", "", _TEMPORARY, TroubleArea.SERVER),
    "too_fast": _Explanation(
        "The server got more audio than real time has.",
        "Choose a lower bitrate, or ask the operator for a higher MAX_INGEST_KBPS.",
        _TEMPORARY,
        TroubleArea.SERVER,
    ),
    "other_format": _Explanation(
        "Another program with this stream's key was refused.",
        "Choose Ogg Opus in it, or end it.",
        _TEMPORARY,
        TroubleArea.SERVER,
    ),
    "refused": _Explanation("The server refuses this stream.", "", _PERMANENT, TroubleArea.SERVER),
    "no_portaudio": _Explanation(
        "The PortAudio library is missing, without which no microphone can be read.",
        "Install it: sudo apt install libportaudio2",
        _PERMANENT,
        TroubleArea.SOUND,
    ),
    "no_device": _Explanation(
        "There is no sound input.",
        "Plug in a microphone, then refresh the list of devices.",
        _PERMANENT,
        TroubleArea.SOUND,
    ),
    "device_not_found": _Explanation(
        "This sound input is not there.",
        "Plug it in, or choose another one from the list of devices.",
        _PERMANENT,
        TroubleArea.SOUND,
    ),
    "device_busy": _Explanation(
        "The sound input is in use by another program, or may not be used.",
        "Close the other program, or allow the use of the microphone in the system's settings.",
        _PERMANENT,
        TroubleArea.SOUND,
    ),
    "device_failed": _Explanation(
        "The sound input cannot be opened.",
        "Choose another one, or plug it in again.",
        _PERMANENT,
        TroubleArea.SOUND,
    ),
    "device_lost": _Explanation(
        "The sound input is gone; silence is sent.",
        "Plug it in again: it will be used at once.",
        _TEMPORARY,
        TroubleArea.SOUND,
    ),
    "file_unreadable": _Explanation(
        "The file cannot be read.", "Check its name and its rights.", _PERMANENT, TroubleArea.SOUND
    ),
    "file_without_audio": _Explanation(
        "There is no sound in the file, or in a format that is not known.",
        "Choose another one.",
        _PERMANENT,
        TroubleArea.SOUND,
    ),
    "encoder_missing": _Explanation(
        "The ffmpeg program is missing.",
        "Install it (sudo apt install ffmpeg), or use libopus.",
        _PERMANENT,
        TroubleArea.SOUND,
    ),
    "encoder_failed": _Explanation("The encoder has failed.", "", _PERMANENT, TroubleArea.SOUND),
    "copy_failed": _Explanation(
        "The local copy cannot be written any more.",
        "Check the disk and the folder's rights.",
        _TEMPORARY,
        TroubleArea.SOUND,
    ),
    "unexpected": _Explanation(
        "A fault of this program.",
        "Please report it with what is said in brackets.",
        _PERMANENT,
        TroubleArea.PROGRAM,
    ),
}


# The 4xx statuses that mean "not now" (RFC 9110 section 15.5.9, RFC 8470 section 5.2, RFC 6585 section 4).
_TEMPORARY_STATUSES = frozenset({408, 425, 429})


def _code_of_status(status: int) -> str:
    """Return the code for a response without a known code: that of a proxy, or of a later server."""
    if 300 <= status < 400:
        # A redirect cannot be followed, because the body of a live source cannot be sent twice.
        return "redirected"
    if status == 404:
        return "not_audiocast"
    return "refused" if 400 <= status < 500 and status not in _TEMPORARY_STATUSES else "server_error"
