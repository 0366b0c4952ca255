"""Each alert fires when it should, alone, and not when it should not: asked of Prometheus' own `promtool`."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helm.chart import Chart, read_values
from tests.repo import tree

ENABLED = {"metrics": {"prometheusRule": {"enabled": True}}}
POD = 'namespace="live",pod="demo-audiocast-0"'
HERE = Path(__file__).parent
CASES = read_values(HERE / "alert_cases.yaml")
RUNBOOK = tree.ROOT / "docs" / "runbook.md"


def rules_of(chart: Chart, **values: Any) -> list[dict[str, Any]]:
    made = chart.manifest("PrometheusRule", {"metrics": {"prometheusRule": {"enabled": True, **values}}})
    (group,) = made["spec"]["groups"]
    rules: list[dict[str, Any]] = group["rules"]
    return rules


def promtool(folder: Path, chart: Chart, tests: list[dict[str, Any]]) -> str:
    """Run tests of the chart's rules; give what is wrong, nothing when all is well."""
    groups = chart.manifest("PrometheusRule", ENABLED)["spec"]
    (folder / "rules.yaml").write_text(yaml.safe_dump(groups))
    (folder / "tests.yaml").write_text(yaml.safe_dump({"rule_files": ["rules.yaml"], "tests": tests}))
    command = ["promtool", "test", "rules", "tests.yaml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def expects(case: dict[str, Any], alerts: list[str]) -> dict[str, Any]:
    """Give a test: these alerts fire in this case, and no other."""
    series = {f"audiocast_build_info{{{POD}}}": "1x20"} if alerts != ["AudiocastAbsent"] else {}
    series |= {name.replace("POD", POD): values for name, values in case["series"].items()}
    firing = 'count by (alertname) (ALERTS{alertstate="firing"})'
    samples = [{"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in alerts]
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [{"expr": firing, "eval_time": case["at"], "exp_samples": samples}],
    }


def test_each_alert_has_its_case_and_its_page_in_the_runbook(chart: Chart) -> None:
    alerts = [rule["alert"] for rule in rules_of(chart)]
    assert sorted(alerts) == sorted(CASES)
    headings = re.findall(r"^## (Audiocast\w+)$", RUNBOOK.read_text(), re.MULTILINE)
    assert [each for each in headings if each in CASES] == alerts


@pytest.mark.parametrize("alert", CASES)
def test_it_fires_alone_and_only_then(chart: Chart, alert: str, tmp_path: Path) -> None:
    cases = [expects(CASES[alert]["fires"], [alert]), expects(CASES[alert]["quiet"], [])]
    assert promtool(tmp_path, chart, cases) == ""


@pytest.mark.parametrize(
    "series",
    [
        {
            "audiocast_egress_bytes_per_second{POD}": "95x20",
            "audiocast_egress_limit_bytes_per_second{POD}": "100x20",
        },
        {"process_cpu_seconds_total{POD}": "0+57x20"},
    ],
    ids=["egress", "cpu"],
)
def test_a_pod_has_more_limits_than_one(chart: Chart, series: dict[str, str], tmp_path: Path) -> None:
    assert promtool(tmp_path, chart, [expects({"at": "12m", "series": series}, ["AudiocastNearLimit"])]) == ""


def test_promtool_would_find_an_alert_that_does_not_fire(chart: Chart, tmp_path: Path) -> None:
    case = expects(CASES["AudiocastDelay"]["quiet"], ["AudiocastDelay"])
    assert "AudiocastDelay" in promtool(tmp_path, chart, [case])


def test_what_people_read_is_filled_in(chart: Chart, tmp_path: Path) -> None:
    case = expects(CASES["AudiocastNearLimit"]["fires"], ["AudiocastNearLimit"])
    case["alert_rule_test"] = [
        {
            "eval_time": CASES["AudiocastNearLimit"]["fires"]["at"],
            "alertname": "AudiocastNearLimit",
            "exp_alerts": [
                {
                    "exp_labels": {"severity": "warning", "namespace": "live", "pod": "demo-audiocast-0"},
                    "exp_annotations": {
                        "summary": "A pod is near its limit",
                        "description": "demo-audiocast-0 uses 95% of what it can take: of MAX_LISTENERS, of "
                        "MAX_EGRESS_MBPS, or of one core.",
                    },
                }
            ],
        }
    ]
    assert promtool(tmp_path, chart, [case]) == ""


def test_every_alert_says_how_bad_it_is_and_what_it_is(chart: Chart) -> None:
    for rule in rules_of(chart, runbookUrl="https://wiki.example.org/runbook"):
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]
        assert (
            rule["annotations"]["runbook_url"] == f"https://wiki.example.org/runbook#{rule['alert'].lower()}"
        )


def test_alerts_can_be_left_out_and_moved(chart: Chart) -> None:
    rules = {rule["alert"]: rule for rule in rules_of(chart, disabled=["AudiocastSilence"], delaySeconds=2)}
    assert rules.keys() == CASES.keys() - {"AudiocastSilence"}
    assert rules["AudiocastDelay"]["expr"].endswith("> 2")
    stuck = chart.manifest("PrometheusRule", {**ENABLED, "drain": {"timeoutSeconds": 30}})["spec"]["groups"][
        0
    ]
    assert {rule["alert"]: rule.get("for") for rule in stuck["rules"]}["AudiocastDrainStuck"] == "105s"
