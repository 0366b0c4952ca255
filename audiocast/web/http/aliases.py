"""Aliases: the paths that streams had at an Icecast server, for its listeners and its source clients.

An alias is a setting of each process (`ALIASES_FILE`): any member of a cluster that has the file answers it.
"""

import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from tornado.httputil import HTTPServerRequest

from audiocast.stream.keys import PREFIX as KEY_PREFIX
from audiocast.stream.keys import Claims, Visibility
from audiocast.stream.registry import Registry
from audiocast.web.http.clients import Clients, Rate

# In which clients write a password.
CODECS = ("utf-8", "latin-1")


@dataclass(frozen=True, slots=True)
class Alias:
    """One path.

    Attributes:
        path: As it is typed, with its first slash, and not escaped.
        stream_id: The stream that it means; empty: it is a redirect.
        password: What source clients may send instead of a key, at this path alone; empty: only a key.
        title: Of the stream, when its source says nothing else.
        redirect: URL that listeners are sent to instead; empty: none.
        visibility: Of the stream, when its source has sent the password; None: the server's setting decides.
    """

    path: str
    stream_id: str = ""
    password: str = field(default="", repr=False)
    title: str = ""
    redirect: str = ""
    visibility: Visibility | None = None

    @property
    def claims(self) -> Claims:
        """What the password claims, as a key does."""
        return Claims(title=self.title, visibility=self.visibility)

    def admits(self, request: HTTPServerRequest, given: str, clients: Clients) -> bool:
        """Return whether a source client has sent the password. It can be guessed, so mistakes are counted.

        Args:
            request: The client's.
            given: Bytes that are no UTF-8 are in it as surrogates: old clients send Latin-1.
            clients: Whose budget of wrong passwords is charged.

        Raises:
            ApiError: 429, the client has guessed too often.
        """
        if not self.password or given.startswith(f"{KEY_PREFIX}."):
            return False
        clients.charge(request, Rate.WRONG_PASSWORDS)
        data = given.encode("utf-8", "surrogateescape")
        fits = [hmac.compare_digest(data, self.password.encode(codec, "replace")) for codec in CODECS]
        if not any(fits):
            return False
        clients.refund(request, Rate.WRONG_PASSWORDS)
        return True


class Aliases:
    """All aliases of this process.

    Args:
        aliases: No path may be there twice.
    """

    def __init__(self, aliases: Iterable[Alias] = ()) -> None:
        self._by_path = {alias.path: alias for alias in aliases}
        # Of several paths the first is the one that Icecast's programs are told.
        self._paths: dict[str, str] = {}
        for alias in self._by_path.values():
            if alias.stream_id:
                self._paths.setdefault(alias.stream_id, alias.path)

    def __iter__(self) -> Iterator[Alias]:
        return iter(self._by_path.values())

    def __len__(self) -> int:
        return len(self._by_path)

    def find(self, path: str) -> Alias | None:
        """Return the alias of a request's path, which may be escaped and end as players end it."""
        if not self._by_path:
            return None
        plain = unquote(path, errors="replace")
        return self._by_path.get(plain) or self._by_path.get(plain.removesuffix(";").removesuffix("/"))

    def announce(self, streams: Registry) -> None:
        """Let streams that have aliases be known before their sources come."""
        for stream_id, path in self._paths.items():
            streams.announce(stream_id, self._by_path[path].claims)

    def path_of(self, stream_id: str) -> str | None:
        """Return the path that a stream had; None: it had none."""
        return self._paths.get(stream_id)
