"""When the API server is asked, and how long after a failure it is asked again."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from http import HTTPStatus
from itertools import pairwise
from typing import Any

import pytest
from structlog.testing import capture_logs

from audiocast.cluster.discovery import kubernetes_peers
from audiocast.cluster.discovery.kubernetes_peers import KubernetesPeers, remedy
from audiocast.cluster.discovery.pod import Pod
from audiocast.cluster.errors import ClusterError, NoAccount, Refused, Unreachable
from tests.support.clock.jumping_loop import run

FIRST_WAIT_SECONDS = 0.5

ADDRESS = "10.0.0.1"
JITTER = 1.3


def slice_of(host: str, version: str) -> dict[str, Any]:
    return {
        "metadata": {"name": "one", "resourceVersion": version},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [host]}],
        "ports": [{"name": "internal", "port": 8001}],
    }


class FakeApi:
    """Answers each list, then each watch, as the test says.

    Attributes:
        lists: Answers to lists, in order; then every list fails.
        watches: Events of each watch, in order, or the error it ends with; then a watch stays silent.
        asked: Each request so far: when, its target, and for a watch the silence that it allows.
    """

    namespace = "radio"

    def __init__(self) -> None:
        self.lists: list[dict[str, Any] | ClusterError] = []
        self.watches: list[list[dict[str, Any]] | ClusterError] = []
        self.asked: list[tuple[float, str, float]] = []

    async def get(self, target: str) -> dict[str, Any]:
        self._note(target, 0.0)
        answer = self.lists.pop(0) if self.lists else Unreachable("nobody is there")
        if isinstance(answer, ClusterError):
            raise answer
        return answer

    async def watch(self, target: str, silence_seconds: float) -> AsyncGenerator[Any, None]:
        self._note(target, silence_seconds)
        events = self.watches.pop(0) if self.watches else None
        if isinstance(events, ClusterError):
            raise events
        for event in events if events is not None else []:
            yield event
        if events is None:
            await asyncio.Event().wait()

    def _note(self, target: str, silence_seconds: float) -> None:
        self.asked.append((asyncio.get_running_loop().time(), target, silence_seconds))

    @property
    def pauses(self) -> list[float]:
        """Seconds between each request and the next."""
        times = [at for at, _, _ in self.asked]
        return [after - before for before, after in pairwise(times)]


@pytest.fixture
def watch_for(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[FakeApi, list[list[str]]]]:
    def watch(api: FakeApi, seconds: float, port: int | str = "internal") -> tuple[FakeApi, list[list[str]]]:
        monkeypatch.setattr(kubernetes_peers, "KubernetesApi", lambda pod: api)
        answers: list[list[str]] = []

        async def collect() -> None:
            async with aclosing(KubernetesPeers("peers", port, Pod()).answers()) as found:
                async for each in found:
                    answers.append(each)

        async def test() -> None:
            task = asyncio.ensure_future(collect())
            await asyncio.sleep(seconds)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        run(test())
        return api, answers

    return watch


def list_of(*slices: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"resourceVersion": "7"}, "items": list(slices)}


def test_it_lists_and_then_watches_from_the_lists_version(watch_for: Any) -> None:
    api = FakeApi()
    api.lists.append(list_of(slice_of(ADDRESS, "7")))
    _, answers = watch_for(api, 1000)
    assert answers == [[f"{ADDRESS}:8001"]]
    (_, listed, _), (_, watched, silence_seconds) = api.asked
    where = "/apis/discovery.k8s.io/v1/namespaces/radio/endpointslices?"
    label = "labelSelector=kubernetes.io%2Fservice-name%3Dpeers"
    assert listed == where + label
    assert watched == (
        f"{where}{label}&watch=true&allowWatchBookmarks=true&resourceVersion=7&timeoutSeconds=60"
    )
    assert silence_seconds == 70, "the API server has time to end it"


def test_a_watch_that_ends_begins_again_where_it_ended_after_a_moment(watch_for: Any) -> None:
    api = FakeApi()
    api.lists.append(list_of(slice_of(ADDRESS, "7")))
    api.watches += [[{"type": "MODIFIED", "object": slice_of("10.0.0.2", "8")}], []]
    _, answers = watch_for(api, 100)
    assert answers == [[f"{ADDRESS}:8001"], ["10.0.0.2:8001"]]
    assert ["resourceVersion=8" in target for _, target, _ in api.asked] == [False, False, True, True]
    assert api.pauses == pytest.approx([0, 0.5, 0.5])


def test_pauses_double_from_the_first_to_the_longest(watch_for: Any) -> None:
    api, _ = watch_for(FakeApi(), 300)
    for number, pause in enumerate(api.pauses):
        least = min(30.0, 0.5 * 2**number)
        assert least <= pause <= least * JITTER + 0.001
    assert len(api.pauses) >= 10


def test_after_an_event_pauses_are_short_again(watch_for: Any) -> None:
    api = FakeApi()
    api.lists += [Unreachable("gone")] * 5 + [list_of(slice_of(ADDRESS, "7"))]
    api.watches.append([])
    api.watches.append(Refused(410, "Expired", "too old"))
    watch_for(api, 60)
    after_the_watch = api.pauses[7]
    assert FIRST_WAIT_SECONDS <= after_the_watch <= FIRST_WAIT_SECONDS * JITTER + 0.001
    assert "watch" not in api.asked[8][1], "a version that is too old begins with a list"


@pytest.mark.parametrize(("asked_seconds", "waits_seconds"), [(0, FIRST_WAIT_SECONDS), (9, 9), (500, 30)])
def test_a_longer_retry_after_is_honoured_up_to_the_longest_pause(
    watch_for: Any, asked_seconds: int, waits_seconds: float
) -> None:
    api = FakeApi()
    api.lists.append(Refused(429, "TooManyRequests", "slowly", wait_seconds=asked_seconds))
    with capture_logs() as events:
        watch_for(api, 50)
    assert waits_seconds <= api.pauses[0] <= waits_seconds * JITTER + 0.001
    assert (events[0]["log_level"], events[0]["hint"]) == ("warning", "")
    assert events[0]["again_seconds"] == pytest.approx(api.pauses[0], abs=0.06)


def test_a_service_without_pods_is_an_answer_and_a_warning(watch_for: Any) -> None:
    api = FakeApi()
    api.lists.append(list_of())
    with capture_logs() as events:
        _, answers = watch_for(api, 10)
    assert answers == [[]]
    assert [event["event"] for event in events] == ["peers_none_yet"]
    api.lists.append(list_of(slice_of(ADDRESS, "7")))
    with capture_logs() as events:
        watch_for(api, 10)
    assert events == []


def test_what_a_person_has_to_mend_is_an_error_and_says_how(watch_for: Any) -> None:
    api = FakeApi()
    api.lists.append(Refused(HTTPStatus.FORBIDDEN, "Forbidden", "no"))
    with capture_logs() as events:
        watch_for(api, 0.1)
    assert events[0]["log_level"] == "error"
    assert "Role" in events[0]["hint"]
    assert "automountServiceAccountToken" in remedy(NoAccount("no token"))
    assert remedy(Unreachable("gone")) == remedy(Refused(500, "x", "y")) == ""


def test_members_that_lost_their_watches_together_come_back_one_by_one(watch_for: Any) -> None:
    first = [watch_for(FakeApi(), 0.7)[0].pauses for _ in range(50)]
    pauses = [pause for pauses in first for pause in pauses]
    assert len({round(pause, 6) for pause in pauses}) > 25
    assert 0.5 <= min(pauses) <= max(pauses) <= 0.65


def test_after_a_watch_that_ended_as_it_should_pauses_are_short_again(watch_for: Any) -> None:
    api = FakeApi()
    api.lists += [Unreachable("gone")] * 5 + [list_of(slice_of(ADDRESS, "7"))]
    api.watches += [[], Unreachable("gone")]
    watch_for(api, 60)
    assert 0.5 <= api.pauses[7] <= 0.65
    api = FakeApi()
    api.lists += [Unreachable("gone")] * 5 + [list_of(slice_of(ADDRESS, "7"))]
    api.watches += [Unreachable("gone")]
    watch_for(api, 60)
    assert api.pauses[6] >= 16, "a list alone proves nothing"
