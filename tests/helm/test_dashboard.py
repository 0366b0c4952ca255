"""The dashboard asks for what servers export and shows it; so do alerts and autoscalers."""

import json
import math
import re
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.cluster.crowd import Crowd
from tests.cluster.loop_thread import LoopThread
from tests.cluster.members import Members
from tests.cluster.service import Service
from tests.helm.chart import Chart
from tests.helm.prometheus import Prometheus, scraping
from tests.repo import tree
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

DASHBOARD = json.loads((tree.ROOT / "helm" / "audiocast" / "files" / "dashboard.json").read_text())
NAMESPACE = "live"
SUBSTITUTES = {"$cluster": ".*", "$namespace": NAMESPACE, "$pod": ".+", "$__rate_interval": "30s"}
# By servers that have a certificate: tests/integration/tls/test_renewal.py.
EXPORTED_WITH_TLS = {"audiocast_certificate_expires_timestamp_seconds", "audiocast_certificate_refused"}
# Of each stream.
LISTENERS = 20

# At the latest by then.
LOAD_SECONDS = 60.0
EVERYTHING = {
    "autoscaling": {"mode": "keda", "egressMbpsPerPod": 100, "prometheusAddress": "http://prometheus:9090"},
    "metrics": {"prometheusRule": {"enabled": True}, "dashboard": {"enabled": True}},
}


def panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def expressions() -> list[str]:
    """Give all that the panels ask for, as Grafana would send it."""
    found = []
    for panel in panels():
        for target in panel["targets"]:
            expression = target["expr"]
            for variable, value in SUBSTITUTES.items():
                expression = expression.replace(variable, value)
            found.append(expression)
    return found


def metrics_in(expression: str) -> set[str]:
    """Give the names of the series that an expression is about.

    Raises:
        ValueError: It is no PromQL.
    """
    names: set[str] = set()

    def visit(node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.MatrixSelector):
            node = node.vector_selector
        if isinstance(node, promql_parser.VectorSelector):
            names.add(str(node.name))

    promql_parser.walk(promql_parser.parse(expression), visit)
    return names


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Give the names of all series that a server exports."""
    with AudiocastServer(tmp_path_factory.mktemp("exported") / "server.log") as server:
        text = requests.get(f"http://127.0.0.1:{server.internal_port}/metrics", timeout=10).text
    families = list(text_string_to_metric_families(text))
    names = {sample.name for family in families for sample in family.samples}
    # A series with labels is there when it has happened; its family is known before.
    return names | {family.name + "_bucket" for family in families if family.type == "histogram"}


def test_it_is_a_dashboard_that_grafana_takes() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    assert [variable["name"] for variable in DASHBOARD["templating"]["list"]] == [
        "datasource",
        "cluster",
        "namespace",
        "pod",
    ]
    for panel in panels():
        assert panel["datasource"]["uid"] == "${datasource}"
        assert "" not in (panel["title"], panel["description"]), panel["id"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]


def test_each_query_is_of_the_chosen_cluster() -> None:
    """Without a label `cluster` all are, and the variable has no value to choose."""
    asked = [target["expr"] for panel in panels() for target in panel["targets"]]
    variables = {each["name"]: each for each in DASHBOARD["templating"]["list"]}
    asked += [variables["namespace"]["query"], variables["pod"]["query"]]
    selectors = [found for each in asked for found in re.findall(r"\w+\{([^}]*)\}", each)]
    assert len(selectors) >= len(asked) - 1
    assert [each for each in selectors if not each.startswith('cluster=~"$cluster"')] == []
    assert (variables["cluster"]["includeAll"], variables["cluster"]["allValue"]) == (True, ".*")


def test_no_panel_lies_on_another() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, f"{panel['title']} lies on {taken[x, y]}"
                taken[x, y] = panel["title"]


def test_the_chart_gives_it_to_grafana_as_it_is(chart: Chart) -> None:
    made = chart.manifest("ConfigMap", EVERYTHING)
    assert made["metadata"]["labels"]["grafana_dashboard"] == "1"
    (text,) = made["data"].values()
    assert json.loads(text) | {"uid": DASHBOARD["uid"], "title": DASHBOARD["title"]} == DASHBOARD


def test_grafana_takes_the_dashboards_of_many_releases(chart: Chart) -> None:
    """It reads one file of a name, keeps one dashboard of a uid, and one of a title in a folder."""
    names, files, uids, titles = set(), set(), set(), set()
    releases = [(release, namespace) for release in ("one", "other") for namespace in ("live", "test")]
    for release, namespace in releases:
        values = {"metrics": {"dashboard": {"enabled": True, "namespace": "monitoring"}}}
        made = Chart(chart.folder, release=release, namespace=namespace).manifest("ConfigMap", values)
        ((file, text),) = made["data"].items()
        dashboard = json.loads(text)
        names.add(made["metadata"]["name"])
        files.add(file)
        uids.add(dashboard["uid"])
        titles.add(dashboard["title"])
        assert re.fullmatch(r"[a-z0-9-]{1,40}", dashboard["uid"])
    assert [len(each) for each in (names, files, uids, titles)] == [len(releases)] * 4


def test_panels_ask_for_what_servers_export(exported: set[str]) -> None:
    asked = set().union(*map(metrics_in, expressions()))
    assert len(asked) > 20
    assert asked - exported == set()


def test_alerts_and_autoscalers_ask_for_what_servers_export(chart: Chart, exported: set[str]) -> None:
    groups = chart.manifest("PrometheusRule", EVERYTHING)["spec"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    recorded = {rule["record"] for rule in rules if "record" in rule}
    triggers = chart.manifest("ScaledObject", EVERYTHING)["spec"]["triggers"]
    asked = [rule["expr"] for rule in rules] + [trigger["metadata"]["query"] for trigger in triggers]
    pods = chart.manifest("HorizontalPodAutoscaler", {"autoscaling": {"mode": "hpa", "egressMbpsPerPod": 1}})
    asked += [metric["pods"]["metric"]["name"] for metric in pods["spec"]["metrics"]]
    names = set().union(*map(metrics_in, asked))
    assert {"audiocast_listeners", "audiocast_egress_bytes_per_second"} <= names
    assert names - exported == recorded | EXPORTED_WITH_TLS


def test_what_nobody_exports_would_be_found(exported: set[str]) -> None:
    assert metrics_in("sum(rate(audiocast_nothing_total[1m])) / audiocast_listeners") - exported == {
        "audiocast_nothing_total"
    }
    with pytest.raises(ValueError, match=r"unclosed|unexpected"):
        metrics_in("sum(rate(x[1m])")


def levels(chart: Chart) -> list[str]:
    """Give what the shares of missed service levels are reckoned from, over the shortest window."""
    groups = chart.manifest("PrometheusRule", EVERYTHING)["spec"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    return [rule["expr"] for rule in rules if rule.get("record", "").endswith(":ratio_rate5m")]


def test_every_panel_has_data_from_a_cluster_under_load(chart: Chart, tmp_path: Path) -> None:
    with ExitStack() as stack:
        members = stack.enter_context(Members(tmp_path, MAX_EGRESS_MBPS=100))
        targets = {f"demo-audiocast-{name[1:]}": members[name].internal_port for name in members.names}
        prometheus = stack.enter_context(scraping(tmp_path, targets, namespace=NAMESPACE))
        ids = load(stack, members)
        end = time.monotonic() + LOAD_SECONDS
        asked = expressions() + levels(chart)
        empty = asked
        while empty and time.monotonic() < end:
            # People come and go, so that there are times to join.
            for name in members.names:
                with Listener(members[name].port, f"/stream/{ids[0]}") as listener:
                    listener.wait_for_audio(0.1)
            empty = [each for each in asked if not has_data(prometheus, each)]
        assert empty == []
        shares = [value for each in levels(chart) for value in prometheus.values(each)]
        assert len(shares) == 3
        assert all(0.0 <= share <= 1.0 for share in shares), shares
        assert prometheus.values(f'sum(audiocast_owned_streams{{namespace="{NAMESPACE}"}})') == [len(ids)]


def load(stack: ExitStack, members: Members) -> list[str]:
    """Have a stream of each member's, and listeners of each stream at all of them; give the streams' ids."""
    ids = []
    for owner in members.names:
        started = members.start_stream(owner=owner, at="m0")
        stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=120)))
        members["m0"].wait_for_state(started.stream_id, "live")
        ids.append(started.stream_id)
    thread = stack.enter_context(LoopThread())
    crowd = Crowd(thread, members, stack.enter_context(Service(members, thread)))
    crowd.listen(ids, LISTENERS)
    crowd.wait_until_all_hear(0.5)
    return ids


def has_data(prometheus: Prometheus, expression: str) -> bool:
    """Say whether an expression has values, and one that is a number."""
    return any(not math.isnan(value) for value in prometheus.values(expression))
