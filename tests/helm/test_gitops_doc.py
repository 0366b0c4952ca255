"""The manifests in docs/platforms/gitops.md fit the charts, and their health checks are run."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import celpy
import celpy.adapter
import pytest
import yaml
from celpy.evaluation import CELEvalError

from audiocast_operator.models.crd import build_crds
from audiocast_operator.models.stream import StreamStatus
from tests.helm.chart import RELEASE, Chart, Manifest
from tests.operator.simulated.admission import Admission
from tests.repo import tree

DOCUMENT = (tree.ROOT / "docs" / "platforms" / "gitops.md").read_text()
OBJECTS: list[Manifest] = [
    each
    for text in re.findall(r"^```yaml\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    for each in yaml.safe_load_all(text)
]
UNITS = {"s": 1, "m": 60, "h": 3600}
# A pod of the next revision is ready in seconds; for those that must pull an image first.
START_SECONDS = 20


def of_kind(kind: str) -> list[Manifest]:
    return [each for each in OBJECTS if each["kind"] == kind]


def seconds(duration: str) -> int:
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([smh])", duration))


def releases() -> Iterator[tuple[str, str, Manifest, Manifest]]:
    """Give chart, name, values and the object that says so, for each release of either tool."""
    for each in of_kind("Application"):
        if helm := each["spec"]["source"].get("helm"):
            yield each["spec"]["source"]["chart"], helm["releaseName"], helm["valuesObject"], each
    for each in of_kind("HelmRelease"):
        spec = each["spec"]
        name = spec["chart"]["spec"]["chart"] if "chart" in spec else spec["chartRef"]["name"]
        yield name, spec["releaseName"], spec["values"], each


RELEASES = list(releases())


def rendered(chart: str, release: str, values: Manifest) -> list[Manifest]:
    return Chart(tree.ROOT / "helm" / chart, release=release).manifests(values)


@pytest.mark.parametrize(
    ("chart", "release", "values", "by"), RELEASES, ids=[f"{each[3]['kind']}-{each[0]}" for each in RELEASES]
)
def test_charts_take_the_values(chart: str, release: str, values: Manifest, by: Manifest) -> None:
    manifests = rendered(chart, release, values)
    if chart == "audiocast":
        # Neither tool may make secrets anew each time, or count pods.
        assert "Secret" not in [each["kind"] for each in manifests]
        (server,) = (each for each in manifests if each["kind"] == "StatefulSet")
        assert "replicas" not in server["spec"]
    version = yaml.safe_load((tree.ROOT / "helm" / chart / "Chart.yaml").read_text())["version"]
    assert version in str(by["spec"]) or version == of_kind("OCIRepository")[0]["spec"]["ref"]["tag"]


def ignored() -> Iterator[tuple[str, str, list[str], list[Manifest]]]:
    """Give kind, name and paths of what each tool ignores, and what there is."""
    for chart, release, values, by in RELEASES:
        manifests = rendered(chart, release, values)
        for rule in by["spec"].get("ignoreDifferences", []):
            yield rule["kind"], rule["name"], rule["jsonPointers"], manifests
        for rule in by["spec"].get("driftDetection", {}).get("ignore", []):
            yield rule["target"]["kind"], rule["target"]["name"], rule["paths"], manifests
    for each in of_kind("Application"):
        if "helm" not in each["spec"]["source"]:
            for rule in each["spec"]["ignoreDifferences"]:
                yield rule["kind"], rule["name"], rule["jsonPointers"], OBJECTS


def test_what_is_ignored_is_there() -> None:
    rules = list(ignored())
    assert [kind for kind, *_ in rules] == ["StatefulSet", "StatefulSet", "AudioCast"]
    for kind, name, paths, manifests in rules:
        assert (kind, name) in {(each["kind"], each["metadata"]["name"]) for each in manifests}
        assert paths == ["/spec/replicas"]


def test_ignored_fields_are_not_applied_either() -> None:
    for each in of_kind("Application"):
        if "ignoreDifferences" in each["spec"]:
            assert "RespectIgnoreDifferences=true" in each["spec"]["syncPolicy"]["syncOptions"]


def test_time_outs_are_longer_than_a_roll_out() -> None:
    by_name = {each["metadata"]["name"]: seconds(each["spec"]["timeout"]) for each in of_kind("HelmRelease")}
    for chart, release, values, by in RELEASES:
        if chart == "audiocast" and by["kind"] == "HelmRelease":
            assert by_name[release] > roll_out_seconds(rendered(chart, release, values), values)
    (kustomization,) = of_kind("Kustomization")
    (cast,) = of_kind("AudioCast")
    # 300 s of drain is the AudioCast's default as well.
    assert seconds(kustomization["spec"]["timeout"]) > cast["spec"]["replicas"] * (315 + START_SECONDS)
    (waited,) = re.findall(r"argocd app wait live --health --timeout (\d+)", DOCUMENT)
    application = next(each for each in of_kind("Application") if each["metadata"]["name"] == "live")
    values = application["spec"]["source"]["helm"]["valuesObject"]
    minimum = {**values, "autoscaling": {**values["autoscaling"], "maxReplicas": 3}}
    assert int(waited) > roll_out_seconds(rendered("audiocast", "live", minimum), minimum)


def roll_out_seconds(manifests: list[Manifest], values: Manifest) -> int:
    (server,) = (each for each in manifests if each["kind"] == "StatefulSet")
    grace = server["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    pod_seconds = grace + server["spec"]["minReadySeconds"] + START_SECONDS
    return int(values["autoscaling"]["maxReplicas"] * pod_seconds)


def test_the_operator_takes_its_objects() -> None:
    for kind, plural in (("AudioCast", "audiocasts"), ("Stream", "streams")):
        for each in of_kind(kind):
            assert each["spec"].items() <= Admission(build_crds()).admit(plural, each, None)["spec"].items()
    waves = {
        each["metadata"]["name"]: each["metadata"].get("annotations", {}).get("argocd.argoproj.io/sync-wave")
        for each in of_kind("Application")
    }
    assert waves["audiocast-operator"] == "0"
    assert waves["radio"] == "1"


def cast(generation: int = 2, spec: Manifest | None = None, **conditions: str) -> Manifest:
    """Give an AudioCast of generation 2, as the operator has left it: reasons by condition that is True."""
    status = {
        "observedGeneration": generation,
        "conditions": [
            {
                "type": name,
                "status": "True" if name in conditions else "False",
                "message": conditions.get(name, ""),
            }
            for name in ("Available", "Progressing", "Degraded", "Draining")
        ],
    }
    return {"metadata": {"generation": 2}, "spec": spec or {}, "status": status}


def stream(phase: str, generation: int = 2, ready: str = "") -> Manifest:
    status: Manifest = {"observedGeneration": generation, "phase": phase}
    if ready:
        status["conditions"] = [{"type": "Ready", "status": ready, "message": "the Secret is refused"}]
    return {"metadata": {"generation": 2}, "spec": {}, "status": status}


PHASES = set(StreamStatus.model_json_schema()["properties"]["phase"]["enum"])
NEW: Manifest = {"metadata": {"generation": 1}, "spec": {}}
# Object, health in Argo CD, and what holds in Flux.
CASTS = [
    (cast(Available="3 of 3"), "Healthy", "current"),
    (cast(Available="3 of 3", Draining="x"), "Healthy", "current"),
    (cast(Available="3 of 3", Progressing="2 of 3"), "Progressing", "inProgress"),
    (cast(Available="3 of 3", Degraded="NameTaken"), "Degraded", "failed"),
    (cast(1, Available="3 of 3"), "Progressing", "inProgress"),
    (cast(), "Progressing", ""),
    (cast(Available="3 of 3", spec={"paused": True}), "Suspended", "current"),
    (cast(Progressing="x", Degraded="RollOutStopped"), "Degraded", "failed"),
    (NEW, "Progressing", "error"),
]
STREAMS = [
    *[(stream(phase), "Healthy", "current") for phase in ("Live", "Offline")],
    (stream("Suspended"), "Suspended", "current"),
    *[(stream(phase), "Degraded", "failed") for phase in PHASES - {"Live", "Offline", "Suspended"}],
    (stream("Offline", ready="True"), "Healthy", "current"),
    (stream("Offline", ready="False"), "Degraded", "failed"),
    (stream("Live", 1), "Progressing", "inProgress"),
    (NEW, "Progressing", "error"),
]


def test_what_is_asked_for_is_there() -> None:
    assert {"Live", "Offline", "Suspended", "Conflict"} <= PHASES
    named = set(re.findall(r'holds\("(\w+)"\)', DOCUMENT))
    assert named == {"Available", "Progressing", "Degraded"}
    # The table of conditions in the operator's document.
    table = re.findall(r"^\| (\w+) \| ", (tree.ROOT / "docs" / "operator.md").read_text(), re.MULTILINE)
    assert named <= set(table)


@pytest.mark.parametrize(("kind", "cases"), [("AudioCast", CASTS), ("Stream", STREAMS)])
def test_argo_cd_sees_how_they_are(kind: str, cases: list[tuple[Manifest, str, str]], tmp_path: Path) -> None:
    (config,) = of_kind("ConfigMap")
    script = config["data"][f"resource.customizations.health.audiocast.dev_{kind}"]
    found = run_lua(script, [each for each, *_ in cases], tmp_path)
    assert found == [health for _, health, _ in cases]


def run_lua(script: str, objects: list[Manifest], folder: Path) -> list[str]:
    """Run a health check as Argo CD does, with `obj` as a global; by HAProxy, which has a Lua in it."""
    calls = "\n".join(f"obj = {lua(each)}\nout:write(check().status, ' ')" for each in objects)
    wrapped = (
        f"local function check()\n{script}\nend\nlocal out = io.open('found', 'w')\n{calls}\nout:close()\n"
    )
    (folder / "check.lua").write_text(wrapped)
    (folder / "haproxy.cfg").write_text("global\n  lua-load check.lua\ndefaults\n  timeout client 1s\n")
    command = ["haproxy", "-c", "-f", "haproxy.cfg"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert (folder / "found").exists(), done.stdout + done.stderr
    return (folder / "found").read_text().split()


def lua(value: Any) -> str:
    """Write a value as Lua has it."""
    match value:
        case dict():
            return "{" + ", ".join(f"[{lua(name)}] = {lua(each)}" for name, each in value.items()) + "}"
        case list():
            return "{" + ", ".join(map(lua, value)) + "}"
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case _:
            return str(value)


@pytest.mark.parametrize(("kind", "cases"), [("AudioCast", CASTS), ("Stream", STREAMS)])
def test_flux_sees_how_they_are(kind: str, cases: list[tuple[Manifest, str, str]]) -> None:
    (kustomization,) = of_kind("Kustomization")
    (checks,) = (each for each in kustomization["spec"]["healthCheckExprs"] if each["kind"] == kind)
    # One answer at most, so it does not matter which is asked for first.
    for given, _, expected in cases:
        assert answers(checks, given) == expected.split(), given


def answers(checks: Manifest, given: Manifest) -> list[str]:
    """Give the checks that hold; "error" where there is nothing to look at yet."""
    environment = celpy.Environment()
    variables = {name: celpy.adapter.json_to_cel(each) for name, each in given.items()}
    programs = {
        name: environment.program(environment.compile(checks[name]))
        for name in ("inProgress", "failed", "current")
    }
    try:
        return [name for name, program in programs.items() if program.evaluate(variables)]
    except CELEvalError:
        return ["error"]


def test_the_release_of_the_examples_is_not_that_of_the_tests() -> None:
    # Names in the document are those that the charts make of the document's own releases.
    assert RELEASE not in {release for _, release, *_ in RELEASES}
