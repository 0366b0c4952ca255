"""The values in docs/kubernetes.md are values, and its names are those of the release in it."""

import re

import pytest
import yaml

from tests.helm.chart import Chart
from tests.repo import tree

DOCUMENT = (tree.ROOT / "docs" / "kubernetes.md").read_text()
VALUES = re.findall(r"^```yaml\n# values: (.*)\n((?:.*\n)*?)```", DOCUMENT, re.MULTILINE)


@pytest.mark.parametrize(("what", "text"), VALUES, ids=[what for what, _ in VALUES])
def test_values_are_taken(chart: Chart, what: str, text: str) -> None:
    assert chart.manifests(yaml.safe_load(text)), what


def test_there_are_values_for_each_part() -> None:
    assert len(VALUES) >= 6


def test_the_image_has_the_version_of_the_chart(chart: Chart) -> None:
    loaded = re.findall(r"kind load docker-image .*(audiocast:\S+)", DOCUMENT)
    assert loaded == [chart.manifest("StatefulSet")["spec"]["template"]["spec"]["containers"][0]["image"]]


def test_its_commands_name_what_is_made(chart: Chart) -> None:
    named = {
        (kind, name.replace("live-", "demo-"))
        for kind, name in re.findall(r"(statefulset|secret|pod)[/ ](live-audiocast[a-z0-9-]*)", DOCUMENT)
    }
    made = {(each["kind"].lower(), each["metadata"]["name"]) for each in chart.manifests()}
    assert named - made == {("pod", "demo-audiocast-1")}
