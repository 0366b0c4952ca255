"""A real Prometheus that scrapes some servers every second."""

import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
import yaml

from tests.support.network.ports import free_port
from tests.support.processes.proxy_process import HOST

START_SECONDS = 60.0


class Prometheus:
    """One that runs.

    Args:
        base: Its URL.
    """

    def __init__(self, base: str) -> None:
        self._base = base

    def values(self, expression: str) -> list[float]:
        """Give the values of an instant query, now."""
        answer: dict[str, Any] = requests.get(
            f"{self._base}/api/v1/query", params={"query": expression}, timeout=10
        ).json()
        assert answer["status"] == "success", f"{expression}: {answer}"
        return [float(sample["value"][1]) for sample in answer["data"]["result"]]

    def is_ready(self) -> bool:
        """Say whether it takes queries."""
        try:
            return requests.get(f"{self._base}/-/ready", timeout=1).ok
        except requests.RequestException:
            return False


@contextmanager
def running(folder: Path) -> Iterator[Prometheus]:
    """Have Prometheus run with the file prometheus.yml of a folder while the `with` block runs.

    Args:
        folder: For its data and log, too.
    """
    port = free_port()
    command = ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data", "--log.level=warn"]
    command += [f"--web.listen-address={HOST}:{port}"]
    log = folder / "prometheus.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=folder, stdout=output, stderr=output) as process,
    ):
        try:
            prometheus = Prometheus(f"http://{HOST}:{port}")
            deadline = time.monotonic() + START_SECONDS
            while not prometheus.is_ready():
                assert time.monotonic() < deadline, f"Prometheus is not ready: {log.read_text()[-1000:]}"
                time.sleep(0.05)
            yield prometheus
        finally:
            process.terminate()


@contextmanager
def scraping(folder: Path, targets: Mapping[str, int], *, namespace: str) -> Iterator[Prometheus]:
    """Scrape while the `with` block runs.

    Args:
        folder: For its configuration, data and log.
        targets: Internal ports of servers, by the name of the pod that each one stands for.
        namespace: That the pods seem to be in.
    """
    pods = [
        {"targets": [f"{HOST}:{port}"], "labels": {"namespace": namespace, "pod": pod}}
        for pod, port in targets.items()
    ]
    configuration = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "scrape_configs": [{"job_name": "audiocast", "static_configs": pods}],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
    with running(folder) as prometheus:
        yield prometheus
