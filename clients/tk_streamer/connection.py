"""HTTP sessions for a body that never ends: sends, and hears the server's answer while it sends.

A plain HTTP client listens when its body is out. A live body is never out: a server that refuses it half-way,
and the proxy before it that politely swallows the rest, would stay unheard for as long as they care to read.
"""

from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.util.wait import wait_for_read


class _HearingConnection(HTTPConnection):
    """Stops sending as soon as the server has said something or hung up."""

    def send(self, data: Any) -> None:
        """Send a piece of the request.

        Raises:
            BrokenPipeError: There is an answer already. urllib3 then stops the body and reads the answer.
        """
        if self.sock is not None and wait_for_read(self.sock, timeout=0):
            raise BrokenPipeError("the server answered before the body ended")
        super().send(data)


class _HearingPool(HTTPConnectionPool):
    ConnectionCls = _HearingConnection


class _HearingAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: object, **kwargs: object) -> None:
        super().init_poolmanager(*args, **kwargs)  # type: ignore[arg-type]
        # TLS stays as it is: its session tickets make a socket readable without any answer. An answer over
        # TLS is heard when the server hangs up.
        self.poolmanager.pool_classes_by_scheme = {"http": _HearingPool, "https": HTTPSConnectionPool}


def open_session() -> requests.Session:
    """Give a session for one thread; close it after use.

    It goes straight to the server and takes nothing from the environment: a proxy would gather up a live
    body, and a `.netrc` entry would take the key's place.
    """
    session = requests.Session()
    session.trust_env = False
    session.headers["User-Agent"] = "audiocast-broadcaster"
    adapter = _HearingAdapter()
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session
