"""A certificate that nobody has signed, for servers and proxies on the loopback address."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

# As certbot makes them unless told otherwise.
_COMMAND = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
)
_NAMES = "subjectAltName=IP:127.0.0.1,DNS:localhost"


@dataclass(frozen=True)
class Certificate:
    """Files of PEM.

    Attributes:
        chain: The certificate.
        key: Its private key.
        both: One behind the other, for programs that want them in one file.
    """

    chain: Path
    key: Path
    both: Path


def make_certificate(folder: Path) -> Certificate:
    """Make one for `localhost` and 127.0.0.1, with an elliptic key, in a folder that exists."""
    made = Certificate(folder / "certificate.pem", folder / "key.pem", folder / "both.pem")
    files = ["-keyout", str(made.key), "-out", str(made.chain)]
    subprocess.run([*_COMMAND.split(), "-addext", _NAMES, *files], check=True, capture_output=True)
    made.both.write_text(made.chain.read_text() + made.key.read_text())
    return made
