"""The chart's values and an AudioCast's fields: one table for both (docs/operator.md), and the same objects.

The table leaves no value and no field out. The chart's example with every value, carried over to an AudioCast
by the table, makes the pods, Services, routes and policies that the chart makes.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from audiocast_operator.manifests.monitoring import build_pod_monitor
from audiocast_operator.manifests.network import (
    build_http_route,
    build_ingress,
    build_network_policy,
    build_peers_service,
    build_service,
)
from audiocast_operator.manifests.owner import Owner
from audiocast_operator.manifests.pod import RULES_VOLUME, WEBHOOKS_VOLUME
from audiocast_operator.manifests.statefulset import build_statefulset
from audiocast_operator.models.audio_cast import AudioCastSpec
from audiocast_operator.models.crd import build_audiocast_crd
from audiocast_operator.models.server_settings import KNOWN_SETTINGS
from audiocast_operator.names import selector_labels
from tests.helm.chart import NAMESPACE, Chart, Manifest, read_values
from tests.helm.test_values import leaves, schema_of
from tests.operator.simulated.admission import Admission
from tests.operator.simulated.cluster import audiocast
from tests.repo import tree

DOCUMENT = (tree.ROOT / "docs" / "operator.md").read_text()
CRD = build_audiocast_crd()
# Written in the environment of pods whose `envFrom` could bring them.
FIXED = {"HOST", "PORT", "INTERNAL_HOST", "INTERNAL_PORT", "WORKERS"}


# That one of these is there has a row of its own, beside those of its fields.
GROUPS = ("ingress", "httpRoute", "autoscaling", "serviceAccount")


class Row(NamedTuple):
    """A row of the table.

    Attributes:
        values: Of the chart; one that ends with ".*" is all below.
        fields: Of an AudioCast's spec.
    """

    values: list[str]
    fields: list[str]


def rows() -> list[Row]:
    table = DOCUMENT.split("<!-- values and fields:begin -->")[1].split("<!-- values and fields:end -->")[0]
    cells = [line.strip("|").split("|") for line in table.strip().splitlines()[2:]]
    return [Row(re.findall(r"`([^`]+)`", each[0]), re.findall(r"`([^`]+)`", each[1])) for each in cells]


ROWS = rows()
VALUES = set(leaves(schema_of("audiocast")))


def field_leaves(schema: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """Give the paths of all fields below a schema; a list, or one of the pod API's own objects, is one."""
    for name, each in schema["properties"].items():
        path = f"{prefix}{name}"
        yield from field_leaves(each, f"{path}.") if each.get("properties") else (path,)


FIELDS = set(field_leaves(CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]))


def expanded(paths: list[str], known: set[str]) -> set[str]:
    """Give the leaves that some paths of the table mean: of ".*", those that no other row names."""
    named = {each for row in ROWS for each in (*row.values, *row.fields)}
    found = set()
    for path in paths:
        below = {each for each in known - named if each.startswith(path.removesuffix("*"))}
        found |= below if path.endswith(".*") else {path} & known
    return found


def test_every_value_and_every_field_is_in_the_table_once() -> None:
    values = [each for row in ROWS for each in expanded(row.values, VALUES)]
    assert sorted(values) == sorted(VALUES)
    fields = [each for row in ROWS for each in expanded(row.fields, FIELDS)]
    assert sorted(fields) == sorted(FIELDS)
    unknown = {each for row in ROWS for each in row.values if not expanded([each], VALUES)}
    assert unknown == set()
    unknown = {each for row in ROWS for each in row.fields if not expanded([each], FIELDS)}
    assert unknown == {*GROUPS}


def test_what_stands_for_all_below_has_the_same_names_on_both_sides() -> None:
    for row in ROWS:
        if (
            row.fields
            and row.values[:1] != ["settings.*"]
            and any(each.endswith(".*") for each in row.values)
        ):
            [value], [field] = row.values, row.fields
            below = [
                {each.removeprefix(path.removesuffix("*")) for each in expanded([path], known)}
                for path, known in ((value, VALUES), (field, FIELDS))
            ]
            assert below[0] == below[1], value


def snake(name: str) -> str:
    return re.sub(r"([A-Z])", r"_\1", name).upper()


def test_each_setting_of_the_chart_is_one_of_an_audiocast() -> None:
    settings = {snake(each.removeprefix("settings.")) for each in VALUES if each.startswith("settings.")}
    # The file's name comes by extraEnv, beside the volume that it is in.
    assert settings - {"STREAM_DOMAIN", "STREAM_SCHEME"} == {*KNOWN_SETTINGS} - {"ACCESS_RULES_FILE"}


def get(values: Manifest, path: str) -> Any:
    for name in path.split("."):
        values = values[name]
    return values


def put(spec: Manifest, path: str, value: Any) -> None:
    *above, last = path.split(".")
    for name in above:
        spec = spec.setdefault(name, {})
    spec[last] = value


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


def text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def spec_of(values: Manifest) -> Manifest:
    """Give the spec of an AudioCast that has these values, by the table."""
    spec: Manifest = {}
    for row in ROWS:
        if len(row.values) == len(row.fields) == 1 and row.fields[0] not in GROUPS:
            [value], [field] = row
            for each in expanded([value], VALUES):
                path = field.replace("*", each.removeprefix(value.removesuffix("*")))
                put(spec, path, get(values, each))
    # What the table says in words.
    put(spec, "image", f"{get(values, 'image.repository')}:{get(values, 'image.tag')}")
    put(spec, "pod.imagePullSecrets", [each["name"] for each in values["imagePullSecrets"]])
    settings = dict(values["settings"])
    spec["publicUrl"] = f"{settings.pop('streamScheme')}://{settings.pop('streamDomain')}"
    spec["settings"] = {snake(name): text(each) for name, each in settings.items()}
    spec["ingress"] = {
        name: each for name, each in values["ingress"].items() if name not in ("enabled", "hosts")
    }
    spec["ingress"]["host"], *spec["ingress"]["moreHosts"] = values["ingress"]["hosts"]
    spec["httpRoute"] = {
        name: each for name, each in values["httpRoute"].items() if name not in ("enabled", "apiVersion")
    }
    spec["autoscaling"]["egressMbpsPerPod"] = int(get(values, "autoscaling.egressMbpsPerPod"))
    spec["networkPolicy"]["metricsFrom"] = get(values, "networkPolicy.metricsFrom")
    for name in ("interval", "scrapeTimeout"):
        put(spec, f"monitoring.{name}Seconds", seconds(get(values, f"metrics.podMonitor.{name}")))
    spec["serviceAccount"] = {"name": get(values, "serviceAccount.name")}
    spec["pod"]["resources"] = values["resources"]
    del spec["replicas"]
    return spec


@pytest.fixture(scope="module")
def values() -> Manifest:
    found = read_values(tree.ROOT / "helm" / "audiocast" / "ci" / "everything-values.yaml")
    found["ingress"]["hosts"].append("second.example.org")
    # Of these an AudioCast knows nothing: a row without a field.
    return {**found, "global": {}}


CAST = Owner("AudioCast", NAMESPACE, "everything", "uid")


def ours(values: Manifest) -> dict[str, Manifest]:
    spec = AudioCastSpec.model_validate(spec_of(values))
    made = [
        build_statefulset(
            CAST,
            spec,
            replicas=5,
            secret_name=get(values, "secret.existingSecret"),
            secret_hash="h",
            cluster_domain=values["clusterDomain"],
        ),
        build_service(CAST, spec),
        build_peers_service(CAST, spec),
        build_ingress(CAST, spec),
        build_http_route(CAST, spec),
        build_network_policy(CAST, spec, get(values, "networkPolicy.operatorNamespace")),
        build_pod_monitor(CAST, spec),
    ]
    return {f"{each['kind']} {each['metadata']['name']}": each for each in made if each}


OWN_VOLUMES = (RULES_VOLUME, WEBHOOKS_VOLUME)


def alike(manifest: Manifest, selector: Manifest) -> Any:
    """Give what an object wants, without what differs by its maker: the selector, and what goes unsaid."""
    wanted = json.loads(json.dumps(manifest["spec"]))
    if manifest["kind"] == "StatefulSet":
        wanted = wanted["template"]["spec"]
        [server] = [each for each in wanted["containers"] if each["name"] == "audiocast"]
        server["env"] = {each["name"]: each for each in server["env"] if each["name"] not in FIXED}
        # Rules of streams, and whom Streams tell, are the operator's alone.
        for name in ("STREAM_RULES_FILE", "WEBHOOK_TARGETS_FILE"):
            server["env"].pop(name, None)
        for place, key in ((server, "volumeMounts"), (wanted, "volumes")):
            place[key] = [each for each in place.get(key, []) if each["name"] not in OWN_VOLUMES]

    def plain(each: Any) -> Any:
        if isinstance(each, dict):
            if each == selector:
                return "the pods"
            return {
                name: plain(below) for name, below in each.items() if (name, below) != ("protocol", "TCP")
            }
        if not isinstance(each, list):
            return each
        # The pod of `helm test` is nobody's here.
        items = [plain(below) for below in each if "helm test" not in str(below)]
        return [below for below in items if "'test'" not in str(below)]

    return plain(wanted)


def test_the_same_values_make_the_same_objects(values: Manifest) -> None:
    chart = Chart(tree.ROOT / "helm" / "audiocast")
    theirs = {f"{each['kind']} {each['metadata']['name']}": each for each in chart.manifests(values)}
    selector = theirs["Service everything"]["spec"]["selector"]
    made = ours(values)
    assert len(made) == 7
    for name, each in made.items():
        assert alike(each, selector_labels("everything")) == alike(theirs[name], selector), name
    for name in ("Service everything", "Ingress everything", "HTTPRoute everything"):
        # The chart's Ingress has some by default.
        annotations = made[name]["metadata"]["annotations"]
        assert annotations.items() <= theirs[name]["metadata"]["annotations"].items(), name
    assert made["Service everything"]["metadata"]["labels"]["exposed"] == "yes"
    template, other = (
        each["StatefulSet everything"]["spec"]["template"]["metadata"] for each in (made, theirs)
    )
    assert template["labels"]["cost-centre"] == other["labels"]["cost-centre"] == "42"
    assert values["podAnnotations"].items() <= template["annotations"].items()


def test_the_crd_takes_what_the_chart_takes(values: Manifest) -> None:
    spec = spec_of(values)
    kept = Admission([CRD]).admit("audiocasts", audiocast(**spec), None)["spec"]
    lost = [path for path in _paths(spec) if not _has(kept, path)]
    assert lost == []


def _paths(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    yield above
    for name, each in below:
        yield from _paths(each, (*above, name))


def _has(value: Any, path: tuple[Any, ...]) -> bool:
    for name in path:
        try:
            value = value[name]
        except (KeyError, IndexError, TypeError):
            return False
    return True
