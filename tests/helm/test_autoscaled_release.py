"""No revision of an autoscaled release says how many pods there are, so no rollback takes them away."""

from collections.abc import Iterator

import helm_python
import pytest
import yaml

from tests.helm.chart import RELEASE, Chart
from tests.helm.keeping_api import KeepingApi
from tests.helm.stand_in_api import StandInApi, live

# Helm asks the stand-in with time-outs of its own.
pytestmark = pytest.mark.realtime

NAME = "demo-audiocast"
AUTOSCALED = {"autoscaling": {"mode": "hpa", "minReplicas": 2, "maxReplicas": 20}}
MORE = {**AUTOSCALED, "settings": {"logLevel": "debug"}}
HAND_OVER = "before-autoscaling"


@pytest.fixture
def kinds(chart: Chart) -> set[tuple[str, str]]:
    return {(each["apiVersion"], each["kind"]) for each in chart.manifests(AUTOSCALED)}


@pytest.fixture
def api(kinds: set[tuple[str, str]]) -> KeepingApi:
    return KeepingApi(kinds | {("v1", "Namespace"), ("v1", "Pod")})


@pytest.fixture
def helm(api: KeepingApi) -> Iterator[helm_python.Config]:
    with api.helm() as helm:
        yield helm


def said(helm: helm_python.Config) -> list[int | None]:
    """Give the number of pods that each revision of the release says."""
    return [
        manifest["spec"].get("replicas")
        for each in helm.history(RELEASE)
        for manifest in yaml.safe_load_all(helm.status(RELEASE, revision=each["revision"])["manifest"])
        if manifest and manifest["kind"] == "StatefulSet"
    ]


def test_an_autoscaler_keeps_its_number_through_upgrades_and_a_rollback(
    chart: Chart, api: KeepingApi, helm: helm_python.Config
) -> None:
    helm.install(chart.folder, RELEASE, AUTOSCALED)
    for replicas, values in ((3, AUTOSCALED), (12, MORE)):
        api.scale(NAME, replicas)
        helm.upgrade(chart.folder, RELEASE, values)
        assert api.replicas(NAME) == replicas
    api.scale(NAME, 15)
    helm.rollback(RELEASE, version=2)
    assert api.replicas(NAME) == 15
    # So Helm 3, which compares revisions, and whoever looks for drifts find nothing either.
    assert said(helm) == [None] * 4


def test_a_change_to_autoscaling_begins_with_the_pods_that_are_there(
    chart: Chart, api: KeepingApi, helm: helm_python.Config
) -> None:
    helm.install(chart.folder, RELEASE, {"replicas": 7})
    for values in (AUTOSCALED, MORE):
        helm.upgrade(chart.folder, RELEASE, values)
        assert api.replicas(NAME) == 7
    # The number was nobody's but Helm's, so it was said on. Now it is the autoscaler's.
    for replicas in (9, 15):
        api.scale(NAME, replicas)
        helm.upgrade(chart.folder, RELEASE, AUTOSCALED)
        assert api.replicas(NAME) == replicas
    helm.rollback(RELEASE, version=4)
    assert api.replicas(NAME) == 15
    assert said(helm) == [7, 7, 7, None, None, None]


def test_a_number_that_was_handed_over_is_never_said_again(
    chart: Chart, api: KeepingApi, helm: helm_python.Config
) -> None:
    helm.install(chart.folder, RELEASE, {"replicas": 7})
    api.hand_over(NAME, HAND_OVER)
    helm.upgrade(chart.folder, RELEASE, AUTOSCALED)
    assert api.replicas(NAME) == 7
    api.scale(NAME, 15)
    helm.upgrade(chart.folder, RELEASE, MORE)
    helm.rollback(RELEASE, version=2)
    assert api.replicas(NAME) == 15
    assert said(helm) == [7, None, None, None]


def test_a_number_that_somebody_has_scaled_is_not_taken_back_without_force(
    chart: Chart, api: KeepingApi, helm: helm_python.Config
) -> None:
    """docs/kubernetes.md says so, and that `--force-conflicts` does."""
    helm.install(chart.folder, RELEASE, {"replicas": 3})
    api.scale(NAME, 5, "kubectl")
    with pytest.raises(helm_python.HelmError, match=r"conflict with .kubectl.*\.spec\.replicas"):
        helm.upgrade(chart.folder, RELEASE, {"replicas": 4})
    assert api.replicas(NAME) == 5


def test_members_are_kept_when_an_autoscaler_takes_over_without_server_side_apply(
    chart: Chart, kinds: set[tuple[str, str]]
) -> None:
    """Helm 3 deletes what the revision before had said, whoever owns it: Kubernetes would make it one."""
    made = live(chart, "StatefulSet", {"replicas": 7})
    update = {"manager": "helm", "operation": "Update", "fieldsV1": {"f:spec": {"f:template": {}}}}
    scale = {"manager": "kube-controller-manager", "operation": "Update", "subresource": "scale"}
    made["metadata"]["managedFields"] = [update, scale | {"fieldsV1": {"f:spec": {"f:replicas": {}}}}]
    assert replicas_of(StandInApi([made], kinds), chart) == 7


def test_a_live_autoscalers_number_is_nobody_elses(chart: Chart, kinds: set[tuple[str, str]]) -> None:
    made = live(chart, "StatefulSet", AUTOSCALED)
    made["spec"]["replicas"] = 15
    assert replicas_of(StandInApi([made], kinds), chart) is None
    assert replicas_of(StandInApi([], kinds), chart) is None


def replicas_of(api: StandInApi, chart: Chart) -> int | None:
    """Give what the release would say with autoscaling on."""
    (found,) = (each for each in api.manifests(chart, AUTOSCALED) if each["kind"] == "StatefulSet")
    replicas: int | None = found["spec"].get("replicas")
    return replicas
