"""What docs/operator.md shows is taken by the CRDs, and what it names is there."""

import re
from typing import Any

import pytest
import yaml

from audiocast_operator.manifests.owner import Owner
from audiocast_operator.manifests.statefulset import build_statefulset
from audiocast_operator.models.audio_cast import AudioCastSpec
from audiocast_operator.models.crd import build_crds
from tests.helm.chart import Chart
from tests.helm.kubernetes_schemas import complaints_of
from tests.operator.simulated.admission import Admission
from tests.repo import tree

DOCUMENT = (tree.ROOT / "docs" / "operator.md").read_text()
EXAMPLES: list[dict[str, Any]] = [
    yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
]
NAMES = [f"{each['kind']}-{each['metadata']['name']}" for each in EXAMPLES]
FOLDER = tree.ROOT / "helm" / "audiocast-operator"


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_an_example_is_taken_whole(example: dict[str, Any]) -> None:
    plural = {"AudioCast": "audiocasts", "Stream": "streams"}[example["kind"]]
    kept = Admission(build_crds()).admit(plural, example, None)
    assert _is_within(example["spec"], kept["spec"]), "a field that the CRD does not know was dropped"


def test_examples_make_pods_that_kubernetes_takes() -> None:
    specs = [each["spec"] for each in EXAMPLES if each["kind"] == "AudioCast"]
    built = [
        build_statefulset(
            Owner("AudioCast", "live", "radio", "uid"),
            AudioCastSpec.model_validate(spec),
            replicas=2,
            secret_name="radio-keys",
            secret_hash="h",
            cluster_domain="cluster.local",
        )
        for spec in specs
    ]
    assert len(built) == 3
    assert complaints_of(built) == []


def test_the_table_of_rights_is_that_of_the_role() -> None:
    section = DOCUMENT.split("## What it may do")[1].split("## ")[0]
    rows = re.findall(r"^\| .* \| (.*) \|$", section, re.MULTILINE)
    for rule in Chart(FOLDER).manifest("Role")["rules"]:
        assert any(", ".join(rule["verbs"]) in row for row in rows), rule
        for resource in rule["resources"]:
            assert resource.partition("/")[0] in section.lower()


def test_its_commands_name_what_the_chart_makes() -> None:
    made = Chart(FOLDER).manifest("Deployment")["metadata"]["name"].replace("demo", "caster")
    assert f"deployment/{made}" in DOCUMENT
    crds = {each["metadata"]["name"] for each in build_crds()}
    assert set(re.findall(r"\w+\.audiocast\.dev\b", DOCUMENT)) == crds


def _is_within(given: Any, kept: Any) -> bool:
    if isinstance(given, dict):
        return all(_is_within(each, kept.get(name)) for name, each in given.items())
    return bool(given == kept)
