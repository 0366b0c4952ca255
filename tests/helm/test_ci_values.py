"""Every example of values, on every Kubernetes that is supported: valid, restricted, and fitting together."""

import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

from tests.helm.chart import Chart, Manifest, ci_files, containers_of, fits, pod_of, read_values
from tests.helm.kubernetes_schemas import complaints_of
from tests.repo import tree

CI_FILES = ci_files("audiocast")
# A number: kubelets cannot know of a name whether it is root, and `runAsNonRoot` refuses it.
IMAGE_USER = int(re.findall(r"(?m)^USER (\d+):\d+$", (tree.ROOT / "Dockerfile").read_text())[0])


@pytest.fixture(scope="module", params=CI_FILES, ids=lambda path: path.name.removesuffix("-values.yaml"))
def values(request: pytest.FixtureRequest) -> Manifest:
    path: Path = request.param
    return read_values(path)


@pytest.fixture(scope="module")
def manifests(chart: Chart, values: Manifest) -> list[Manifest]:
    return chart.manifests(values)


def test_there_are_examples() -> None:
    names = {path.name.removesuffix("-values.yaml") for path in CI_FILES}
    assert {"default", "everything", "httproute", "hpa", "keda", "monitoring", "secret"} <= names


def test_it_is_valid_on_every_kubernetes(manifests: list[Manifest]) -> None:
    assert complaints_of(manifests) == []


def test_helm_finds_nothing_to_complain_about(chart: Chart, values: Manifest) -> None:
    assert chart.complaints(values) == []


def test_its_notes_are_whole(chart: Chart, values: Manifest) -> None:
    notes = chart.text(values, "NOTES.txt")
    assert not [each for each in ("<no value>", "<nil>", "%!", "map[") if each in notes]


def test_no_name_is_there_twice(manifests: list[Manifest]) -> None:
    names = Counter(
        (each["apiVersion"], each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"])
        for each in manifests
    )
    assert {name for name, count in names.items() if count > 1} == set()
    for container in all_containers(manifests):
        for kind in ("env", "ports", "volumeMounts"):
            each_name = Counter(each.get("name", each.get("mountPath")) for each in container.get(kind, []))
            assert {name for name, count in each_name.items() if count > 1} == set()


def test_every_object_belongs_to_the_release(manifests: list[Manifest]) -> None:
    for manifest in manifests:
        if manifest["kind"] != "ConfigMap":
            assert manifest["metadata"]["namespace"] == "live"
            assert manifest["metadata"]["labels"]["app.kubernetes.io/instance"] == "demo"


def test_pods_meet_the_restricted_standard(manifests: list[Manifest]) -> None:
    for pod in all_pods(manifests):
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"].get("runAsUser", IMAGE_USER) >= 10_000
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
        assert all(volume.keys() <= {"name", "emptyDir", "secret"} for volume in spec.get("volumes", []))
        assert spec["enableServiceLinks"] is False
    for container in all_containers(manifests):
        security = container["securityContext"]
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert security["readOnlyRootFilesystem"] is True
        assert "privileged" not in security
        assert all("hostPort" not in port for port in container.get("ports", []))


def test_the_user_is_the_images_or_the_clusters(chart: Chart) -> None:
    """OpenShift gives each namespace its own users and refuses all others (restricted-v2)."""
    for pod in all_pods(chart.manifests()):
        assert not {"runAsUser", "runAsGroup", "fsGroup"} & pod["spec"]["securityContext"].keys()
    for container in all_containers(chart.manifests()):
        assert not {"runAsUser", "runAsGroup"} & container["securityContext"].keys()


def test_images_and_resources_are_named(manifests: list[Manifest]) -> None:
    for container in all_containers(manifests):
        image, _, digest = container["image"].partition("@")
        tag = image.rpartition("/")[2].partition(":")[2]
        assert digest.startswith("sha256:") if digest else tag not in ("", "latest")
        resources = container["resources"]
        assert {"cpu", "memory"} <= resources["requests"].keys()
        assert "memory" in resources["limits"]


def test_the_server_has_all_probes_and_none_depends_on_others(manifests: list[Manifest]) -> None:
    (server,) = (each for each in all_containers(manifests) if each["name"] == "audiocast")
    paths = {name: server[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "readiness", "liveness")}
    assert paths == {"startup": "/livez", "readiness": "/readyz", "liveness": "/livez"}
    assert {server[f"{name}Probe"]["httpGet"]["port"] for name in paths} == {"internal"}


def test_a_server_that_hangs_is_not_given_the_time_of_a_drain(manifests: list[Manifest]) -> None:
    """It would be kept for the pod's whole grace period: 346 s, seen on Kubernetes 1.36.2."""
    (server,) = (each for each in all_containers(manifests) if each["name"] == "audiocast")
    for name in ("startup", "liveness"):
        assert 1 <= server[f"{name}Probe"]["terminationGracePeriodSeconds"] <= 5
    # API servers refuse it there.
    assert "terminationGracePeriodSeconds" not in server["readinessProbe"]


def test_selectors_find_the_servers_pods_and_no_others(manifests: list[Manifest]) -> None:
    (server,) = (each for each in manifests if each["kind"] == "StatefulSet")
    labels = server["spec"]["template"]["metadata"]["labels"]
    selectors = [server["spec"]["selector"]["matchLabels"]]
    for manifest in manifests:
        spec = manifest.get("spec", {})
        match manifest["kind"]:
            case "Service":
                selectors.append(spec["selector"])
            case "PodDisruptionBudget" | "PodMonitor":
                selectors.append(spec["selector"]["matchLabels"])
            case "NetworkPolicy":
                selectors.append(spec["podSelector"]["matchLabels"])
            case "ServiceMonitor":
                services = [each for each in manifests if each["kind"] == "Service"]
                found = [
                    s for s in services if fits(spec["selector"]["matchLabels"], s["metadata"]["labels"])
                ]
                assert [s["metadata"]["name"] for s in found] == [server["spec"]["serviceName"]]
    assert len(selectors) >= 3
    others = [each["metadata"]["labels"] for each in manifests if each["kind"] == "Pod"]
    for selector in selectors:
        assert fits(selector, labels)
        assert not any(fits(selector, other) for other in others)


def test_ports_by_name_are_ports_of_the_server(manifests: list[Manifest]) -> None:
    (server,) = (each for each in all_containers(manifests) if each["name"] == "audiocast")
    ports = {port["name"]: port["containerPort"] for port in server["ports"]}
    has_tls = {each["name"] for each in server["env"]} >= {"TLS_CERTIFICATE", "TLS_KEY", "TLS_PORT"}
    assert ports == {"http": 8000, "internal": 8001} | ({"https": 8443} if has_tls else {})
    services = [each for each in manifests if each["kind"] == "Service"]
    for service in services:
        for port in service["spec"]["ports"]:
            # The internal port is nowhere but in the headless Service.
            assert (port["targetPort"] == "internal") == (service["spec"].get("clusterIP") == "None")
            assert port["targetPort"] in ports


def test_the_grace_period_has_room_for_the_drain(manifests: list[Manifest]) -> None:
    (server,) = (each for each in manifests if each["kind"] == "StatefulSet")
    spec = server["spec"]["template"]["spec"]
    container = next(each for each in spec["containers"] if each["name"] == "audiocast")
    env = {each["name"]: each.get("value") for each in container["env"]}
    # None is no hook at all: API servers before 1.33 refuse a sleep of 0.
    pre_stop_seconds = (
        container["lifecycle"]["preStop"]["sleep"]["seconds"] if "lifecycle" in container else 0
    )
    assert pre_stop_seconds or "lifecycle" not in container
    assert spec["terminationGracePeriodSeconds"] == pre_stop_seconds + int(env["DRAIN_SECONDS"]) + 10


def test_only_discovery_by_endpoint_slices_needs_a_right(manifests: list[Manifest], values: Manifest) -> None:
    is_needed = values.get("discovery", {}).get("mode") != "dns"
    roles = [each for each in manifests if each["kind"] in ("Role", "ClusterRole")]
    assert [each["kind"] for each in roles] == ["Role"] * is_needed
    for role in roles:
        assert role["rules"] == [
            {
                "apiGroups": ["discovery.k8s.io"],
                "resources": ["endpointslices"],
                "verbs": ["get", "list", "watch"],
            }
        ]
    for pod in all_pods(manifests):
        is_server = pod["metadata"]["labels"]["app.kubernetes.io/component"] == "server"
        assert pod["spec"]["automountServiceAccountToken"] is (is_server and is_needed)


def all_pods(manifests: list[Manifest]) -> list[Manifest]:
    pods = [pod for manifest in manifests if (pod := pod_of(manifest)) is not None]
    assert pods
    return pods


def all_containers(manifests: list[Manifest]) -> list[Manifest]:
    return [container for pod in all_pods(manifests) for container in containers_of(pod)]


def test_a_duplicate_key_would_be_found(chart: Chart) -> None:
    with pytest.raises(AssertionError, match="expected each key once"):
        chart.manifests({"extraManifests": ["kind: A\nkind: B"]})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{apiVersion: v1, kind: Service, metadata: {name: x}, spec: {bogus: 1}}", "bogus"),
        (
            "{apiVersion: monitoring.coreos.com/v1, kind: PodMonitor,"
            " spec: {selector: {}, podMetricsEndpoints: [{prt: x}]}}",
            "prt",
        ),
        ("{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, spec: {scaleTargetRef: {name: x}}}", "triggers"),
        (
            "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {}, spec: {rules: []}}",
            "spec",
        ),
        ("{apiVersion: nobody.example.org/v1, kind: Nothing}", "Nothing"),
    ],
    ids=["Service", "PodMonitor", "ScaledObject", "HTTPRoute", "Nothing"],
)
def test_a_wrong_object_would_be_found(text: str, words: str) -> None:
    assert words in complaints_of([yaml.safe_load(text)])[0]
