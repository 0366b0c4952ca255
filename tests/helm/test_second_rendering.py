"""Every example, rendered a second time with what a cluster has made of the first: nothing changes by itself.

An autoscaler has made fifteen pods of it meanwhile. Lookups are answered by a stand-in for the API.
"""

import copy
import re
from collections.abc import Iterator
from pathlib import Path

import helm_python
import pytest

from tests.helm.chart import NAMESPACE, RELEASE, Chart, Manifest, ci_files, parsed, read_values
from tests.helm.stand_in_api import StandInApi
from tests.repo import tree

# Helm asks the stand-in with time-outs of its own.
pytestmark = pytest.mark.realtime

CI_FILES = ci_files("audiocast")
SCALED_TO = 15


@pytest.fixture(scope="module")
def api(chart: Chart) -> StandInApi:
    everything = [each for path in CI_FILES for each in chart.manifests(read_values(path))]
    return StandInApi([], {(each["apiVersion"], each["kind"]) for each in everything})


@pytest.fixture(scope="module")
def helm(api: StandInApi) -> Iterator[helm_python.Config]:
    with api.helm() as helm:
        yield helm


@pytest.mark.parametrize("path", CI_FILES, ids=lambda path: path.name.removesuffix("-values.yaml"))
def test_nothing_changes_by_itself(
    chart: Chart, umbrella: Chart, api: StandInApi, helm: helm_python.Config, path: Path
) -> None:
    values = read_values(path)
    below = {"global": values.get("global", {}), "audiocast": {**values, "enabled": True}}
    below["audiocast"].pop("global", None)
    is_autoscaled = values.get("autoscaling", {}).get("mode", "none") != "none"
    # The chart alone, and as a parent's dependency.
    for each, given in ((chart, values), (umbrella, below)):
        first = each.manifests(given)
        says = ["replicas" in made["spec"] for made in first if made["kind"] == "StatefulSet"]
        assert says == [not is_autoscaled]
        api.keep([scaled(made) if is_autoscaled else made for made in first])
        assert parsed(rendered_again(helm, each, given)) == first


def rendered_again(helm: helm_python.Config, chart: Chart, values: Manifest) -> dict[str, str]:
    """Render as an upgrade would, with what is found in the cluster."""
    return helm.render(
        chart.loaded, values, name=RELEASE, namespace=NAMESPACE, is_upgrade=True, is_install=False
    )


def scaled(manifest: Manifest) -> Manifest:
    """Give a StatefulSet as an autoscaler leaves it, and any other object as it is."""
    live = copy.deepcopy(manifest)
    if live["kind"] == "StatefulSet":
        live["spec"]["replicas"] = SCALED_TO
        scale = {"manager": "kube-controller-manager", "operation": "Update", "subresource": "scale"}
        live["metadata"]["managedFields"] = [scale | {"fieldsV1": {"f:spec": {"f:replicas": {}}}}]
    return live


def test_no_template_asks_for_the_version_of_kubernetes() -> None:
    """So what is made is the same on each that is supported; Chart.yaml refuses all others."""
    templates = [path.read_text() for path in tree.files(under="helm/audiocast/templates")]
    asked = {each for text in templates for each in re.findall(r"\.Capabilities\.(\w+)", text)}
    assert asked == {"HelmVersion"}
