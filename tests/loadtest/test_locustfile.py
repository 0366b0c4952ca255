"""The load test itself: against a real server it passes, and with a bound that cannot be met it fails."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

ROOT = Path(__file__).parents[2]
LOCUSTFILE = "loadtest/locust/locustfile.py"
# All stages in 12 seconds.
PACE = 20

# Machines are shared: here, only what goes wrong counts.
NOISY = "--max-delay-ms 60000 --max-first-audio-ms 60000 --skip-ms 60000"


def load_test(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Locust against a server of its own."""
    with AudiocastServer(folder / "server.log") as server:
        command = [sys.executable, "-m", "locust", "-f", LOCUSTFILE, "--host", server.base]
        command += ["--headless", "--only-summary", "--listeners", "10", "--pace", str(PACE), *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


def test_all_stages_pass_and_are_reported(tmp_path: Path) -> None:
    report, numbers = tmp_path / "report.html", tmp_path / "numbers"
    files = ["--html", str(report), "--csv", str(numbers)]
    done = load_test(tmp_path, *NOISY.split(), *files)
    assert done.returncode == 0, done.stderr[-3000:]
    with Path(f"{numbers}_stats.csv").open() as file:
        rows = {row["Name"]: row for row in csv.DictReader(file)}
    assert {"on air", "join", "first audio", "second of audio", "/api/start"} <= set(rows)
    assert int(rows["second of audio"]["Request Count"]) > 10
    assert int(rows["Aggregated"]["Failure Count"]) == 0
    assert "second of audio" in report.read_text()


def test_a_bound_that_cannot_be_met_fails_the_run(tmp_path: Path) -> None:
    done = load_test(tmp_path, *NOISY.split(), "--max-delay-ms", "0.001")
    assert done.returncode == 1, done.stderr[-3000:]
    assert "FAIL  expected second of audio within 0.001 ms" in done.stderr
