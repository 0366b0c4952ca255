"""What Helm finds in the cluster is kept: a Secret that was made once, and as many members as there are."""

import copy

import pytest

from tests.helm.chart import Chart, Manifest
from tests.helm.stand_in_api import OWNED, StandInApi

pytestmark = pytest.mark.realtime

AUTOSCALED = {"autoscaling": {"mode": "hpa"}}


@pytest.fixture
def kinds(chart: Chart) -> set[tuple[str, str]]:
    return {(each["apiVersion"], each["kind"]) for each in chart.manifests(AUTOSCALED)}


def live(chart: Chart, kind: str, values: Manifest | None = None) -> Manifest:
    """Give an object as it is in the cluster after a first installation."""
    manifest = copy.deepcopy(chart.manifest(kind, values))
    manifest["metadata"].setdefault("annotations", {}).update(OWNED)
    return manifest


def applied(manifests: list[Manifest], kind: str) -> Manifest:
    (found,) = (each for each in manifests if each["kind"] == kind)
    return found


def test_a_secret_that_was_made_stays_as_it_is(chart: Chart, kinds: set[tuple[str, str]]) -> None:
    made = live(chart, "Secret")
    api = StandInApi([made], kinds)
    assert applied(api.manifests(chart, {}), "Secret")["data"] == made["data"]
    given = api.manifests(chart, {"secret": {"keys": ["a-secret-given-later-on"]}})
    assert applied(given, "Secret")["data"]["SECRET_KEYS"] != made["data"]["SECRET_KEYS"]
    assert applied(given, "Secret")["data"]["API_TOKENS"] == made["data"]["API_TOKENS"]
    nothing_there = StandInApi([], kinds)
    assert applied(nothing_there.manifests(chart, {}), "Secret")["data"] != made["data"]


def test_members_are_kept_when_an_autoscaler_takes_over(chart: Chart, kinds: set[tuple[str, str]]) -> None:
    # Kubernetes makes it one when a number that was there is there no more.
    api = StandInApi([live(chart, "StatefulSet", {"replicas": 7})], kinds)
    assert applied(api.manifests(chart, AUTOSCALED), "StatefulSet")["spec"]["replicas"] == 7
    assert applied(api.manifests(chart, {"replicas": 4}), "StatefulSet")["spec"]["replicas"] == 4
    nothing_there = StandInApi([], kinds)
    assert "replicas" not in applied(nothing_there.manifests(chart, AUTOSCALED), "StatefulSet")["spec"]
