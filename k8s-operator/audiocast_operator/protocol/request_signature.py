"""Signs requests to the pods' internal port, and checks their answers, as members do with each other.

    request   Audiocast-Signature: time=T nonce=N from=NAME/INSTANCE to=NAME/INSTANCE mac=MAC
              MAC over method, target, Audiocast- headers, SHA-256 of the body, the names and instances, time,
              nonce
    answer    Audiocast-Signature: from=NAME/INSTANCE mac=MAC
              MAC over the request's MAC, name and instance, status, Audiocast- headers, Content-Type and
              Cache-Control, SHA-256 of the body

A MAC is HMAC-SHA256 over netstrings, with a key that is derived from the cluster's secret, in URL-safe
base64. The server accepts a clock that is up to a minute off, and each request once. A pod's instance is
another one after each restart, so a request that was recorded counts neither again nor elsewhere.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

HEADER = "Audiocast-Signature"
PROTOCOL_HEADER = "Audiocast-Protocol"

# Of the server's protocol. Servers of this version, of the one before and of the one after understand it.
PROTOCOL_VERSION = "2"

NAME = "audiocast-operator"

_INSTANCE = secrets.token_hex(8)
_ANSWER_HEADERS = ("content-type", "cache-control")


class PodEndpoint(NamedTuple):
    """Where a request goes, and to which process.

    Attributes:
        address: "host:port" of the internal port.
        name: The pod's name.
        instance: The instance that the pod reports.
    """

    address: str
    name: str
    instance: str

    @property
    def identity(self) -> str:
        """Name and instance, as signatures have them."""
        return f"{quote(self.name, safe='')}/{quote(self.instance, safe='')}"


class SignedHeaders(NamedTuple):
    """The headers of a request.

    Attributes:
        values: By name.
        mac: The request's MAC, which the answer's covers.
    """

    values: Mapping[str, str]
    mac: str


def sign(
    secret: str, method: str, target: str, body: bytes, *, pod: PodEndpoint, unix_seconds: float
) -> SignedHeaders:
    """Return the headers of a request, good for sending it once.

    Args:
        secret: The first of the cluster's secrets.
        method: The HTTP method, in capitals.
        target: Path and query, exactly as in the request line.
        body: The body, exactly as it is sent.
        pod: Who is to answer it.
        unix_seconds: The present time.
    """
    time, nonce = str(int(unix_seconds)), secrets.token_hex(16)
    mac = _mac(
        secret,
        b"audiocast request",
        [
            method,
            target,
            f"{PROTOCOL_HEADER.lower()}:{PROTOCOL_VERSION}",
            hashlib.sha256(body).hexdigest(),
            *(NAME, _INSTANCE),
            *(pod.name, pod.instance),
            time,
            nonce,
        ],
    )
    value = f"time={time} nonce={nonce} from={NAME}/{_INSTANCE} to={pod.identity} mac={mac}"
    return SignedHeaders({PROTOCOL_HEADER: PROTOCOL_VERSION, HEADER: value}, mac)


def is_proven(
    secret: str,
    request: SignedHeaders,
    pod: PodEndpoint,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
) -> bool:
    """Return whether the pod that was asked has made an answer, for this request.

    Args:
        secret: The secret that the request was signed with.
        request: What `sign` has returned.
        pod: Who was asked.
        status: The answer's HTTP status.
        headers: The answer's headers.
        body: The answer's body.
    """
    named = {name.lower(): value for name, value in headers.items()}
    covered = sorted(
        f"{name}:{value}"
        for name, value in named.items()
        if name in _ANSWER_HEADERS or (name.startswith("audiocast-") and name != HEADER.lower())
    )
    body_hash = hashlib.sha256(body).hexdigest()
    fields = [request.mac, pod.name, pod.instance, str(status), *covered, body_hash]
    expected = f"from={pod.identity} mac={_mac(secret, b'audiocast answer', fields)}"
    return hmac.compare_digest(expected.encode(), named.get(HEADER.lower(), "").encode())


def _mac(secret: str, purpose: bytes, fields: Sequence[str]) -> str:
    key = hmac.digest(secret.encode(), purpose, hashlib.sha256)
    encoded = [field.encode() for field in fields]
    netstrings = b"".join(b"%d:%s," % (len(field), field) for field in encoded)
    return base64.urlsafe_b64encode(hmac.digest(key, netstrings, hashlib.sha256)).rstrip(b"=").decode()
