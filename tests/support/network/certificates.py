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

    def in_one_file(self) -> Path:
        """Give a file with both of them, for programs that want them so."""
        both = self.certificate.with_suffix(".pem")
        both.write_text(self.certificate.read_text() + self.key.read_text())
        return both

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
    kind = "ec -pkeyopt ec_paramgen_curve:P-256" if key == "ec" else key
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    _openssl(
        f"req -x509 -nodes -subj /CN={name} -newkey {kind} -addext {names} -days {days}"
        f" -keyout {pair.key} -out {pair.certificate}"
    )
    return pair


def make_expired_pair(folder: Path, name: str = "expired") -> Pair:
    """Make a certificate that was good in January 2020; `openssl ca` alone takes such dates."""
    pair = Pair(folder / f"{name}.crt", folder / f"{name}.key")
    request, configuration = folder / f"{name}.csr", folder / f"{name}.cnf"
    (folder / "index.txt").touch()
    configuration.write_text(
        f"[ca]\ndefault_ca = own\n[own]\ndatabase = {folder}/index.txt\nnew_certs_dir = {folder}\n"
        "rand_serial = yes\ndefault_md = sha256\npolicy = any\n[any]\ncommonName = supplied\n"
    )
    key = "ec -pkeyopt ec_paramgen_curve:P-256"
    _openssl(f"req -new -nodes -newkey {key} -subj /CN={name} -keyout {pair.key} -out {request}")
    dates = "-startdate 20200101000000Z -enddate 20200201000000Z"
    _openssl(
        f"ca -batch -notext -config {configuration} -selfsign -keyfile {pair.key} -in {request}"
        f" -out {pair.certificate} {dates}"
    )
    return pair


def _openssl(arguments: str) -> None:
    subprocess.run(["openssl", *arguments.split()], check=True, capture_output=True)
