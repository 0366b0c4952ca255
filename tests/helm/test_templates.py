"""What single values do to what is made."""

import base64
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from audiocast import __version__
from tests.helm.chart import RELEASE, Chart, Manifest, containers_of, pod_of, read_values
from tests.repo import tree

SERVER = {
    "app.kubernetes.io/name": "audiocast",
    "app.kubernetes.io/instance": RELEASE,
    "app.kubernetes.io/component": "server",
}


def test_the_chart_is_for_this_version(chart: Chart) -> None:
    chart_yaml = read_values(chart.folder / "Chart.yaml")
    assert chart_yaml["appVersion"] == __version__
    image = chart.manifest("StatefulSet")["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image == f"audiocast:{__version__}"


@pytest.mark.parametrize(
    "values",
    [{"replicas": 9}, {"autoscaling": {"mode": "hpa"}}, {"autoscaling": {"mode": "hpa", "maxReplicas": 50}}],
    ids=str,
)
def test_more_members_restart_no_pod(chart: Chart, values: Manifest) -> None:
    assert pod_template(chart, values) == pod_template(chart, {})


def test_another_version_of_the_chart_restarts_no_pod(chart: Chart, tmp_path: Path) -> None:
    copy = tmp_path / "audiocast"
    shutil.copytree(chart.folder, copy)
    chart_yaml = copy / "Chart.yaml"
    changed = re.sub(r"(?m)^version: .*", "version: 99.0.0", chart_yaml.read_text())
    chart_yaml.write_text(changed)
    newer = Chart(copy)
    assert newer.manifest("StatefulSet")["metadata"]["labels"]["helm.sh/chart"] == "audiocast-99.0.0"
    assert pod_template(newer, {}) == pod_template(chart, {})


def test_other_secrets_restart_the_pods(chart: Chart) -> None:
    assert pod_template(chart, {"secret": {"keys": ["another-secret-for-keys"]}}) != pod_template(chart, {})


def test_replicas_are_the_autoscalers_or_the_values(chart: Chart) -> None:
    assert chart.manifest("StatefulSet", {"replicas": 4})["spec"]["replicas"] == 4
    for mode, kind in (("hpa", "HorizontalPodAutoscaler"), ("keda", "ScaledObject")):
        values = {"autoscaling": {"mode": mode, "prometheusAddress": "http://prometheus:9090"}}
        kinds = [each["kind"] for each in chart.manifests(values)]
        assert {"HorizontalPodAutoscaler", "ScaledObject"} & set(kinds) == {kind}
        assert "replicas" not in chart.manifest("StatefulSet", values)["spec"]
        target = chart.manifest(kind, values)["spec"]["scaleTargetRef"]
        assert target == {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "demo-audiocast"}


def test_autoscalers_count_listeners_and_what_goes_out_to_them(chart: Chart) -> None:
    wanted = {"listenersPerPod": 1_500_000, "egressMbpsPerPod": 400}
    pods = chart.manifest("HorizontalPodAutoscaler", {"autoscaling": {"mode": "hpa", **wanted}})
    targets = {each["pods"]["metric"]["name"]: each["pods"]["target"] for each in pods["spec"]["metrics"]}
    assert targets == {
        "audiocast_listeners": {"type": "AverageValue", "averageValue": "1500000"},
        "audiocast_egress_bytes_per_second": {"type": "AverageValue", "averageValue": "50000000"},
    }
    keda = {"mode": "keda", "prometheusAddress": "http://prometheus:9090", **wanted}
    triggers = chart.manifest("ScaledObject", {"autoscaling": keda})["spec"]["triggers"]
    assert [each["metadata"]["threshold"] for each in triggers] == ["1500000", "50000000"]


def test_keda_counts_the_listeners_of_its_own_cluster(chart: Chart) -> None:
    keda = {"mode": "keda", "prometheusAddress": "http://prometheus:9090", "egressMbpsPerPod": 400}
    for matchers, end in (("", '-[0-9]+"})'), ('cluster="north"', '-[0-9]+",cluster="north"})')):
        values = {"autoscaling": {**keda, "prometheusMatchers": matchers}}
        queries = [
            each["metadata"]["query"] for each in chart.manifest("ScaledObject", values)["spec"]["triggers"]
        ]
        assert [query.endswith(end) for query in queries] == [True, True]


@pytest.mark.parametrize(("drain_seconds", "period_seconds"), [(60, 75), (3600, 1800)])
def test_a_pod_that_goes_has_the_drain_for_itself(
    chart: Chart, drain_seconds: int, period_seconds: int
) -> None:
    values = {"drain": {"timeoutSeconds": drain_seconds}, "autoscaling": {"mode": "hpa"}}
    scale_down = chart.manifest("HorizontalPodAutoscaler", values)["spec"]["behavior"]["scaleDown"]
    assert scale_down["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": period_seconds}]


def test_a_secret_is_made_and_kept(chart: Chart) -> None:
    one, other = (chart.manifest("Secret") for _ in range(2))
    assert one["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert len(secret(one, "SECRET_KEYS")) >= 32
    assert len(secret(one, "API_TOKENS")) >= 32
    assert one["data"] != other["data"]


def test_a_secret_may_be_given(chart: Chart) -> None:
    values = {
        "secret": {
            "keys": ["the-first-of-two-keys", "the-second-of-two-keys"],
            "apiTokens": ["a-token-of-ours-1"],
        }
    }
    made = chart.manifest("Secret", values)
    assert secret(made, "SECRET_KEYS") == "the-first-of-two-keys,the-second-of-two-keys"
    assert secret(made, "API_TOKENS") == "a-token-of-ours-1"
    assert "API_TOKENS" not in chart.manifest("Secret", {"secret": {"anyoneMayStart": True}})["data"]


def test_an_existing_secret_is_used_everywhere(chart: Chart) -> None:
    manifests = chart.manifests({"secret": {"existingSecret": "ours"}})
    assert not [each for each in manifests if each["kind"] == "Secret"]
    assert set(re.findall(r"'secretKeyRef': \{[^}]*'name': '(\w+)'", str(manifests))) == {"ours"}


@pytest.mark.parametrize("values", [{}, {"secret": {"existingSecret": "ours"}}], ids=str)
def test_no_pod_starts_without_a_word_on_who_may_start_streams(chart: Chart, values: Manifest) -> None:
    open_to_all = {"secret": {**values.get("secret", {}), "anyoneMayStart": True}}
    for given, optional in ((values, False), (open_to_all, True)):
        manifests = chart.manifests(given)
        pods = [pod for each in manifests if (pod := pod_of(each)) is not None]
        entries = [
            env["valueFrom"]["secretKeyRef"]
            for pod in pods
            for container in containers_of(pod)
            for env in container.get("env", [])
            if env["name"] in ("SECRET_KEYS", "API_TOKENS")
        ]
        # The server's two, and the check's token.
        assert [(each["key"], each.get("optional", False)) for each in entries] == [
            ("SECRET_KEYS", False),
            ("API_TOKENS", optional),
            ("API_TOKENS", optional),
        ]
        # A Secret that has an empty entry, or loses it later, is refused by the server itself.
        [demand] = [
            env["value"]
            for pod in pods
            for container in containers_of(pod)
            for env in container.get("env", [])
            if env["name"] == "REQUIRE_API_TOKENS"
        ]
        assert demand == ("false" if optional else "true")


def test_members_are_found_by_what_is_made(chart: Chart) -> None:
    assert peers(chart, {}) == "k8s+demo-audiocast-peers:internal"
    by_name = peers(chart, {"discovery": {"mode": "dns"}})
    assert by_name == "dns+demo-audiocast-peers.live.svc.cluster.local.:8001"
    service = chart.manifest("Service", name="demo-audiocast-peers")
    assert service["spec"]["clusterIP"] == "None"
    assert service["spec"]["publishNotReadyAddresses"] is True
    assert service["spec"]["ports"] == [{"name": "internal", "port": 8001, "targetPort": "internal"}]


def test_the_internal_port_is_for_members_the_operator_and_prometheus(chart: Chart) -> None:
    public, internal = chart.manifest("NetworkPolicy")["spec"]["ingress"]
    assert public == {"ports": [{"port": "http"}]}
    assert internal["ports"] == [{"port": "internal"}]
    assert internal["from"] == [
        {"podSelector": {"matchLabels": SERVER}},
        operator_in("live"),
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}},
    ]


def test_the_operator_is_one_of_a_namespace_that_is_named(chart: Chart) -> None:
    values = {"networkPolicy": {"operatorNamespace": "operators"}}
    _, internal = chart.manifest("NetworkPolicy", values)["spec"]["ingress"]
    assert internal["from"][1] == operator_in("operators")
    # A pod with the operator's label in anybody's namespace is not the operator.
    assert {} not in [each.get("namespaceSelector") for each in internal["from"]]


def operator_in(namespace: str) -> Manifest:
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "audiocast-operator"}},
    }


def test_who_may_reach_the_public_port_can_be_named(chart: Chart) -> None:
    gateways = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "gateways"}}}
    public, _ = chart.manifest("NetworkPolicy", {"networkPolicy": {"httpFrom": [gateways]}})["spec"][
        "ingress"
    ]
    check_pod = chart.manifest("Pod")["metadata"]["labels"]
    assert public["from"][0] == gateways
    assert public["from"][1]["podSelector"]["matchLabels"].items() <= check_pod.items()


def test_members_speak_to_the_api_only_where_they_need_it(chart: Chart) -> None:
    def ports(values: Manifest) -> set[Any]:
        egress = chart.manifest("NetworkPolicy", values)["spec"]["egress"]
        return {port["port"] for rule in egress for port in rule["ports"]}

    assert ports({}) == {53, "internal", 443, 6443}
    assert ports({"discovery": {"mode": "dns"}}) == {53, "internal"}


def test_streams_pass_gateways_without_time_outs(chart: Chart) -> None:
    values = {"httpRoute": {"enabled": True, "parentRefs": [{"name": "public"}]}}
    (rule,) = chart.manifest("HTTPRoute", values)["spec"]["rules"]
    assert rule["timeouts"] == {"request": "0s", "backendRequest": "0s"}
    annotations = chart.manifest("Ingress", {"ingress": {"enabled": True, "hosts": ["a.b"]}})["metadata"][
        "annotations"
    ]
    assert annotations["nginx.ingress.kubernetes.io/proxy-buffering"] == "off"
    assert annotations["nginx.ingress.kubernetes.io/proxy-request-buffering"] == "off"
    assert annotations["nginx.ingress.kubernetes.io/proxy-body-size"] == "0"


def test_both_services_have_the_families_that_are_asked_for(chart: Chart) -> None:
    families = {"ipFamilyPolicy": "RequireDualStack", "ipFamilies": ["IPv6", "IPv4"]}
    for values, found in (({}, {}), (families, families)):
        for name in ("demo-audiocast", "demo-audiocast-peers"):
            spec = chart.manifest("Service", {"service": values}, name)["spec"]
            assert {key: spec[key] for key in families if key in spec} == found


def test_a_load_balancer_lets_in_whom_it_is_told(chart: Chart) -> None:
    values = {"type": "LoadBalancer", "loadBalancerSourceRanges": ["192.0.2.0/24"]}
    public = chart.manifest("Service", {"service": values}, "demo-audiocast")
    assert public["spec"]["loadBalancerSourceRanges"] == ["192.0.2.0/24"]


@pytest.mark.parametrize("kind", ["PodMonitor", "ServiceMonitor"])
def test_monitors_relabel_and_are_bounded(chart: Chart, kind: str) -> None:
    more = {
        "jobLabel": "app.kubernetes.io/name",
        "sampleLimit": 2_000_000,
        "relabelings": [{"targetLabel": "cluster", "replacement": "north"}],
        "metricRelabelings": [{"sourceLabels": ["__name__"], "regex": "python_.*", "action": "drop"}],
    }
    value = f"{kind[0].lower()}{kind[1:]}"
    spec = chart.manifest(kind, {"metrics": {value: {"enabled": True, **more}}})["spec"]
    (endpoint,) = spec.get("podMetricsEndpoints") or spec["endpoints"]
    assert {**spec, **endpoint}.items() >= more.items()
    plain = chart.manifest(kind, {"metrics": {value: {"enabled": True}}})["spec"]
    assert not more.keys() & {*plain, *(plain.get("podMetricsEndpoints") or plain["endpoints"])[0]}


def test_helm_test_ends_where_a_mesh_adds_containers(chart: Chart) -> None:
    pod = chart.manifest("Pod")
    assert pod["spec"]["activeDeadlineSeconds"] < 300, "Helm waits for five minutes"
    assert pod["metadata"]["labels"]["sidecar.istio.io/inject"] == "false"
    assert pod["metadata"]["annotations"]["linkerd.io/inject"] == "disabled"
    strict = {
        "podLabels": {"sidecar.istio.io/inject": "", "team": "radio"},
        "podAnnotations": {"linkerd.io/inject": "enabled"},
    }
    metadata = chart.manifest("Pod", {"test": strict})["metadata"]
    assert "sidecar.istio.io/inject" not in metadata["labels"]
    assert metadata["labels"]["team"] == "radio"
    assert metadata["annotations"]["linkerd.io/inject"] == "enabled"
    assert metadata["annotations"]["helm.sh/hook"] == "test"


def test_helm_test_is_a_check_of_the_service(chart: Chart) -> None:
    pod = chart.manifest("Pod")
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    (container,) = pod["spec"]["containers"]
    assert container["command"] == ["audiocast", "check", "http://demo-audiocast:80"]
    assert [each["name"] for each in container["env"]] == ["API_TOKENS"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {},
            [
                "rollout status statefulset/demo-audiocast",
                "helm -n live test demo",
                "port-forward",
                "API_TOKENS",
            ],
        ),
        ({"test": {"enabled": False}}, ["exec demo-audiocast-0 -- audiocast check"]),
        (
            {"replicas": 1, "secret": {"anyoneMayStart": True}},
            ["every restart is heard", "anyone who can reach"],
        ),
        (
            {"secret": {"existingSecret": "ours"}},
            ["Secret ours has both SECRET_KEYS and API_TOKENS", "{{ with .data.API_TOKENS }}"],
        ),
        ({}, ["curl --retry 5 --retry-connrefused"]),
        ({"drain": {"timeoutSeconds": 1200}}, ["ten minutes at most"]),
        # 3 × (5 + 300 + 10 + 15) s
        ({}, ["upgrade of 3 pods takes up to 17 minutes", "--timeout 17m"]),
        (
            {"autoscaling": {"mode": "hpa", "maxReplicas": 20}, "drain": {"timeoutSeconds": 30}},
            ["upgrade of 20 pods takes up to 21 minutes"],
        ),
        ({"drain": {"noticeSeconds": 120}}, ["up to 305 s to leave", "120 s after"]),
        ({"nodeSelector": {"karpenter.sh/capacity-type": "spot"}}, ["Set\ndrain.noticeSeconds"]),
        ({"tolerations": [{"key": "Preemptible"}]}, ["Set\ndrain.noticeSeconds"]),
        ({"ingress": {"enabled": True, "hosts": ["a.example.org"]}}, ["SERVER=http://a.example.org"]),
    ],
    ids=str,
)
def test_notes_say_what_to_do_next(chart: Chart, values: Manifest, words: list[str]) -> None:
    notes = chart.text(values, "NOTES.txt")
    assert [each for each in words if each not in notes] == []
    assert "<no value>" not in notes


@pytest.mark.parametrize(
    "values",
    [
        {"drain": {"timeoutSeconds": 8, "preStopSeconds": 2, "noticeSeconds": 15}},
        {"drain": {"timeoutSeconds": 8}, "nodeSelector": {"karpenter.sh/capacity-type": "spot"}},
    ],
    ids=str,
)
def test_notes_say_nothing_of_what_is_well(chart: Chart, values: Manifest) -> None:
    notes = chart.text(values, "NOTES.txt")
    assert "to leave" not in notes
    assert "--timeout" not in notes


def test_a_gateway_may_refuse_a_time_out(chart: Chart) -> None:
    def rule(**timeouts: str | None) -> Manifest:
        route = {"enabled": True, "parentRefs": [{"name": "public"}], "timeouts": timeouts}
        (rule,) = chart.manifest("HTTPRoute", {"httpRoute": route})["spec"]["rules"]
        return dict(rule)

    # Below a parent chart Helm 3.14 does not see a null.
    for nothing in (None, ""):
        assert rule(backendRequest=nothing)["timeouts"] == {"request": "0s"}
        assert "timeouts" not in rule(request=nothing, backendRequest=nothing)


def test_names_fit_into_labels(chart: Chart) -> None:
    names = {each["metadata"]["name"] for each in chart.manifests({"fullnameOverride": "a" * 60})}
    # Kubernetes appends a revision of 11 characters to the StatefulSet's.
    assert max(map(len, names)) <= 63
    assert len(chart.manifest("StatefulSet", {"fullnameOverride": "a" * 60})["metadata"]["name"]) <= 52


def test_nothing_of_this_repository_is_in_the_chart_twice() -> None:
    # A chart is packed with all that is in its folder.
    kinds = {path.suffix for path in tree.files(under="helm/audiocast")}
    assert kinds == {".yaml", ".json", ".tpl", ".txt", ".md"}


def pod_template(chart: Chart, values: Manifest) -> Manifest:
    template: Manifest = chart.manifest("StatefulSet", values)["spec"]["template"]
    return template


def peers(chart: Chart, values: Manifest) -> str:
    (container,) = pod_template(chart, values)["spec"]["containers"]
    (value,) = (each["value"] for each in container["env"] if each["name"] == "PEERS")
    return str(value)


def secret(manifest: Manifest, key: str) -> str:
    return base64.b64decode(manifest["data"][key]).decode()
