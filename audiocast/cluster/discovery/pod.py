"""What a pod is told by its Kubernetes: where the API server is, and by what it is known there.

Plain values and files of the service account; nobody is asked here.
"""

from dataclasses import dataclass
from pathlib import Path

from audiocast.cluster.errors import NoAccount
from audiocast.cluster.protocol import format_address


@dataclass(frozen=True, slots=True)
class Pod:
    """What a pod is told by its cluster.

    Attributes:
        api_host: Name or address of the API server; empty: this is no pod.
        api_port: Of the API server.
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
        """Say who asks, as it goes into a header.

        Raises:
            NoAccount: There is no such thing.
        """
        token = self.read("token")
        if not token.isascii() or not token.isprintable():
            raise NoAccount(f"expected a token of one line in {self.account}, got {len(token)} characters")
        return token

    def read(self, name: str) -> str:
        """Give what one of the service account's files holds.

        Raises:
            NoAccount: It is not there, or empty.
        """
        try:
            text = (self.account / name).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise NoAccount(f"expected the service account's {name} in {self.account}: {error}") from error
        if not text:
            # Without an authority of their own, connections would trust all that this system does.
            raise NoAccount(f"expected the service account's {name} in {self.account}, it is empty")
        return text
