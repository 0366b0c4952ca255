"""The values in docs/kubernetes.md and docs/platforms are values, and names are those of their release."""

import re

import pytest
import yaml

from tests.helm.chart import Chart, Manifest, containers_of
from tests.repo import tree

DOCUMENT = (tree.ROOT / "docs" / "kubernetes.md").read_text()
PLATFORMS = (tree.ROOT / "docs" / "platforms" / "README.md").read_text()
UPGRADING = (tree.ROOT / "UPGRADING.md").read_text()
VALUES = re.findall(r"^```yaml\n# values: (.*)\n((?:.*\n)*?)```", DOCUMENT + PLATFORMS, re.MULTILINE)


@pytest.mark.parametrize(("what", "text"), VALUES, ids=[what for what, _ in VALUES])
def test_values_are_taken(chart: Chart, what: str, text: str) -> None:
    assert chart.manifests(yaml.safe_load(text)), what


def test_there_are_values_for_each_part() -> None:
    assert len(VALUES) >= 17
    # Nothing that looks like values stands there without being tried.
    assert len(re.findall(r"^```yaml", PLATFORMS, re.MULTILINE)) == PLATFORMS.count("# values: ")


@pytest.mark.parametrize("mesh", ["Istio", "Linkerd"])
def test_a_sidecar_outlives_the_drain(chart: Chart, mesh: str) -> None:
    (text,) = (text for what, text in VALUES if what == mesh)
    pod = chart.manifest("StatefulSet", yaml.safe_load(text))["spec"]["template"]
    grace_seconds = pod["spec"]["terminationGracePeriodSeconds"]
    assert re.findall(r"\b(3\d\d)s?\b", str(pod["metadata"]["annotations"])) == [str(grace_seconds)]
    assert f"{grace_seconds} s are" in PLATFORMS
    # The port of members, probes and Prometheus is kept out of the mesh.
    internal = str(next(each["containerPort"] for each in ports_of(pod) if each["name"] == "internal"))
    excluded = {name: value for name, value in pod["metadata"]["annotations"].items() if "bound" in name}
    assert list(excluded.values()) == [internal, internal]


def ports_of(pod: Manifest) -> list[Manifest]:
    return [port for container in containers_of(pod) for port in container["ports"]]


def test_balancers_keep_connections_for_longer_than_a_drain(chart: Chart) -> None:
    found = re.findall(r"(?:drainingTimeoutSec: |timeout_seconds=|draining-timeout: \")(\d+)", PLATFORMS)
    grace_seconds = chart.manifest("StatefulSet")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert len(found) == 4
    assert all(int(each) >= grace_seconds for each in found)


def test_short_notices_are_kept(chart: Chart) -> None:
    spot = yaml.safe_load((chart.folder / "ci" / "spot-values.yaml").read_text())
    short = [yaml.safe_load(text) for what, text in VALUES if "notice" in what]
    for drain in [each["drain"] for each in (spot, *short)]:
        assert drain["preStopSeconds"] + drain["timeoutSeconds"] < drain["noticeSeconds"]


def test_the_image_has_the_version_of_the_chart(chart: Chart) -> None:
    loaded = re.findall(r"kind load docker-image .*(audiocast:\S+)", DOCUMENT)
    assert loaded == [chart.manifest("StatefulSet")["spec"]["template"]["spec"]["containers"][0]["image"]]


def test_its_commands_name_what_is_made(chart: Chart) -> None:
    named = {
        (kind, name.replace("live-", "demo-"))
        for kind, name in re.findall(
            r"(statefulset|secret|pod)[/ ](live-audiocast[a-z0-9-]*)", DOCUMENT + UPGRADING
        )
    }
    made = {(each["kind"].lower(), each["metadata"]["name"]) for each in chart.manifests()}
    assert named - made == {("pod", "demo-audiocast-1")}
