"""The operator's chart: valid on every Kubernetes, few rights, one pod that is restarted when silent."""

import re
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import helm_python
import pytest
import yaml

import audiocast_operator
from audiocast import __version__
from audiocast_operator.metrics import REGISTRY
from audiocast_operator.models.crd import build_crds
from audiocast_operator.names import MANAGER, NAME_LABEL
from audiocast_operator.settings import OperatorSettings
from tests.helm.chart import Chart, Manifest, ci_files, containers_of, pod_of, read_values
from tests.helm.kubernetes_schemas import complaints_of
from tests.helm.test_alerts import promtool
from tests.operator.restricted import is_restricted
from tests.operator.simulated.admission import Admission
from tests.repo import tree

FOLDER = tree.ROOT / "helm" / "audiocast-operator"
CI_FILES = ci_files("audiocast-operator")
IN_NO_NAMESPACE = {"CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding"}


@pytest.fixture(scope="module")
def chart() -> Chart:
    return Chart(FOLDER)


@pytest.fixture(params=CI_FILES, ids=lambda path: path.name.removesuffix("-values.yaml"))
def values(request: pytest.FixtureRequest) -> Manifest:
    path: Path = request.param
    return read_values(path)


def pod(chart: Chart, values: Manifest | None = None) -> Manifest:
    found = pod_of(chart.manifest("Deployment", values))
    assert found is not None
    return found


def test_every_example_is_valid_on_every_kubernetes(chart: Chart, values: Manifest) -> None:
    assert complaints_of(chart.manifests(values)) == []
    assert chart.complaints(values) == []


def test_every_example_is_one_restricted_pod_with_a_named_image(chart: Chart, values: Manifest) -> None:
    made = pod(chart, values)
    assert is_restricted(made["spec"])
    for container in containers_of(made):
        assert not container["image"].endswith((":latest", ":"))
        assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
    deployment = chart.manifest("Deployment", values)["spec"]
    assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})
    assert deployment["selector"]["matchLabels"].items() <= made["metadata"]["labels"].items()
    # The servers' NetworkPolicies let in pods with this name.
    assert made["metadata"]["labels"][NAME_LABEL] == MANAGER


def test_every_object_is_there_once_and_in_the_releases_namespace(chart: Chart, values: Manifest) -> None:
    made = chart.manifests(values)
    names = Counter((each["kind"], each["metadata"]["name"]) for each in made)
    assert {name for name, count in names.items() if count > 1} == set()
    for each in made:
        assert ("namespace" in each["metadata"]) == (each["kind"] not in IN_NO_NAMESPACE)


def test_rights_are_those_of_one_namespace_and_none_is_a_star(chart: Chart) -> None:
    made = {each["kind"] for each in chart.manifests()}
    assert not {"ClusterRole", "ClusterRoleBinding"} & made
    for values in map(read_values, CI_FILES):
        for each in chart.manifests(values):
            for rule in each.get("rules", []):
                assert "*" not in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
    secrets = [rule["verbs"] for rule in chart.manifest("Role")["rules"] if "secrets" in rule["resources"]]
    assert secrets == [["get", "create", "patch"]]


def test_cluster_wide_the_rights_are_the_same(chart: Chart) -> None:
    wide = chart.manifest("ClusterRole", {"clusterWide": True})
    assert wide["rules"] == chart.manifest("Role")["rules"]


def test_the_crds_are_made_of_the_models_and_kept(chart: Chart) -> None:
    rendered = [each for each in chart.manifests() if each["kind"] == "CustomResourceDefinition"]
    assert [each["metadata"].pop("annotations") for each in rendered] == [
        {"helm.sh/resource-policy": "keep"}
    ] * 2
    assert rendered == build_crds()
    assert not [
        each
        for each in chart.manifests({"crds": {"install": False}})
        if each["kind"] == "CustomResourceDefinition"
    ]


def test_crds_and_tables_are_up_to_date(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    document = tree.ROOT / "docs" / "operator.md"
    (tmp_path / "operator.md").write_text(document.read_text())
    script = tree.ROOT / "cmd" / "crds.py"
    command = [sys.executable, str(script), str(tmp_path), str(tmp_path / "operator.md")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    again = "make them again: python cmd/crds.py helm/audiocast-operator docs/operator.md"
    assert (tmp_path / "operator.md").read_text() == document.read_text(), again
    for made in (tmp_path / "templates").iterdir():
        assert made.read_text() == (FOLDER / "templates" / made.name).read_text(), again


def test_the_command_and_its_environment_are_understood(chart: Chart, values: Manifest) -> None:
    (container,) = containers_of(pod(chart, values))
    assert container["command"] == ["python3", "-m", audiocast_operator.__name__]
    assert find_spec(f"{audiocast_operator.__name__}.__main__") is not None
    prefix = OperatorSettings.model_config["env_prefix"]
    settings = {f"{prefix}{name.upper()}": name for name in OperatorSettings.model_fields}
    environment = {settings[each["name"]]: each["value"] for each in container["env"]}
    assert OperatorSettings.model_validate(environment).metrics_port == 8081
    assert ("namespace" in environment) != values.get("clusterWide", False)


def test_probes_ask_where_the_operator_answers(chart: Chart) -> None:
    (container,) = containers_of(pod(chart))
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    environment = {each["name"]: each["value"] for each in container["env"]}
    probes = {
        name: container[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")
    }
    assert {name: probe["path"] for name, probe in probes.items()} == {
        "startupProbe": "/healthz",
        "livenessProbe": "/healthz",
        "readinessProbe": "/readyz",
    }
    for probe in probes.values():
        assert environment["AUDIOCAST_OPERATOR_PROBE_PORT"] == str(ports[probe["port"]])
    assert environment["AUDIOCAST_OPERATOR_METRICS_PORT"] == str(ports["metrics"])


def test_no_address_of_one_family_is_named(chart: Chart) -> None:
    (container,) = containers_of(pod(chart))
    assert not [each for each in container["env"] if each["value"] in ("0.0.0.0", "[::]")]


def test_the_user_is_left_to_the_image_and_the_namespace(chart: Chart) -> None:
    context = pod(chart)["spec"]["securityContext"]
    assert not {"runAsUser", "runAsGroup", "fsGroup"} & context.keys()
    given = {"runAsNonRoot": True, "runAsUser": 1000650000}
    assert pod(chart, {"podSecurityContext": given})["spec"]["securityContext"].items() >= given.items()


def test_the_chart_is_for_this_version(chart: Chart) -> None:
    assert read_values(FOLDER / "Chart.yaml")["appVersion"] == __version__
    (container,) = containers_of(pod(chart))
    assert container["image"] == f"audiocast-operator:{__version__}"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"replicas": 2}, "replicas"),
        ({"image": {"tag": "latest"}}, "tag"),
        ({"clusterWide": "yes"}, "clusterWide"),
        ({"tickSeconds": 0}, "tickSeconds"),
        ({"logLevel": "loud"}, "logLevel"),
        ({"metrics": {"podMonitor": {"interval": "often"}}}, "interval"),
    ],
    ids=str,
)
def test_a_bad_value_is_refused_by_its_name(chart: Chart, values: dict[str, Any], words: str) -> None:
    with pytest.raises(helm_python.HelmError, match=words):
        chart.manifests(values)


def test_notes_name_what_is_there(chart: Chart) -> None:
    notes = chart.text({}, "NOTES.txt")
    deployment = chart.manifest("Deployment")["metadata"]["name"]
    assert f"deployment/{deployment}" in notes
    assert f"image: audiocast:{__version__}" in notes
    (shown,) = re.findall(r"^kubectl .* <<'EOF'\n(.*?)^EOF$", notes, re.MULTILINE | re.DOTALL)
    cast, stream = yaml.safe_load_all(shown)
    admission = Admission(build_crds())
    assert admission.admit("audiocasts", cast, None)["spec"]["replicas"] == 3
    assert admission.admit("streams", stream, None)["spec"]["audioCast"] == cast["metadata"]["name"]


RULES = {"metrics": {"prometheusRule": {"enabled": True}}}
SCRAPED = 'namespace="live",pod="caster-0"'
TICKED = f"audiocast_operator_last_tick_timestamp_seconds{{{SCRAPED}}}"
REFUSED, DONE = (
    f'audiocast_operator_reconciles_total{{{SCRAPED},result="{result}"}}' for result in ("refused", "ok")
)
TAKEN = f'audiocast_operator_problems{{{SCRAPED},kind="AudioCast",reason="NameTaken"}}'
CASES = [
    ("silent", {TICKED: "0x30"}, ["AudiocastOperatorSilent"]),
    ("absent", {'up{job="other"}': "1x30"}, ["AudiocastOperatorSilent"]),
    ("ticking", {TICKED: "0+60x30"}, []),
    ("failing", {TICKED: "0+60x30", REFUSED: "0+12x30", DONE: "5x30"}, ["AudiocastOperatorFailing"]),
    ("working", {TICKED: "0+60x30", REFUSED: "0+1x30", DONE: "0+11x30"}, []),
    ("problem", {TICKED: "0+60x30", DONE: "0+12x30", TAKEN: "1x30"}, ["AudiocastOperatorProblem"]),
    ("passing problem", {TICKED: "0+60x30", DONE: "0+12x30", TAKEN: "1x8 0x22"}, []),
]


@pytest.mark.parametrize(("series", "alerts"), [each[1:] for each in CASES], ids=[each[0] for each in CASES])
def test_an_alert_fires_alone_and_only_then(
    chart: Chart, series: dict[str, str], alerts: list[str], tmp_path: Path
) -> None:
    firing = 'count by (alertname) (ALERTS{alertstate="firing"})'
    samples = [{"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in alerts]
    case = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [{"expr": firing, "eval_time": "20m", "exp_samples": samples}],
    }
    assert promtool(tmp_path, chart, [case]) == ""


def test_alerts_ask_for_metrics_that_are_there_and_have_their_section(chart: Chart) -> None:
    (group,) = chart.manifest("PrometheusRule", RULES)["spec"]["groups"]
    asked = {name for rule in group["rules"] for name in re.findall(r"audiocast_operator_\w+", rule["expr"])}
    there = {sample.name for family in REGISTRY.collect() for sample in family.samples}
    # It has a sample for each reason that there is.
    there |= {family.name for family in REGISTRY.collect()}
    assert asked <= there
    document = (tree.ROOT / "docs" / "operator.md").read_text()
    assert all(f"### {rule['alert']}\n" in document for rule in group["rules"])
