"""What Helm finds in the cluster is kept: a Secret that was made once."""

import pytest

from tests.helm.chart import Chart, Manifest
from tests.helm.stand_in_api import StandInApi, live

pytestmark = pytest.mark.realtime


@pytest.fixture
def kinds(chart: Chart) -> set[tuple[str, str]]:
    return {(each["apiVersion"], each["kind"]) for each in chart.manifests()}


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
