"""Certificates that sign themselves, made by the openssl command, and TLS clients that trust just them."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as PEM files."""

    certificate: Path
    key: Path

    @property
    def settings(self) -> dict[str, str]:
        """What a server needs to know, on a free port."""
        return {"TLS_CERTIFICATE": str(self.certificate), "TLS_KEY": str(self.key), "TLS_PORT": "0"}

    def trusting(self) -> ssl.SSLContext:
        """Give a client's context that trusts this certificate, and no other."""
        return ssl.create_default_context(cafile=self.certificate)


def make_pair(folder: Path, name: str = "tls", *, days: int = 2, key: str = "ec") -> Pair:
    """Make a certificate for localhost.

    Args:
        folder: Where the files go.
        name: Of the files, and in the certificate.
        days: From now until it expires.
        key: "ec", or "rsa:2048" and the like.
    """
    pair = Pair(folder / f"{name}.crt", folder / f"{name}.key")
    kind = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if key == "ec" else [key]
    command = ["openssl", "req", "-x509", "-nodes", "-subj", f"/CN={name}", "-newkey", *kind]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", str(days)]
    command += ["-keyout", str(pair.key), "-out", str(pair.certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return pair
