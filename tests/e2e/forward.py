"""A port here that leads to a pod or a Service, by `kubectl port-forward`, for longer than a pod lives."""

import re
import subprocess
import threading
from types import TracebackType
from typing import Self

from tests.e2e.cluster import Cluster

OPEN_SECONDS = 30.0
AGAIN_SECONDS = 0.5
OPENED = re.compile(r"Forwarding from 127\.0\.0\.1:(\d+) -> \d+")


class Forward:
    """Leads there while the `with` block runs.

    Connections end with their pod, as they would at a balancer; new ones find the next pod of a Service.

    Args:
        cluster: Where.
        target: As kubectl has it: `pod/NAME` or `service/NAME`.
        port: Of the target.
    """

    def __init__(self, cluster: Cluster, target: str, port: int) -> None:
        self._cluster = cluster
        self._target = target
        self._remote_port = port
        self._is_open = threading.Event()
        self._leaves = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._keep_open, daemon=True)
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._is_open.wait(OPEN_SECONDS):
            self.close()
            raise AssertionError(f"expected a way to {self._target} in {OPEN_SECONDS} s, got none")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def base(self) -> str:
        """URL of it."""
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        """Lead nowhere any more."""
        self._leaves.set()
        while self._thread.is_alive():
            if self._process is not None:
                self._process.terminate()
            self._thread.join(AGAIN_SECONDS)

    def _keep_open(self) -> None:
        while not self._leaves.is_set():
            # A free port the first time, the same one ever after.
            ports = f"{self.port or ''}:{self._remote_port}"
            command = self._cluster.kubectl_command("port-forward", self._target, ports)
            self._process = subprocess.Popen(
                command,
                env=self._cluster.environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            with self._process as process:
                assert process.stdout is not None
                for line in process.stdout:
                    if found := OPENED.match(line):
                        self.port = int(found[1])
                        self._is_open.set()
            self._leaves.wait(AGAIN_SECONDS)
