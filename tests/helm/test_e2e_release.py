"""The release of `make e2e` is what its tests take it for: values, names, ports and labels."""

import pytest

from tests.e2e.image import Image
from tests.e2e.release import INSTANCE, NAME, PODS, PUBLIC_PORT, SERVICE_PORT, values
from tests.helm.chart import Chart, Manifest, fits
from tests.repo import tree

VALUES = values(Image.parse("localhost:5000/audiocast:1"), token="a-token-for-the-test", replicas=2)


@pytest.fixture(scope="module")
def release() -> Chart:
    return Chart(tree.ROOT / "helm" / "audiocast", release=NAME)


def labels(selector: str) -> dict[str, str]:
    """Read a selector as kubectl has it."""
    return dict(each.split("=") for each in selector.split(","))


def test_the_pods_are_found_and_are_of_the_image(release: Chart) -> None:
    spec = release.manifest("StatefulSet", VALUES, NAME)["spec"]
    pod = spec["template"]
    assert spec["replicas"] == 2
    assert fits(labels(PODS), pod["metadata"]["labels"])
    (container,) = pod["spec"]["containers"]
    assert container["image"] == "localhost:5000/audiocast:1"
    assert PUBLIC_PORT in [port["containerPort"] for port in container["ports"]]


def test_the_ways_in_are_there(release: Chart) -> None:
    service = release.manifest("Service", VALUES, NAME)
    assert [port["port"] for port in service["spec"]["ports"]] == [SERVICE_PORT]


def test_what_stays_behind_is_named_and_all_is_found(release: Chart) -> None:
    manifests: list[Manifest] = release.manifests(VALUES)
    lost = [each for each in manifests if not fits(labels(INSTANCE), each["metadata"]["labels"])]
    assert lost == []
    hooks = [each for each in manifests if "helm.sh/hook" in each["metadata"].get("annotations", {})]
    kept = [
        each for each in manifests if "helm.sh/resource-policy" in each["metadata"].get("annotations", {})
    ]
    assert [(each["kind"], each["metadata"]["name"]) for each in hooks + kept] == [
        ("Pod", f"{NAME}-check"),
        ("Secret", NAME),
    ]
