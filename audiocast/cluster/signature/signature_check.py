"""Whether a request is another member's, for this process, and to be understood: what handlers ask first."""

import structlog

from audiocast.cluster.errors import Refused
from audiocast.cluster.protocol import (
    MISADDRESSED,
    PROTOCOL_VERSION,
    VERSION_APART,
    PeerRequest,
    is_version_near,
)
from audiocast.cluster.signature.header import BadSignature, RequestSignature
from audiocast.cluster.signature.identity import NOBODY
from audiocast.cluster.signature.signer import Rejections, Signer

log = structlog.get_logger()

# A bad signature is logged so often for each address, and for so many addresses; all are counted.
COMPLAINT_SECONDS = 60.0
MAX_COMPLAINTS = 1_000


class SignatureCheck:
    """Checks requests, counts those that are refused, and logs some of them.

    Args:
        signer: This member's.

    Attributes:
        signer: The same; it signs the answers.
        rejections: What was refused so far.
    """

    def __init__(self, signer: Signer) -> None:
        self.signer = signer
        self.rejections: Rejections = signer.rejections
        self._complaints: dict[str, float] = {}

    def check_signature(
        self, request: PeerRequest, signature: str, unix_seconds: float, *, peer: str = ""
    ) -> RequestSignature:
        """Return the signature of a request, which a member has sent just now, and only once.

        Args:
            request: As it came.
            signature: Value of the header.
            unix_seconds: Now.
            peer: Address that the request came from.

        Raises:
            BadSignature: It is not such a request. Whoever has sent it gets no signed answer.
        """
        try:
            return self.signer.check_request(request, signature, unix_seconds)
        except BadSignature as error:
            self.rejections.requests += 1
            self._log(error, peer, unix_seconds)
            raise

    def check_addressee(self, signature: RequestSignature, version: int, *, may_be_nobody: bool) -> None:
        """Check that this process is meant, and understands what it is asked.

        Args:
            signature: As `check_signature` has returned it.
            version: Version of the protocol that the request names.
            may_be_nobody: The sender need not know who is here.

        Raises:
            Refused: It is not; the answer is to be signed.
        """
        if not is_version_near(version):
            message = f"expected version {PROTOCOL_VERSION} of the protocol or a neighbour, got {version}"
            raise Refused(505, VERSION_APART, message)
        is_for_anybody = may_be_nobody and signature.addressee == NOBODY
        if signature.addressee != self.signer.identity and not is_for_anybody:
            self.rejections.requests += 1
            raise Refused(421, MISADDRESSED, "expected a request for this process, got one for another")

    def _log(self, error: BadSignature, peer: str, unix_seconds: float) -> None:
        """Log a bad signature, for each address once a minute."""
        if self._complaints.get(peer, 0.0) > unix_seconds - COMPLAINT_SECONDS:
            return
        if len(self._complaints) >= MAX_COMPLAINTS:
            self._complaints.clear()
        self._complaints[peer] = unix_seconds
        if error.is_first_version:
            log.error(
                "old_member",
                peer=peer,
                hint="a member of a version before 0.2 is there, whose answers nobody can prove: it is in no "
                "cluster with this one. Stop all members of that version, and start them with this one",
            )
        else:
            log.warning("bad_signature", peer=peer, reason=str(error))
