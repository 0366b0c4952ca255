"""The header `Audiocast-Signature` of requests and answers, as objects. Pure.

    time=T nonce=N from=NAME/INSTANCE to=NAME/INSTANCE mac=MAC      of a request
    from=NAME/INSTANCE mac=MAC                                      of an answer

Names and instances are percent-encoded, a nonce is 16 random bytes in hexadecimal, a MAC is URL-safe base64.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple, Self
from urllib.parse import quote, unquote

from audiocast.cluster.errors import Unproven
from audiocast.cluster.signature.identity import Identity

NONCE_BYTES = 16

_WORD = r"(?:[A-Za-z0-9_.~-]|%[0-9A-F]{2})*"
_IDENTITY = rf"{_WORD}/{_WORD}"
_MAC = r"[A-Za-z0-9_-]{43}"
_REQUEST = re.compile(
    rf"time=(?P<time>[0-9]{{1,12}}) nonce=(?P<nonce>[0-9a-f]{{{2 * NONCE_BYTES}}})"
    rf" from=(?P<sender>{_IDENTITY}) to=(?P<addressee>{_IDENTITY}) mac=(?P<mac>{_MAC})"
)
_ANSWER = re.compile(rf"from=(?P<sender>{_IDENTITY}) mac=(?P<mac>{_MAC})")

# "TIME NAME MAC": what members of the first version of the protocol send.
_FIRST_VERSION = re.compile(r"[0-9]+ \S+ \S+")


class BadSignature(Exception):
    """No member has sent this request, or not now, or it came before. The message is for this member's log.

    Args:
        message: What was expected and what came.
        is_first_version: It is signed as members of the first version of the protocol sign.
    """

    def __init__(self, message: str, *, is_first_version: bool = False) -> None:
        super().__init__(message)
        self.is_first_version = is_first_version


@dataclass(frozen=True, slots=True)
class RequestSignature:
    """The signature of a request.

    Attributes:
        unix_seconds: When it was signed.
        nonce: Random; it counts once.
        sender: Who has signed it.
        addressee: Who is to answer it; `NOBODY`: whoever gets it.
        mac: Covers all of it, and the request.
    """

    unix_seconds: int
    nonce: str
    sender: Identity
    addressee: Identity
    mac: str

    def __str__(self) -> str:
        sender, addressee = _format(self.sender), _format(self.addressee)
        return f"time={self.unix_seconds} nonce={self.nonce} from={sender} to={addressee} mac={self.mac}"

    @classmethod
    def parse(cls, value: str) -> Self:
        """Read the header's value.

        Raises:
            BadSignature: It has another form.
        """
        found = _REQUEST.fullmatch(value)
        if found is None:
            is_first_version = _FIRST_VERSION.fullmatch(value[:1000]) is not None
            message = f"expected a signature, got {value[:40]!r}"
            raise BadSignature(message, is_first_version=is_first_version)
        sender, addressee = _parse(found["sender"]), _parse(found["addressee"])
        return cls(int(found["time"]), found["nonce"], sender, addressee, found["mac"])


class AnswerSignature(NamedTuple):
    """The signature of an answer.

    Attributes:
        sender: Who has signed it.
        mac: Covers the request's MAC, and the answer.
        key_number: Which of this member's secrets fits.
    """

    sender: Identity
    mac: str
    key_number: int = 0

    def __str__(self) -> str:
        return f"from={_format(self.sender)} mac={self.mac}"

    @classmethod
    def parse(cls, value: str) -> Self:
        """Read the header's value.

        Raises:
            Unproven: It has another form.
        """
        found = _ANSWER.fullmatch(value)
        if found is None:
            raise Unproven(f"expected a signed answer, got the signature {value[:40]!r}")
        return cls(_parse(found["sender"]), found["mac"])


def _format(identity: Identity) -> str:
    return "/".join(quote(part, safe="") for part in identity)


def _parse(text: str) -> Identity:
    name, _, instance = text.partition("/")
    return Identity(unquote(name), unquote(instance))
