"""Without Kubernetes: the files of deploy/prometheus, and both dashboards on a plain Prometheus."""

import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from tests.helm.monitoring.dashboards import DASHBOARDS, asked_by_panels, has_data
from tests.helm.monitoring.prometheus import running
from tests.repo import tree
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer

FOLDER = tree.ROOT / "deploy" / "prometheus"
RULES = "audiocast-rules.yml"

# Of every variable of the dashboards "All", and what Grafana puts in itself.
ALL = {
    "$cluster": ".*",
    "$namespace": ".*",
    "$pod": ".*",
    "$instance": ".*",
    "$__rate_interval": "30s",
    "$__range": "5m",
}

# At the latest by then; subqueries look every half minute.
DATA_SECONDS = 240.0


def copied(folder: Path, target: str) -> None:
    """Put both files into a folder, with another target, asked each second."""
    text = (FOLDER / "prometheus.yml").read_text()
    assert text.count("localhost:8001") == text.count("15s") == 1
    (folder / "prometheus.yml").write_text(text.replace("localhost:8001", target).replace("15s", "1s"))
    (folder / RULES).write_text((FOLDER / RULES).read_text())


def test_the_rules_are_those_of_the_chart(tmp_path: Path) -> None:
    made = tmp_path / "rules.yml"
    script = tree.ROOT / "cmd" / "plain_rules.py"
    subprocess.run([tree.ROOT / ".venv/bin/python", script, made], check=True, timeout=180)
    expected = f"make it again: python cmd/plain_rules.py deploy/prometheus/{RULES}"
    assert (FOLDER / RULES).read_text() == made.read_text(), expected


def test_promtool_takes_both_files(tmp_path: Path) -> None:
    copied(tmp_path, "localhost:8001")
    command = ["promtool", "check", "config", "prometheus.yml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 rule files found" in done.stdout


def test_an_alert_names_the_server(tmp_path: Path) -> None:
    copied(tmp_path, "localhost:8001")
    server = 'job="audiocast",instance="radio:8001"'
    case = {
        "interval": "1m",
        "input_series": [
            {"series": f"audiocast_build_info{{{server}}}", "values": "1x20"},
            {"series": f"audiocast_listeners{{{server}}}", "values": "95x20"},
            {"series": f"audiocast_listeners_limit{{{server}}}", "values": "100x20"},
        ],
        "alert_rule_test": [
            {
                "eval_time": "12m",
                "alertname": "AudiocastNearLimit",
                "exp_alerts": [
                    {
                        "exp_labels": {"severity": "warning", "job": "audiocast", "instance": "radio:8001"},
                        "exp_annotations": {
                            "summary": "A server is near its limit",
                            "description": "radio:8001 uses 95% of what it can take: of MAX_LISTENERS, of "
                            "MAX_EGRESS_MBPS, or of one core.",
                        },
                    }
                ],
            }
        ],
    }
    tests = {"rule_files": [RULES], "evaluation_interval": "1m", "tests": [case]}
    (tmp_path / "tests.yml").write_text(yaml.safe_dump(tests))
    command = ["promtool", "test", "rules", "tests.yml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.realtime
@pytest.mark.timeout(900)
def test_every_panel_has_data_from_one_plain_server(tmp_path: Path) -> None:
    asked = asked_by_panels(ALL)
    assert not any("$" in each for each in asked)
    with ExitStack() as stack:
        server = stack.enter_context(AudiocastServer(tmp_path / "server.log"))
        copied(tmp_path, f"127.0.0.1:{server.internal_port}")
        prometheus = stack.enter_context(running(tmp_path))
        started = server.start_stream(title="Plain")
        stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=180)))
        server.wait_for_state(started.stream_id, "live")
        stays = stack.enter_context(Listener(server.port, f"/stream/{started.stream_id}"))
        stays.wait_for_audio(0.5)
        end = time.monotonic() + DATA_SECONDS
        empty = asked
        while empty and time.monotonic() < end:
            # People come and go, so that there are times to join.
            with Listener(server.port, f"/stream/{started.stream_id}") as listener:
                listener.wait_for_audio(0.1)
            empty = [each for each in empty if not has_data(prometheus, each)]
        assert empty == []
        # The labels by which people filter are those that the target has: none but its address.
        assert prometheus.values('count(audiocast_build_info{namespace="", pod="", instance!=""})') == [1.0]
        # One that is alone owns what it has on.
        assert prometheus.values("sum(audiocast_owned_streams)") == [1.0]


def test_each_dashboard_says_whose_it_is() -> None:
    assert [each["title"] for each in DASHBOARDS] == ["audiocast", "audiocast: programme"]
