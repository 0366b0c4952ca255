"""Which member has sent a request of the internal port: it is signed with a secret that all members share.

The signature covers method, target (path and query), time and the sender's name; it does not cover the body,
which may be hours of audio. It travels in the header `Audiocast-Signature: TIME NAME MAC`. Clocks may differ
by a minute; a request that was recorded can be repeated for as long, by anyone who reaches the internal
port.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from urllib.parse import quote, unquote

MAX_SKEW_SECONDS = 60.0

_PURPOSE = b"audiocast internal"


class BadSignature(Exception):
    """No member has sent the request. The message is for this member's log; the sender gets none."""


class Signer:
    """Signs and checks internal requests.

    Args:
        secrets: The first one signs, each is accepted, so that a cluster's secret can be changed member by
            member.
        name: Name of this member.
    """

    def __init__(self, secrets: Sequence[str], name: str) -> None:
        if not secrets:
            raise ValueError("expected at least one secret")
        self._keys = [hmac.digest(secret.encode(), _PURPOSE, hashlib.sha256) for secret in secrets]
        self._name = name

    def sign(self, method: str, target: str, unix_seconds: float) -> str:
        """Return the header's value.

        Args:
            method: HTTP method.
            target: Path and query, as they are sent.
            unix_seconds: Now.
        """
        time, name = str(int(unix_seconds)), quote(self._name, safe="")
        return f"{time} {name} {_mac(self._keys[0], method, target, time, name)}"

    def check(self, method: str, target: str, value: str, unix_seconds: float) -> str:
        """Return the name of the member that has signed.

        Args:
            method: HTTP method.
            target: Path and query, as they came.
            value: The header's value.
            unix_seconds: Now.

        Raises:
            BadSignature: No member has signed, or it did so too long ago.
        """
        time, _, rest = value.partition(" ")
        name, _, mac = rest.partition(" ")
        given = mac.encode("utf-8", "surrogateescape")
        # No early end: every key is compared, and each comparison takes its constant time.
        fits = [
            hmac.compare_digest(_mac(key, method, target, time, name).encode(), given) for key in self._keys
        ]
        if not value:
            raise BadSignature("expected a signature, got none")
        if not any(fits):
            raise BadSignature("expected a signature with the cluster's secret, got another one")
        # Only a member has written the time and the name.
        apart_seconds = abs(unix_seconds - int(time))
        if apart_seconds > MAX_SKEW_SECONDS:
            raise BadSignature(
                f"expected a request of the last {MAX_SKEW_SECONDS:g} s, got one {apart_seconds:.0f} s away; "
                "compare the members' clocks"
            )
        return unquote(name)


def _mac(key: bytes, method: str, target: str, time: str, name: str) -> str:
    message = "\0".join((method, target, time, name)).encode("utf-8", "surrogateescape")
    return base64.urlsafe_b64encode(hmac.digest(key, message, hashlib.sha256)).rstrip(b"=").decode()
