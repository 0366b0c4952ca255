"""docs/metrics.md names exactly the metrics that a server gives."""

import re
from pathlib import Path

import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.support.network.certificates import make_pair
from tests.support.processes.server import AudiocastServer

TABLE = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_the_table_names_what_the_server_exports(tmp_path: Path) -> None:
    # A server without a certificate does not have those of TLS, one without rules not those of them,
    # one without an audience log not its, one that records nothing not those of recordings.
    rules = tmp_path / "rules"
    rules.write_text("audiocast-rules 1\n")
    access_rules = tmp_path / "access.rules"
    access_rules.touch()
    settings = {
        **make_pair(tmp_path).settings,
        "STREAM_RULES_FILE": str(rules),
        "ACCESS_RULES_FILE": str(access_rules),
        "AUDIENCE_LOG": str(tmp_path / "a"),
        "RECORDINGS_URL": str(tmp_path / "recordings"),
    }
    with AudiocastServer(tmp_path / "server.log", **settings) as server:
        text = requests.get(f"http://127.0.0.1:{server.internal_port}/metrics", timeout=60).text
    exported = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in text_string_to_metric_families(text)
        if family.name.startswith("audiocast_")
    }
    documented = set(re.findall(r"^\| `(audiocast_\w+)`", TABLE.read_text(), re.MULTILINE))
    assert documented == exported
