"""Each alert fires when it should, alone, and not when it should not: asked of Prometheus' own `promtool`."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from audiocast.telemetry.requests import DURATION_BOUNDS_SECONDS
from audiocast.web.public.listen import ListenHandler
from tests.helm.chart import Chart, read_values
from tests.repo import tree

ENABLED = {"metrics": {"prometheusRule": {"enabled": True}}}
POD = 'namespace="live",pod="demo-audiocast-0"'
HERE = Path(__file__).parent
CASES = read_values(HERE / "alert_cases.yaml")
RUNBOOK = tree.ROOT / "docs" / "runbook.md"


def rules_of(chart: Chart, **values: Any) -> list[dict[str, Any]]:
    """Give all alerts and recorded series, in their order."""
    made = chart.manifest("PrometheusRule", {"metrics": {"prometheusRule": {"enabled": True, **values}}})
    return [rule for group in made["spec"]["groups"] for rule in group["rules"]]


def alerts_of(chart: Chart, **values: Any) -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for rule in rules_of(chart, **values) if "alert" in rule}


def promtool(folder: Path, chart: Chart, tests: list[dict[str, Any]]) -> str:
    """Run tests of the chart's rules; give what is wrong, nothing when all is well."""
    groups = chart.manifest("PrometheusRule", ENABLED)["spec"]
    (folder / "rules.yaml").write_text(yaml.safe_dump(groups))
    (folder / "tests.yaml").write_text(
        yaml.safe_dump(
            {"rule_files": ["rules.yaml"], "evaluation_interval": tests[0]["interval"], "tests": tests}
        )
    )
    command = ["promtool", "test", "rules", "tests.yaml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=180)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def expects(case: dict[str, Any], alerts: list[str]) -> dict[str, Any]:
    """Give a test: these alerts fire in this case, and no other."""
    series = {f"audiocast_build_info{{{POD}}}": "1x275"} if alerts != ["AudiocastAbsent"] else {}
    series |= {name.replace("POD", POD): values for name, values in case["series"].items()}
    firing = 'count by (alertname) (ALERTS{alertstate="firing"})'
    expected = alerts + case.get("also", [])
    samples = [{"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in expected]
    return {
        "interval": case.get("every", "1m"),
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [{"expr": firing, "eval_time": case["at"], "exp_samples": samples}],
    }


def test_each_alert_has_its_case_and_its_page_in_the_runbook(chart: Chart) -> None:
    alerts = list(alerts_of(chart))
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
    for rule in alerts_of(chart, runbookUrl="https://wiki.example.org/runbook").values():
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]
        assert (
            rule["annotations"]["runbook_url"] == f"https://wiki.example.org/runbook#{rule['alert'].lower()}"
        )


def test_alerts_can_be_left_out_and_moved(chart: Chart) -> None:
    rules = alerts_of(chart, disabled=["AudiocastSilence", "AudiocastRoomBudgetSlow"], delaySeconds=2)
    assert rules.keys() == CASES.keys() - {"AudiocastSilence", "AudiocastRoomBudgetSlow"}
    assert rules["AudiocastDelay"]["expr"].endswith("> 2")
    stuck = chart.manifest("PrometheusRule", {**ENABLED, "drain": {"timeoutSeconds": 30}})["spec"]["groups"][
        0
    ]
    assert {rule["alert"]: rule.get("for") for rule in stuck["rules"]}["AudiocastDrainStuck"] == "105s"


def test_service_levels_have_objectives_or_are_left_out(chart: Chart) -> None:
    bounds = [
        re.findall(r"> ([0-9.]+)", alerts_of(chart, serviceLevels=levels)["AudiocastJoinBudgetFast"]["expr"])
        for levels in ({}, {"joinPercent": 99.5})
    ]
    assert bounds == [["0.144", "0.144", "0.06", "0.06"], ["0.072", "0.072", "0.03", "0.03"]]
    left = rules_of(chart, serviceLevels={"enabled": False})
    assert [rule["alert"] for rule in left] == [alert for alert in CASES if "Budget" not in alert]


def test_the_bound_of_the_joins_is_one_that_servers_count(chart: Chart) -> None:
    expressions = " ".join(rule["expr"] for rule in rules_of(chart))
    assert {float(each) for each in re.findall(r'le="([^"]+)"', expressions)} <= {*DURATION_BOUNDS_SECONDS}
    assert ListenHandler.metric_label in re.findall(r'handler="(\w+)"', expressions)
    assert ListenHandler.is_timed_by_audio


def test_every_rule_has_the_labels_that_are_given(chart: Chart) -> None:
    for rule in rules_of(chart, additionalRuleLabels={"team": "radio", "severity": "none"}):
        assert rule["labels"]["team"] == "radio"
        # How bad an alert is stays the chart's.
        assert "record" in rule or rule["labels"]["severity"] in ("warning", "critical")


def test_two_releases_of_a_namespace_record_series_of_their_own(chart: Chart) -> None:
    recorded = [
        {(rule["record"], str(rule["labels"])) for rule in rules_of(each) if "record" in rule}
        for each in (chart, Chart(chart.folder, release="other"))
    ]
    assert len(recorded[0]) == 21
    assert recorded[0].isdisjoint(recorded[1])


def delays(*, fast: int, all_of_them: int) -> dict[str, str]:
    """Give passes a minute: how many take less than 0.1 s, and how many there are, none longer than 1 s."""
    bucket = "audiocast_fanout_delay_seconds_bucket{POD,le=%r}"
    counts = {"0.1": fast, "1.0": all_of_them, "+Inf": all_of_them}
    return {bucket.replace("%r", f'"{bound}"'): f"0+{count}x200" for bound, count in counts.items()}


def joins(fast: int, all_of_them: int) -> dict[str, str]:
    """Give listeners a minute: how many hear something within two seconds, and how many there are."""
    return {
        'audiocast_http_request_seconds_bucket{POD,handler="Listen",le="2.0"}': f"0+{fast}x200",
        'audiocast_http_request_seconds_count{POD,handler="Listen"}': f"0+{all_of_them}x200",
    }


def in_clusters(good: dict[str, str], bad: dict[str, str]) -> dict[str, str]:
    """Give a case with a pod of the same name in each of two clusters."""
    series = {}
    for cluster, named in (("good", good), ("bad", bad)):
        build_info = {"audiocast_build_info{POD}": "1x200"}
        for name, values in (build_info | named).items():
            series[name.replace("{POD", f'{{cluster="{cluster}",POD').replace("POD", POD)] = values
    return series


@pytest.mark.parametrize(
    ("alert", "at", "good", "bad"),
    [
        (
            "AudiocastDelay",
            "14m",
            delays(fast=15_000, all_of_them=15_000),
            delays(fast=0, all_of_them=100),
        ),
        ("AudiocastJoinBudgetFast", "20m", joins(10_000, 10_000), joins(50, 100)),
        ("AudiocastAbsent", "30m", {}, {"audiocast_build_info{POD}": "1x10 stale"}),
    ],
)
def test_a_good_cluster_hides_no_bad_one(
    chart: Chart, alert: str, at: str, good: dict[str, str], bad: dict[str, str], tmp_path: Path
) -> None:
    series = in_clusters(good, bad)
    case = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {
                "expr": 'count by (alertname, cluster) (ALERTS{alertstate="firing"})',
                "eval_time": at,
                "exp_samples": [{"labels": f'{{alertname="{alert}",cluster="bad"}}', "value": 1}],
            }
        ],
    }
    assert promtool(tmp_path, chart, [case]) == ""
