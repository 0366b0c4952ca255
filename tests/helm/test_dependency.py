"""The chart as one of another chart's: switched on and off by a condition, with the values that all share."""

from pathlib import Path

import helm_python
import pytest

from tests.helm.chart import Chart, Manifest, ci_files, containers_of, pod_of, read_values
from tests.repo import tree

DIGEST = f"sha256:{'9f86d081' * 8}"


@pytest.mark.parametrize("path", ci_files("audiocast"), ids=lambda path: path.name)
def test_it_makes_the_same_as_on_its_own(chart: Chart, umbrella: Chart, path: Path) -> None:
    values = {"fullnameOverride": "same", **read_values(path), "secret": {"existingSecret": "ours"}}
    shared = values.pop("global", {})
    values.pop("enabled", None)
    assert sorted_by_name(umbrella.manifests({"global": shared, "audiocast": values})) == sorted_by_name(
        chart.manifests({**values, "global": shared})
    )


def test_it_is_not_there_when_it_is_switched_off(umbrella: Chart) -> None:
    assert umbrella.manifests({"audiocast": {"enabled": True}})
    assert umbrella.manifests({"audiocast": {"enabled": False}}) == []


@pytest.mark.parametrize("name", ["audiocast", "audiocast-operator"])
def test_a_switch_is_on_or_off(umbrella_of_both: Chart, name: str) -> None:
    with pytest.raises(helm_python.HelmError, match="enabled"):
        umbrella_of_both.manifests({name: {"enabled": "no"}})


@pytest.mark.parametrize("path", ci_files("audiocast-operator"), ids=lambda path: path.name)
def test_the_operator_is_the_same_below_a_parent(umbrella_of_both: Chart, path: Path) -> None:
    values = {"fullnameOverride": "same", **read_values(path)}
    shared = values.pop("global", {})
    values.pop("enabled", None)
    alone = Chart(tree.ROOT / "helm" / "audiocast-operator")
    below = {"global": shared, "audiocast": {"enabled": False}, "audiocast-operator": values}
    assert sorted_by_name(umbrella_of_both.manifests(below)) == sorted_by_name(
        alone.manifests({**values, "global": shared})
    )


def test_the_operator_is_switched_apart_and_has_what_all_share(umbrella_of_both: Chart) -> None:
    shared = {"imageRegistry": "mirror.example.org", "imagePullSecrets": ["mirror"]}
    values = {
        "global": shared,
        "audiocast": {"enabled": False},
        "audiocast-operator": {"image": {"tag": f"0.1@{DIGEST}"}},
    }
    (pod,) = pods_of(umbrella_of_both.manifests(values))
    assert [each["image"] for each in containers_of(pod)] == [
        f"mirror.example.org/audiocast-operator:0.1@{DIGEST}"
    ]
    assert pod["spec"]["imagePullSecrets"] == [{"name": "mirror"}]


def test_both_are_switched_off(umbrella_of_both: Chart) -> None:
    off = {"enabled": False}
    assert umbrella_of_both.manifests({"audiocast": off, "audiocast-operator": off}) == []


def test_its_images_come_from_the_registry_of_all(umbrella: Chart) -> None:
    shared = {"imageRegistry": "mirror.example.org", "imagePullSecrets": ["mirror", {"name": "other"}]}
    own = {"imagePullSecrets": [{"name": "own"}, {"name": "other"}]}
    pods = pods_of(umbrella.manifests({"global": shared, "audiocast": own}))
    assert len(pods) == 2
    for pod in pods:
        images = [each["image"] for each in containers_of(pod)]
        assert images == ["mirror.example.org/audiocast:0.1.0"]
        assert pod["spec"]["imagePullSecrets"] == [{"name": "own"}, {"name": "other"}, {"name": "mirror"}]


@pytest.mark.parametrize(
    ("image", "registry", "name"),
    [
        ({}, "", "audiocast:0.1.0"),
        ({"repository": "team/audiocast"}, "mirror", "mirror/team/audiocast:0.1.0"),
        ({"repository": "ghcr.io/team/audiocast"}, "mirror", "mirror/team/audiocast:0.1.0"),
        ({"repository": "localhost/audiocast"}, "mirror/hub/", "mirror/hub/audiocast:0.1.0"),
        ({"repository": "host:5000/audiocast", "tag": "1"}, "mirror", "mirror/audiocast:1"),
        # As Renovate writes it.
        ({"tag": f"0.1@{DIGEST}"}, "", f"audiocast:0.1@{DIGEST}"),
        ({"tag": f"@{DIGEST}"}, "", f"audiocast@{DIGEST}"),
        ({"tag": "0.1", "digest": DIGEST}, "", f"audiocast@{DIGEST}"),
    ],
    ids=str,
)
def test_images_have_names_that_nodes_understand(
    chart: Chart, image: dict[str, str], registry: str, name: str
) -> None:
    values = {"image": image, "global": {"imageRegistry": registry}}
    assert {each["image"] for pod in pods_of(chart.manifests(values)) for each in containers_of(pod)} == {
        name
    }


@pytest.mark.parametrize(
    "tag", ["latest", f"latest@{DIGEST}", "0.1@sha256:9f86", "0.1@md5:9f86", "a b", "-1"]
)
def test_tags_that_say_too_little_are_refused(chart: Chart, tag: str) -> None:
    with pytest.raises(helm_python.HelmError, match="tag"):
        chart.manifests({"image": {"tag": tag}})


def pods_of(manifests: list[Manifest]) -> list[Manifest]:
    return [pod for each in manifests if (pod := pod_of(each)) is not None]


def sorted_by_name(manifests: list[Manifest]) -> list[Manifest]:
    return sorted(manifests, key=lambda each: (each["kind"], each["metadata"]["name"]))
