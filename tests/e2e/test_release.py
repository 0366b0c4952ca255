"""The whole on a real cluster, from an image's name to a heard tone, in the order of a release's life."""

import re

import pytest

from tests.client.sound import WINDOW_SECONDS
from tests.e2e.air import TONE_HZ, Air
from tests.e2e.conftest import REPLICAS
from tests.e2e.image import Image
from tests.e2e.release import DRAIN_SECONDS, INSTANCE, NAME, Release, stream_id_for
from tests.programs.heard import check_tone
from tests.support.http.listener import Listener

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

HEAR_SECONDS = 5.0
# Ways into a cluster are slow.
PATIENCE_SECONDS = 60.0

# Where the encoder itself, or the way to it, connects anew.
MOVED_WINDOWS = round(2.0 / WINDOW_SECONDS)


def hear(listener: Listener) -> None:
    """Wait for more of the tone, and hold all that was heard against it: no window of it may be spoiled."""
    listener.wait_for_audio(listener.capture().seconds + HEAR_SECONDS, PATIENCE_SECONDS)
    # A decoder leaves the first milliseconds out (pre-skip).
    check_tone(listener.body, TONE_HZ, seconds=HEAR_SECONDS - 0.1)


def test_helm_test_sends_and_hears_by_itself(release: Release) -> None:
    assert re.search(r"^Phase:\s+Succeeded$", release.test(), re.MULTILINE)


def test_a_tone_sent_through_the_service_is_heard_through_two_pods(release: Release) -> None:
    first, second, *_ = sorted(release.pods())
    with Air(release, release.way_in(), stream_id_for(first, list(release.pods()))) as air:
        for listener in [air.listen(release.way_to(pod)) for pod in (first, second)]:
            hear(listener)
        assert air.owner() == first


def test_a_killed_owner_is_not_heard_elsewhere(release: Release) -> None:
    front, owner, edge = sorted(release.pods())
    with Air(release, release.way_to(front), stream_id_for(owner, list(release.pods()))) as air:
        listeners = [air.listen(release.way_to(pod)) for pod in (front, edge)]
        for listener in listeners:
            hear(listener)
        assert air.owner() == owner
        release.cluster.kubectl("delete", f"pod/{owner}", "--grace-period=0", "--force")
        for listener in listeners:
            hear(listener)
            assert listener.end is None
        assert air.owner() != owner
    release.wait_until_ready()


def test_a_new_image_is_rolled_out_under_a_tone(release: Release, next_image: Image) -> None:
    before = release.uids()
    pods = sorted(release.pods())
    with Air(release, release.way_in(), stream_id_for(pods[0], pods)) as air:
        # The last to be restarted: it hears all others go.
        listener = air.listen(release.way_to(pods[0]))
        hear(listener)
        release.install(next_image, replicas=REPLICAS)
        assert release.uids().isdisjoint(before)
        assert listener.end is not None, "its pod has let it go"
        check_tone(
            listener.body,
            TONE_HZ,
            seconds=(REPLICAS - 1) * HEAR_SECONDS,
            spoiled_windows=REPLICAS * MOVED_WINDOWS,
        )
        hear(air.listen(release.way_in()))


def test_a_pod_that_is_scaled_away_lets_its_listeners_go(release: Release, next_image: Image) -> None:
    stays, _, leaves = sorted(release.pods())
    with Air(release, release.way_to(stays), stream_id_for(leaves, list(release.pods()))) as air:
        staying, leaving = (air.listen(release.way_to(pod)) for pod in (stays, leaves))
        for listener in (staying, leaving):
            hear(listener)
        release.install(next_image, replicas=REPLICAS - 1)
        leaving.wait(lambda: leaving.end is not None, "to be let go", PATIENCE_SECONDS + DRAIN_SECONDS)
        hear(staying)
        assert staying.end is None
        assert air.owner() != leaves


def test_an_upgrade_that_changes_nothing_restarts_nothing(release: Release, next_image: Image) -> None:
    release.wait_until_ready()
    before = release.uids()
    release.install(next_image, replicas=REPLICAS - 1)
    assert release.uids() == before


def test_uninstalling_leaves_the_secret_alone(release: Release) -> None:
    release.uninstall()
    kinds = "all,configmap,secret,serviceaccount,role,rolebinding,networkpolicy,poddisruptionbudget,ingress"
    left = release.cluster.kubectl("get", kinds, f"--selector={INSTANCE}", "--output=name").split()
    # Ingest keys outlive the release. Helm does not count the pod of its test among what it has installed.
    assert set(left) <= {f"secret/{NAME}", f"pod/{NAME}-check"}
    assert f"secret/{NAME}" in left
