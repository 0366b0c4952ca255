"""A real Prometheus that scrapes some servers every second, for as long as a `with` block runs."""

import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests
import yaml

START_SECONDS = 20.0
STOP_SECONDS = 10.0


class PrometheusProcess:
    """Debian's, with its data in a folder of the test's.

    Args:
        folder: For its configuration, data and log.
        port: A free one.
        targets: "host:port" of internal ports, by the name of the pod that each one stands for.
        namespace: That the pods seem to be in.
    """

    def __init__(self, folder: Path, port: int, targets: Mapping[str, str], *, namespace: str) -> None:
        self._folder = folder
        self._port = port
        self._targets = targets
        self._namespace = namespace
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        scrape = {
            "job_name": "audiocast",
            "static_configs": [
                {"targets": [address], "labels": {"namespace": self._namespace, "pod": pod}}
                for pod, address in self._targets.items()
            ],
        }
        configuration = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
            "scrape_configs": [scrape],
        }
        (self._folder / "prometheus.yaml").write_text(yaml.safe_dump(configuration))
        command = ["prometheus", "--config.file=prometheus.yaml", "--storage.tsdb.path=data"]
        command += [f"--web.listen-address=127.0.0.1:{self._port}", "--log.level=warn"]
        with (self._folder / "prometheus.log").open("wb") as log:
            self._process = subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log)
        self._wait_until_ready()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(STOP_SECONDS)

    def values(self, expression: str) -> list[float]:
        """Give the values of an instant query, now.

        Raises:
            AssertionError: Prometheus refuses the expression.
        """
        answer: dict[str, Any] = requests.get(
            f"{self._base}/api/v1/query", params={"query": expression}, timeout=10
        ).json()
        assert answer["status"] == "success", f"{expression}: {answer}"
        return [float(sample["value"][1]) for sample in answer["data"]["result"]]

    @property
    def _base(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                if requests.get(f"{self._base}/-/ready", timeout=1).ok:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.05)
        said = (self._folder / "prometheus.log").read_text()[-1000:]
        raise AssertionError(f"Prometheus is not ready after {START_SECONDS} s: {said}")
