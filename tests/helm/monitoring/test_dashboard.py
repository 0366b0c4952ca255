"""The dashboards ask for what servers export and show it; so do alerts and autoscalers."""

import json
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
from tests.helm.monitoring.dashboards import DASHBOARDS, asked_by_panels, has_data
from tests.helm.monitoring.prometheus import scraping
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer

pytestmark = pytest.mark.realtime

NAMESPACE = "live"
# What the chosen pods, and the chosen time, become in a query.
SUBSTITUTES = {
    "$cluster": ".*",
    "$namespace": NAMESPACE,
    "$pod": ".+",
    "$instance": ".*",
    "$__rate_interval": "30s",
    "$__range": "5m",
}
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


def panels(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def expressions() -> list[str]:
    """Give all that the panels of both dashboards ask for, as Grafana would send it."""
    return asked_by_panels(SUBSTITUTES)


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
    folder = tmp_path_factory.mktemp("exported")
    with AudiocastServer(folder / "server.log", RECORDINGS_URL=str(folder / "recordings")) as server:
        text = requests.get(f"http://127.0.0.1:{server.internal_port}/metrics", timeout=60).text
    families = list(text_string_to_metric_families(text))
    names = {sample.name for family in families for sample in family.samples}
    # A series with labels is there when it has happened; its family is known before.
    return names | {family.name + "_bucket" for family in families if family.type == "histogram"}


@pytest.fixture(params=DASHBOARDS, ids=lambda dashboard: dashboard["uid"])
def dashboard(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Give each dashboard by turns."""
    made: dict[str, Any] = request.param
    return made


def test_it_is_a_dashboard_that_grafana_takes(dashboard: dict[str, Any]) -> None:
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    assert [variable["name"] for variable in dashboard["templating"]["list"]] == [
        "datasource",
        "cluster",
        "namespace",
        "pod",
        "instance",
    ]
    for panel in panels(dashboard):
        assert panel["datasource"]["uid"] == "${datasource}"
        assert "" not in (panel["title"], panel["description"]), panel["id"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]


def test_each_query_is_of_what_was_chosen(dashboard: dict[str, Any]) -> None:
    """A label that no target has is no filter: all are meant, and the variable has no value to choose."""
    asked = [target["expr"] for panel in panels(dashboard) for target in panel["targets"]]
    _, *variables = dashboard["templating"]["list"]
    filters: list[str] = []
    for variable in variables:
        name = variable["name"]
        assert variable["query"].endswith(f", {name})")
        assert all(each in variable["query"] for each in filters), name
        assert (variable["includeAll"], variable["allValue"], variable["current"]["value"]) == (
            True,
            ".*",
            "$__all",
        )
        filters.append(f'{name}=~"${name}"')
    selectors = [found for each in asked for found in re.findall(r"\w+\{([^}]*)\}", each)]
    assert len(selectors) >= len(asked)
    assert [each for each in selectors if not each.startswith(", ".join(filters))] == []


def test_no_panel_lies_on_another(dashboard: dict[str, Any]) -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, f"{panel['title']} lies on {taken[x, y]}"
                taken[x, y] = panel["title"]


def test_the_chart_gives_them_to_grafana_with_its_namespace_chosen(chart: Chart) -> None:
    made = chart.manifest("ConfigMap", EVERYTHING)
    assert made["metadata"]["labels"]["grafana_dashboard"] == "1"
    given = [json.loads(text) for text in made["data"].values()]
    for expected, dashboard in zip(DASHBOARDS, given, strict=True):
        variables = {each["name"]: each for each in dashboard["templating"]["list"]}
        assert variables["namespace"]["current"] == {"text": NAMESPACE, "value": NAMESPACE}
        variables["namespace"]["current"] = variables["pod"]["current"]
        assert dashboard | {"uid": expected["uid"], "title": expected["title"]} == expected


def test_grafana_takes_the_dashboards_of_many_releases(chart: Chart) -> None:
    """It reads one file of a name, keeps one dashboard of a uid, and one of a title in a folder."""
    names, files, uids, titles = set(), set(), set(), set()
    releases = [(release, namespace) for release in ("one", "other") for namespace in ("live", "test")]
    for release, namespace in releases:
        values = {"metrics": {"dashboard": {"enabled": True, "namespace": "monitoring"}}}
        made = Chart(chart.folder, release=release, namespace=namespace).manifest("ConfigMap", values)
        names.add(made["metadata"]["name"])
        for file, text in made["data"].items():
            dashboard = json.loads(text)
            files.add(file)
            uids.add(dashboard["uid"])
            titles.add(dashboard["title"])
            assert re.fullmatch(r"[a-z0-9-]{1,40}", dashboard["uid"])
    assert len(names) == len(releases)
    assert [len(each) for each in (files, uids, titles)] == [len(releases) * len(DASHBOARDS)] * 3


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
        # The programme's look back in steps of half a minute (test_plain_prometheus.py).
        asked = asked_by_panels(SUBSTITUTES, DASHBOARDS[:1]) + levels(chart)
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
