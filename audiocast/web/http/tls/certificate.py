"""A certificate and its key, read from PEM files and proven by a handshake with themselves.

What the handshake proves is what a client would see: that key and certificate belong together, and that the
certificate may be a server's. A certificate that is over is read too; who reads it decides.
"""

import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path

# X509_V_FLAG_NO_CHECK_TIME of OpenSSL (x509_vfy.h).
_NO_CHECK_TIME = 0x200000

# A handshake takes two turns of each side.
_MAX_TURNS = 4


class BadCertificate(ValueError):
    """The files are no certificate with its key. The message says what was expected and what came."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that is ready for use.

    Attributes:
        context: For new connections: TLS 1.2 and 1.3 with OpenSSL's own choice of ciphers.
        expires_at: Unix seconds.
        pem: The certificate, those that it is signed by, and the key, as one file. Secret.
    """

    context: ssl.SSLContext
    expires_at: float
    pem: bytes = field(repr=False)

    @property
    def is_over(self) -> bool:
        """Whether clients refuse it by now."""
        return time.time() >= self.expires_at


def read_certificate(certificate: Path, key: Path) -> Certificate:
    """Read a certificate with those that it is signed by, and its key. Takes milliseconds.

    Args:
        certificate: PEM: the server's own first, then the others.
        key: PEM, without a passphrase.

    Raises:
        BadCertificate: One of them cannot be read or is something else, or they do not belong together.
    """
    texts = _read(certificate), _read(key)
    context = _server_context()
    try:
        context.load_cert_chain(certificate, key, password=lambda: "")
    except ssl.SSLError as error:
        raise BadCertificate(_plain_reason(certificate, key, texts, error)) from None
    except OSError as error:
        raise BadCertificate(f"cannot read {certificate} or {key}: {error.strerror}") from None
    return Certificate(context, _prove(context, certificate), b"\n".join(texts))


def _server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # No handshake after the first one, and none that a client asks for.
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])
    return context


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadCertificate(f"cannot read {path}: {error.strerror}") from None


def _plain_reason(certificate: Path, key: Path, texts: tuple[bytes, bytes], error: ssl.SSLError) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"expected the key of {certificate}, {key} is another one's"
    if b"-----BEGIN CERTIFICATE-----" not in texts[0]:
        return f"expected a certificate in PEM, {certificate} has none"
    if b"PRIVATE KEY-----" not in texts[1]:
        return f"expected a private key in PEM, {key} has none"
    if b"ENCRYPTED" in texts[1]:
        return f"expected a key without a passphrase, {key} has one"
    return f"cannot use {certificate} with {key}: {error.reason or error}"


def _prove(context: ssl.SSLContext, certificate: Path) -> float:
    """Shake hands with a certificate; return when it expires, unix seconds.

    Raises:
        BadCertificate: A client would not accept it, whenever that is.
    """
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname = False
    trusting.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VerifyFlags(_NO_CHECK_TIME)
    try:
        trusting.load_verify_locations(certificate)
        to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = trusting.wrap_bio(to_client, to_server)
        server = context.wrap_bio(to_server, to_client, server_side=True)
        for _ in range(_MAX_TURNS):
            for side in (client, server):
                _shake_hands(side)
        seen = client.getpeercert()
    except (OSError, ValueError) as error:
        # The file may be gone by now; OpenSSL's own errors are of this kind, too.
        raise BadCertificate(f"no client would accept {certificate}: {error}") from None
    assert seen, "expected the certificate of a handshake that is done"
    return float(ssl.cert_time_to_seconds(str(seen["notAfter"])))


def _shake_hands(side: ssl.SSLObject) -> None:
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        # It is the other side's turn.
        return
