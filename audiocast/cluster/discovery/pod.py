"""What Kubernetes gives a pod: where the API server is, and the service account that the pod has there.

Plain values, and the account's files; this module sends no request.
"""

from dataclasses import dataclass
from pathlib import Path

from audiocast.cluster.errors import NoAccount
from audiocast.cluster.protocol import format_address


@dataclass(frozen=True, slots=True)
class Pod:
    """What Kubernetes gives a pod.

    Attributes:
        api_host: Name or address of the API server; empty: this process runs in no pod.
        api_port: Its port.
        account: Folder with the service account's `token`, `ca.crt` and `namespace`.
    """

    api_host: str = ""
    api_port: int = 443
    account: Path = Path()

    @property
    def api_address(self) -> str:
        """Host and port of the API server."""
        return format_address(self.api_host, self.api_port)

    @property
    def token(self) -> str:
        """The account's bearer token, read from its file each time: the kubelet rotates it.

        Raises:
            NoAccount: The file is not there, or is not one line.
        """
        token = self.read("token")
        if not token.isascii() or not token.isprintable():
            raise NoAccount(f"expected a token of one line in {self.account}, got {len(token)} characters")
        return token

    def read(self, name: str) -> str:
        """Return the text of one of the service account's files. Blocks for a moment.

        Raises:
            NoAccount: The file is not there, or empty.
        """
        try:
            text = (self.account / name).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise NoAccount(f"expected the service account's {name} in {self.account}: {error}") from error
        if not text:
            # With an empty ca.crt, connections would trust every authority that this system trusts.
            raise NoAccount(f"expected the service account's {name} in {self.account}, it is empty")
        return text
