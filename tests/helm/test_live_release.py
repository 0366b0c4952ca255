"""What Helm finds in the cluster is kept: a Secret that was made once."""

import base64

import helm_python
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


@pytest.mark.parametrize("tokens", [None, "", " , "], ids=["absent", "empty", "blank"])
def test_a_secret_without_tokens_is_refused_where_it_can_be_seen(
    chart: Chart, kinds: set[tuple[str, str]], tokens: str | None
) -> None:
    api = StandInApi([own_secret(tokens)], kinds)
    with pytest.raises(helm_python.HelmError, match=r"secret\.existingSecret: expected API_TOKENS"):
        api.manifests(chart, {"secret": {"existingSecret": "ours"}})
    assert api.manifests(chart, {"secret": {"existingSecret": "ours", "anyoneMayStart": True}})


def test_a_secret_without_keys_is_refused_as_well(chart: Chart, kinds: set[tuple[str, str]]) -> None:
    empty = own_secret("a-token-for-the-studio")
    del empty["data"]["SECRET_KEYS"]
    for values in ({"existingSecret": "ours"}, {"existingSecret": "ours", "anyoneMayStart": True}):
        with pytest.raises(helm_python.HelmError, match=r"secret\.existingSecret: expected SECRET_KEYS"):
            StandInApi([empty], kinds).manifests(chart, {"secret": values})


def test_a_secret_of_ones_own_is_taken(chart: Chart, kinds: set[tuple[str, str]]) -> None:
    values = {"secret": {"existingSecret": "ours"}}
    for there in ([own_secret("a-token-for-the-studio")], []):
        manifests = StandInApi(there, kinds).manifests(chart, values)
        assert "Secret" not in [each["kind"] for each in manifests]


def own_secret(tokens: str | None) -> Manifest:
    """Give a Secret that is not the release's, with these API_TOKENS."""
    entries = {"SECRET_KEYS": "x" * 16} | ({} if tokens is None else {"API_TOKENS": tokens})
    data = {name: base64.b64encode(value.encode()).decode() for name, value in entries.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "ours"}, "data": data}
