"""Signs what this member sends, and checks what others send.

All members share a secret. Of it come three keys, for requests, for answers and for connections with audio.
What a MAC covers:

    request   method, target, its Audiocast- headers, SHA-256 of its body, sender, addressee, time, nonce
    answer    MAC of the request, who answers, status, its Audiocast- headers, Content-Type and Cache-Control,
              SHA-256 of its body
    frame     its number, kind, length and data; see `frame_macs`

- A request counts within `MAX_SKEW_SECONDS` of its time, and once. A process that starts anew has forgotten
  what came before; but it has another instance, to which no recorded request is addressed.
- A request counts at its addressee only; the caller compares it. Only a greeting may have none,
  because a member that is not known yet is reached by its address. What such a greeting says is not believed.
- An answer counts for the one request that it was made for.

Other headers, as proxies add them, are nowhere read, and change nothing.
"""

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from audiocast.cluster.errors import Unproven
from audiocast.cluster.protocol import SIGNATURE_HEADER, PeerRequest
from audiocast.cluster.signature.frame_macs import FrameMacs
from audiocast.cluster.signature.header import NONCE_BYTES, AnswerSignature, BadSignature, RequestSignature
from audiocast.cluster.signature.identity import Identity
from audiocast.cluster.signature.mac import derive_key, find_key, join_fields, make_mac
from audiocast.cluster.signature.nonce_cache import NonceCache

MAX_SKEW_SECONDS = 60.0

# Headers of an answer that count beside the protocol's own: HLS is passed on with them.
ANSWER_HEADERS = frozenset({"content-type", "cache-control"})

_PREFIX = "audiocast-"


@dataclass(slots=True)
class Rejections:
    """What came so far and was not believed.

    Attributes:
        requests: No member had signed them, or not for this process, or they came before.
        answers: The member that was asked had not signed them.
        frames: The other member of a connection had not sent them.
    """

    requests: int = 0
    answers: int = 0
    frames: int = 0


class Signer:
    """One member's signatures.

    Args:
        shared_secrets: The first one signs, each is accepted, so that a cluster's secret can be changed
            member by member.
        identity: This member.
        clock: Seconds of a clock that is never set; see `NonceCache`.

    Attributes:
        identity: This member.
        rejections: What came so far that no member had signed for this one.
    """

    def __init__(
        self,
        shared_secrets: Sequence[str],
        identity: Identity,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not shared_secrets:
            raise ValueError("expected at least one secret")
        self.identity = identity
        self.rejections = Rejections()
        encoded = [secret.encode() for secret in shared_secrets]
        self._request_keys = [derive_key(secret, b"audiocast request") for secret in encoded]
        self._answer_keys = [derive_key(secret, b"audiocast answer") for secret in encoded]
        self._frame_keys = [derive_key(secret, b"audiocast frames") for secret in encoded]
        # A request of a member whose clock is ahead counts until that time has passed here, and a while
        # longer.
        self._nonces = NonceCache(2 * MAX_SKEW_SECONDS, clock)

    def sign_request(
        self, request: PeerRequest, addressee: Identity, unix_seconds: float
    ) -> RequestSignature:
        """Return the signature of a request, good for sending it once.

        Args:
            request: As it is sent.
            addressee: Who is to answer it; `NOBODY` when that is not known yet.
            unix_seconds: Now.
        """
        nonce, at = secrets.token_hex(NONCE_BYTES), int(unix_seconds)
        fields = _request_fields(request, self.identity, addressee, at, nonce)
        return RequestSignature(at, nonce, self.identity, addressee, make_mac(self._request_keys[0], fields))

    def check_request(self, request: PeerRequest, value: str, unix_seconds: float) -> RequestSignature:
        """Return the signature of a request that a member has sent just now, and that comes once.

        Args:
            request: As it came.
            value: Value of its `SIGNATURE_HEADER`.
            unix_seconds: Now.

        Raises:
            BadSignature: No member has signed it, or it was sent too long ago, or it came before.
        """
        signature = RequestSignature.parse(value)
        fields = _request_fields(
            request, signature.sender, signature.addressee, signature.unix_seconds, signature.nonce
        )
        if find_key(self._request_keys, fields, signature.mac) is None:
            raise BadSignature("expected a signature with the cluster's secret, got another one")
        # Only a member has written the rest.
        apart_seconds = abs(unix_seconds - signature.unix_seconds)
        if apart_seconds > MAX_SKEW_SECONDS:
            raise BadSignature(
                f"expected a request of the last {MAX_SKEW_SECONDS:g} s, got one {apart_seconds:.0f} s away; "
                "compare the members' clocks"
            )
        if self._nonces.is_full:
            raise BadSignature("expected fewer requests: no more of them can be told from repeated ones")
        if not self._nonces.add(signature.nonce):
            raise BadSignature("expected each request once, got one that came before")
        return signature

    def sign_answer(
        self, request: RequestSignature, status: int, headers: Mapping[str, str], body: bytes
    ) -> AnswerSignature:
        """Return the signature of an answer.

        Args:
            request: Signature of the request.
            status: HTTP status.
            headers: All headers of the answer but this signature.
            body: The whole body.
        """
        fields = _answer_fields(request, self.identity, status, headers, body)
        return AnswerSignature(self.identity, make_mac(self._answer_keys[0], fields))

    def check_answer(
        self, request: RequestSignature, status: int, headers: Mapping[str, str], body: bytes
    ) -> AnswerSignature:
        """Return the signature of an answer that a member has made for a request of this one.

        Whether it is the member that was asked is left to the caller.

        Args:
            request: What `sign_request` has returned.
            status: HTTP status, as it came.
            headers: All headers, as they came.
            body: The whole body.

        Raises:
            Unproven: No member has made it, or not for this request.
        """
        signature = AnswerSignature.parse(headers.get(SIGNATURE_HEADER, ""))
        fields = _answer_fields(request, signature.sender, status, headers, body)
        key_number = find_key(self._answer_keys, fields, signature.mac)
        if key_number is None:
            raise Unproven("expected an answer signed with the cluster's secret, got another signature")
        return signature._replace(key_number=key_number)

    def frame_macs(
        self, request: RequestSignature, answer: AnswerSignature, *, is_answerer: bool
    ) -> FrameMacs:
        """Return the MACs of the frames of a connection.

        Args:
            request: Signature of the request that opened it; its nonce is the asking side's part of the keys.
            answer: Signature of the answer; it covers a nonce in the headers, the answering side's part.
            is_answerer: This member has answered; otherwise it has asked.
        """
        session = derive_key(self._frame_keys[answer.key_number], join_fields([request.mac, answer.mac]))
        to_answerer, to_asker = derive_key(session, b"to the answerer"), derive_key(session, b"to the asker")
        outgoing, incoming = (to_asker, to_answerer) if is_answerer else (to_answerer, to_asker)
        return FrameMacs(outgoing, incoming, self._count_forged_frame)

    def _count_forged_frame(self) -> None:
        self.rejections.frames += 1


def _request_fields(
    request: PeerRequest, sender: Identity, addressee: Identity, unix_seconds: int, nonce: str
) -> list[str]:
    body = hashlib.sha256(request.content).hexdigest()
    headers = _covered(request.headers, frozenset())
    return [request.method, request.target, *headers, body, *sender, *addressee, str(unix_seconds), nonce]


def _answer_fields(
    request: RequestSignature, sender: Identity, status: int, headers: Mapping[str, str], body: bytes
) -> list[str]:
    covered = _covered(headers, ANSWER_HEADERS)
    return [request.mac, *sender, str(status), *covered, hashlib.sha256(body).hexdigest()]


def _covered(headers: Mapping[str, str], more: frozenset[str]) -> list[str]:
    """Return the headers that a MAC covers, each as "name:value", in an order of their own."""
    named = ((name.lower(), value) for name, value in headers.items())
    return sorted(
        f"{name}:{value}"
        for name, value in named
        if name in more or (name.startswith(_PREFIX) and name != SIGNATURE_HEADER.lower())
    )
