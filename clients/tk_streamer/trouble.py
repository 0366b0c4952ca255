"""What is wrong, for people: a stable code, plain words, and what to do about it.

It owns the one table of codes. It decides nothing; `session` asks it how long a trouble lasts, and the window
translates by its code.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from tk_streamer.errors import MAX_MESSAGE_CHARACTERS, ClientError, RequestRefused


class Permanence(StrEnum):
    """How long a trouble stays when nobody does anything about it."""

    TEMPORARY = "temporary"
    """It may pass: try again."""

    PERMANENT_BEFORE_AIR = "permanent_before_air"
    """The address is wrong, unless audio was taken there before: then something stands in the way for now."""

    PERMANENT = "permanent"
    """The same request will be refused again, however often it is sent."""


class TroubleArea(StrEnum):
    """Where a trouble lies."""

    NETWORK = "network"
    """The address, the network, the server's name or certificate."""

    SERVER = "server"
    """The server's answer."""

    SOUND = "sound"
    """The device, the file, the encoder, the disk."""

    PROGRAM = "program"
    """This program."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong.

    Attributes:
        code: Stable name, a key of `EXPLANATIONS`.
        message: What is wrong, one plain sentence in English.
        remedy: What a person can do, one sentence; "" when waiting is all.
        detail: What the server or the system said, bounded in length; never a key or a token.
        permanence: Whether it is worth trying again.
    """

    code: str
    message: str
    remedy: str = ""
    detail: str = ""
    permanence: Permanence = Permanence.TEMPORARY

    @property
    def area(self) -> TroubleArea:
        """Where it lies."""
        return EXPLANATIONS[self.code].area

    def __str__(self) -> str:
        """Give all of it in one line."""
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.message}{detail}{f' {self.remedy}' if self.remedy else ''}"

    @classmethod
    def of_code(cls, code: str, detail: str = "") -> "Trouble":
        """Give the trouble of a code that is in the table."""
        return cls(
            code, EXPLANATIONS[code].message, EXPLANATIONS[code].remedy, detail, EXPLANATIONS[code].permanence
        )

    @classmethod
    def of_error(cls, error: ClientError) -> "Trouble":
        """Explain an error; one of a code that is not in the table is explained by its HTTP status."""
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


_NOW, _PROVEN, _GOOD = Permanence

EXPLANATIONS: dict[str, _Explanation] = {
    "bad_address": _Explanation(
        "This is no address of a server.",
        "Write it like https://radio.example.org.",
        _GOOD,
        TroubleArea.NETWORK,
    ),
    "server_not_found": _Explanation(
        "The server's name is not known.",
        "Check the address and the network connection.",
        _NOW,
        TroubleArea.NETWORK,
    ),
    "connection_refused": _Explanation(
        "Nothing answers at the server's address.",
        "Check address and port, and whether the server runs.",
        _NOW,
        TroubleArea.NETWORK,
    ),
    "no_answer": _Explanation(
        "The server does not answer in time.",
        "Check the network connection and the server.",
        _NOW,
        TroubleArea.NETWORK,
    ),
    "connection_lost": _Explanation("The connection broke.", "", _NOW, TroubleArea.NETWORK),
    "certificate": _Explanation(
        "The server's certificate is not valid for this address.",
        "Check the address and this computer's clock; the server's certificate may have to be renewed.",
        _PROVEN,
        TroubleArea.NETWORK,
    ),
    "not_audiocast": _Explanation(
        "What answers at this address is not an audiocast server.",
        "Check the address.",
        _PROVEN,
        TroubleArea.NETWORK,
    ),
    "redirected": _Explanation(
        "The server is at another address.",
        "Use that address; often it is https instead of http.",
        _PROVEN,
        TroubleArea.NETWORK,
    ),
    "server_error": _Explanation("The server has a trouble of its own.", "", _NOW, TroubleArea.NETWORK),
    "unconfirmed": _Explanation(
        "The server does not confirm that the stream is on the air.", "", _NOW, TroubleArea.NETWORK
    ),
    "token_needed": _Explanation(
        "The server wants an API token.",
        "Enter one that is in the server's API_TOKENS.",
        _GOOD,
        TroubleArea.SERVER,
    ),
    "token_refused": _Explanation(
        "The server does not accept this API token.",
        "Check it for typing mistakes, or ask the server's operator for a new one.",
        _GOOD,
        TroubleArea.SERVER,
    ),
    "id_needs_token": _Explanation(
        "The server lets nobody choose the stream's id without an API token.",
        "Leave the id out, or enter a token that the server accepts.",
        _GOOD,
        TroubleArea.SERVER,
    ),
    "bad_key": _Explanation(
        "The server does not accept this stream's key any more.",
        "Start a new stream. Only with SECRET_KEYS set does a server know its keys after a restart.",
        _GOOD,
        TroubleArea.SERVER,
    ),
    "stream_ended": _Explanation(
        "The stream was ended on the server.", "Start a new one.", _GOOD, TroubleArea.SERVER
    ),
    "taken_over": _Explanation(
        "Another broadcaster with the key of this stream has taken it over.",
        "End that one, or start a new stream.",
        _GOOD,
        TroubleArea.SERVER,
    ),
    "server_full": _Explanation(
        "The server is full.", "Wait, or use another server.", _NOW, TroubleArea.SERVER
    ),
    "shutting_down": _Explanation("The server is being restarted.", "", _NOW, TroubleArea.SERVER),
    "too_fast": _Explanation(
        "The server got more audio than real time has.",
        "Choose a lower bitrate, or ask the operator for a higher MAX_INGEST_KBPS.",
        _NOW,
        TroubleArea.SERVER,
    ),
    "refused": _Explanation("The server refuses this stream.", "", _GOOD, TroubleArea.SERVER),
    "no_portaudio": _Explanation(
        "The PortAudio library is missing, without which no microphone can be read.",
        "Install it: sudo apt install libportaudio2",
        _GOOD,
        TroubleArea.SOUND,
    ),
    "no_device": _Explanation(
        "There is no sound input.",
        "Plug in a microphone, then refresh the list of devices.",
        _GOOD,
        TroubleArea.SOUND,
    ),
    "device_not_found": _Explanation(
        "This sound input is not there.",
        "Plug it in, or choose another one from the list of devices.",
        _GOOD,
        TroubleArea.SOUND,
    ),
    "device_busy": _Explanation(
        "The sound input is in use by another program, or may not be used.",
        "Close the other program, or allow the use of the microphone in the system's settings.",
        _GOOD,
        TroubleArea.SOUND,
    ),
    "device_failed": _Explanation(
        "The sound input cannot be opened.",
        "Choose another one, or plug it in again.",
        _GOOD,
        TroubleArea.SOUND,
    ),
    "device_lost": _Explanation(
        "The sound input is gone; silence is sent.",
        "Plug it in again: it will be used at once.",
        _NOW,
        TroubleArea.SOUND,
    ),
    "file_unreadable": _Explanation(
        "The file cannot be read.", "Check its name and its rights.", _GOOD, TroubleArea.SOUND
    ),
    "file_without_audio": _Explanation(
        "There is no sound in the file, or in a format that is not known.",
        "Choose another one.",
        _GOOD,
        TroubleArea.SOUND,
    ),
    "encoder_missing": _Explanation(
        "The ffmpeg program is missing.",
        "Install it (sudo apt install ffmpeg), or use libopus.",
        _GOOD,
        TroubleArea.SOUND,
    ),
    "encoder_failed": _Explanation("The encoder has failed.", "", _GOOD, TroubleArea.SOUND),
    "copy_failed": _Explanation(
        "The local copy cannot be written any more.",
        "Check the disk and the folder's rights.",
        _NOW,
        TroubleArea.SOUND,
    ),
    "unexpected": _Explanation(
        "A fault of this program.",
        "Please report it with what is said in brackets.",
        _GOOD,
        TroubleArea.PROGRAM,
    ),
}


# 4xx answers that say "not now" (RFC 9110 section 15.5.9, RFC 8470 section 5.2, RFC 6585 section 4).
_TEMPORARY_STATUSES = frozenset({408, 425, 429})


def _code_of_status(status: int) -> str:
    """Name an answer that has no code that we know: a proxy's, or one of a later server."""
    if 300 <= status < 400:
        # Permanent for this address: the body of a live source cannot be sent twice.
        return "redirected"
    if status == 404:
        return "not_audiocast"
    return "refused" if 400 <= status < 500 and status not in _TEMPORARY_STATUSES else "server_error"
