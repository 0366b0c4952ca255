"""Real servers that find each other through a Kubernetes API server, and lose nobody when that is away."""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.cluster.api_server import PORT_NAME, SERVICE, ApiServer, Refusal, endpoint, endpoint_slice
from tests.cluster.heard import check_every_page_once, path_of
from tests.cluster.loop_thread import LoopThread
from tests.cluster.members import SECRET, Members
from tests.cluster.relay import HOST
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.network.ports import free_port
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

PEERS = f"k8s+{SERVICE}:{PORT_NAME}"
SECONDS = 20.0


class Kubernetes:
    """An API server in a thread of its own."""

    def __init__(self, thread: LoopThread, folder: Path) -> None:
        self._thread = thread
        self.api = thread.call(self._made(folder))

    def put(self, members: Members, name: str, *, terminating: bool = False) -> None:
        """Tell of a member's pod."""
        pod = endpoint(HOST, terminating=terminating)
        self._thread.call(self._put(endpoint_slice(name, members[name].internal_port, pod)))

    def close(self) -> None:
        """Be away from now on."""
        self._thread.call(self.api.close())

    async def _made(self, folder: Path) -> ApiServer:
        return ApiServer(folder)

    async def _put(self, changed: dict[str, object]) -> None:
        self.api.put(changed)


@pytest.fixture
def kubernetes(tmp_path: Path) -> Iterator[Kubernetes]:
    with LoopThread() as thread:
        kubernetes = Kubernetes(thread, tmp_path)
        yield kubernetes
        kubernetes.close()


def test_pods_find_each_other_and_one_that_stops_is_not_heard(kubernetes: Kubernetes, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"PEERS": PEERS, "DRAIN_SECONDS": 2, **kubernetes.api.environment}
    with ExitStack() as stack:
        # Nobody knows of anybody when they start.
        members = stack.enter_context(Members(tmp_path, 3, start=1, **settings))
        for name in ("m1", "m2"):
            members.start(name)
            members.wait_for_view([name], of=[name])
        for name in members.names:
            kubernetes.put(members, name)
        members.wait_for_view(members.names)
        started = members.start_stream(owner="m2", at="m0")
        stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=60)))
        members["m0"].wait_for_state(started.stream_id, "live")
        listener = stack.enter_context(Listener(members["m1"].port, path_of(started)))
        listener.wait_for_audio(1)
        kubernetes.put(members, "m2", terminating=True)
        assert members["m2"].stop(signal.SIGTERM) == 0
        members.wait_for_view(["m0", "m1"])
        # What they know of each other needs no API server.
        kubernetes.close()
        listener.wait_for_audio(listener.capture().seconds + 3)
        check_every_page_once(listener)
        members.wait_for_view(["m0", "m1"])
        members["m1"].stop(signal.SIGKILL)
        members.wait_for_view(["m0"])
        assert members.complaints() == []


def test_a_pod_that_may_not_look_says_why_and_is_not_ready_until_it_may(
    kubernetes: Kubernetes, tmp_path: Path
) -> None:
    kubernetes.api.refusals += [Refusal(403, {})] * 1000
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(1))
        port = free_port()
        server = waiting_server(kubernetes, tmp_path, port)
        serving = pool.submit(server.__enter__)
        stack.callback(server.stop)
        hint = wait_for_hint(server)
        assert "needs a Role in its namespace with get, list and watch on endpointslices" in hint
        assert not serving.done()
        assert ready(port) == 503
        kubernetes.api.refusals.clear()
        serving.result(SECONDS)
        assert ready(port) == 200


def test_a_pod_that_may_not_look_can_be_stopped(kubernetes: Kubernetes, tmp_path: Path) -> None:
    kubernetes.api.refusals += [Refusal(403, {})] * 1000
    server = waiting_server(kubernetes, tmp_path, free_port())
    with ThreadPoolExecutor(1) as pool:
        serving = pool.submit(server.__enter__)
        wait_for_hint(server)
        assert server.stop(signal.SIGTERM) == 0
        assert serving.exception(SECONDS) is not None


def waiting_server(kubernetes: Kubernetes, folder: Path, port: int) -> AudiocastServer:
    environment = kubernetes.api.environment
    server = AudiocastServer(
        folder / "server.log", PEERS=PEERS, SECRET_KEYS=SECRET, INTERNAL_PORT=port, **environment
    )
    server.log.touch()
    return server


def wait_for_hint(server: AudiocastServer) -> str:
    deadline = time.monotonic() + SECONDS
    while True:
        told = [event for event in server.events() if event["event"] == "peers_not_told"]
        if told:
            return str(told[0]["hint"])
        assert time.monotonic() < deadline, "it says nothing"
        time.sleep(0.05)


def ready(port: int) -> int:
    return requests.get(f"http://{HOST}:{port}/readyz", timeout=5).status_code
