"""A Kubernetes API server for EndpointSlices, over real HTTPS: lists, watches, and how they can go wrong."""

import asyncio
import json
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from audiocast.cluster.discovery.pod import Pod

HOST = "127.0.0.1"
NAMESPACE = "a-namespace"
SERVICE = "peers"
PORT_NAME = "internal"


def endpoint(
    address: str, *, serving: bool | None = True, terminating: bool | None = False
) -> dict[str, Any]:
    """Make an endpoint as Kubernetes does for a Service that publishes addresses that are not ready."""
    conditions = {"ready": True, "serving": serving, "terminating": terminating}
    return {"addresses": [address], "conditions": conditions}


def endpoint_slice(name: str, port: int, *endpoints: dict[str, Any], family: str = "IPv4") -> dict[str, Any]:
    """Make a slice; one without endpoints has null for them, as Go writes them."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": name, "namespace": NAMESPACE, "resourceVersion": "0"},
        "addressType": family,
        "endpoints": list(endpoints) or None,
        "ports": [{"name": PORT_NAME, "port": port, "protocol": "TCP"}],
    }


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is no success."""

    status: int
    headers: dict[str, str]


class ApiServer:
    """Has the slices of one Service. Made and used in a running loop.

    Attributes:
        asked: The `resourceVersion` of each watch so far, "" for a list, in order.
        tokens: Those that came, in order.
        refusals: Given instead of the next answers, one each.
        lists: Sent as the next lists, whatever they are.
        is_deaf: Watches bring nothing and do not end.

    Args:
        folder: For its certificate and the pods' service account.
    """

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        self.tokens: list[str] = []
        self.refusals: list[Refusal] = []
        self.lists: list[bytes] = []
        self.is_deaf = False
        self.account = folder / "serviceaccount"
        self._make_account(folder)
        self._slices: dict[str, dict[str, Any]] = {}
        self._version = 100
        self._oldest = 0
        self._history: list[tuple[int, bytes]] = []
        self._changed = asyncio.Event()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(folder / "api.crt", folder / "api.key")
        target = rf"/apis/discovery\.k8s\.io/v1/namespaces/{NAMESPACE}/endpointslices"
        self._server = HTTPServer(Application([(target, _Slices, {"api": self})]), ssl_options=context)
        sockets = bind_sockets(0, HOST)
        self._port: int = sockets[0].getsockname()[1]
        self._server.add_sockets(sockets)

    async def close(self) -> None:
        """Stop, with all watches."""
        self._server.stop()
        await self._server.close_all_connections()

    @property
    def pod(self) -> Pod:
        """What a pod is told of it."""
        return Pod(api_host=HOST, api_port=self._port, account=self.account)

    @property
    def environment(self) -> dict[str, str | int]:
        """The same, as a pod's environment."""
        return {
            "KUBERNETES_SERVICE_HOST": HOST,
            "KUBERNETES_SERVICE_PORT": self._port,
            "KUBERNETES_ACCOUNT": str(self.account),
        }

    def put(self, changed: dict[str, Any]) -> None:
        """Make or change a slice, and tell those who watch."""
        name = changed["metadata"]["name"]
        kind = "MODIFIED" if name in self._slices else "ADDED"
        self._slices[name] = changed
        self._tell(kind, changed)

    def delete(self, name: str) -> None:
        """Delete a slice, and tell those who watch."""
        self._tell("DELETED", self._slices.pop(name))

    def bookmark(self) -> None:
        """Tell those who watch that the version is newer, because of other objects."""
        self._tell("BOOKMARK", {"kind": "EndpointSlice", "metadata": {}})

    def say(self, line: bytes) -> None:
        """Send a line of any kind to those who watch."""
        self._version += 1
        self._history.append((self._version, line))
        self._changed.set()

    def forget_history(self) -> None:
        """Watches from an older version than the newest are too old now."""
        self._version += 1
        self._oldest = self._version

    def _tell(self, kind: str, what: dict[str, Any]) -> None:
        what["metadata"]["resourceVersion"] = str(self._version + 1)
        self.say(json.dumps({"type": kind, "object": what}).encode())

    def list_all(self) -> bytes:
        """Give all slices, as a list."""
        if self.lists:
            return self.lists.pop(0)
        items = list(self._slices.values()) or None
        return json.dumps({"metadata": {"resourceVersion": str(self._version)}, "items": items}).encode()

    async def events_after(self, version: int) -> tuple[int, list[bytes]]:
        """Wait for events; give the version of the last one, and them."""
        if version < self._oldest:
            expired = {
                "kind": "Status",
                "code": 410,
                "reason": "Expired",
                "message": "too old resource version",
            }
            return self._version, [json.dumps({"type": "ERROR", "object": expired}).encode()]
        while not (new := [event for event in self._history if event[0] > version]) or self.is_deaf:
            self._changed.clear()
            await self._changed.wait()
        return new[-1][0], [line for _, line in new]

    def _make_account(self, folder: Path) -> None:
        self.account.mkdir()
        (self.account / "namespace").write_text(NAMESPACE)
        (self.account / "token").write_text("first-token\n")
        key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        for options in (
            f"{key} -keyout ca.key -out serviceaccount/ca.crt -subj /CN=a-test",
            f"{key} -keyout api.key -out api.crt -subj /CN=api -CA serviceaccount/ca.crt -CAkey ca.key "
            f"-addext subjectAltName=IP:{HOST} -addext basicConstraints=CA:FALSE",
        ):
            command = f"openssl req -x509 {options}".split()
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=30)


class _Slices(RequestHandler):
    def initialize(self, api: ApiServer) -> None:
        self._api = api

    async def get(self) -> None:
        api = self._api
        assert self.get_query_argument("labelSelector") == f"kubernetes.io/service-name={SERVICE}"
        version = self.get_query_argument("resourceVersion", "")
        api.asked.append(version)
        api.tokens.append(self.request.headers["Authorization"].removeprefix("Bearer "))
        if api.refusals:
            refusal = api.refusals.pop(0)
            self.set_status(refusal.status)
            for name, value in refusal.headers.items():
                self.set_header(name, value)
            self.write({"kind": "Status", "reason": "BecauseOfTheTest", "message": "the test wants it"})
        elif self.get_query_argument("watch", "") == "true":
            assert self.get_query_argument("allowWatchBookmarks") == "true"
            seconds = float(self.get_query_argument("timeoutSeconds"))
            try:
                await asyncio.wait_for(self._watch(int(version)), None if api.is_deaf else seconds)
            except TimeoutError:
                return
        else:
            self.write(api.list_all())

    async def _watch(self, version: int) -> None:
        self.flush()
        while True:
            version, lines = await self._api.events_after(version)
            for line in lines:
                self.write(line + b"\n")
            await self.flush()
