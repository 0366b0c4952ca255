"""The API's answers, told apart: what passes, what does not, and what there is not."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx2
import pytest
from lightkube.config.kubeconfig import KubeConfig
from lightkube.config.models import Cluster, User
from lightkube.core.async_client import AsyncClient

from audiocast_operator.clients.kube import AUDIOCAST, BUSY_SECONDS, POD, POD_MONITOR, STATEFULSET, LightKube
from audiocast_operator.errors import ApiRefused, NotInstalled, TryAgain

SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "live", "namespace": "radio"}}


@asynccontextmanager
async def answering(
    response: httpx2.Response | Exception | Callable[[httpx2.Request], httpx2.Response],
) -> AsyncIterator[LightKube]:
    """Return a client whose requests all get the same answer, or what is called for it."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if isinstance(response, Exception):
            raise response
        return response(request) if callable(response) else response

    config = KubeConfig.from_one(
        cluster=Cluster(server="http://127.0.0.1:1"), user=User(token="a-token"), context_name="here"
    )
    kube = LightKube(AsyncClient(config, transport=httpx2.MockTransport(answer)))
    try:
        yield kube
    finally:
        await kube.close()


def failure(status: int, retry_after: str = "") -> httpx2.Response:
    said = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status, "message": "why"}
    return httpx2.Response(status, json=said, headers={"Retry-After": retry_after} if retry_after else {})


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504])
async def test_what_passes_is_tried_again(status: int) -> None:
    async with answering(failure(status)) as kube:
        with pytest.raises(TryAgain, match=f"could not apply Service live: {status} why") as caught:
            await kube.apply(SERVICE, "")
    assert caught.value.delay_seconds == BUSY_SECONDS


async def test_when_to_come_back_is_the_servers_word() -> None:
    async with answering(failure(429, "17")) as kube:
        with pytest.raises(TryAgain) as caught:
            await kube.find_all(POD, "radio")
    assert caught.value.delay_seconds == 17


@pytest.mark.parametrize("status", [400, 401, 403, 405, 422])
async def test_what_does_not_pass_is_refused(status: int) -> None:
    async with answering(failure(status)) as kube:
        with pytest.raises(ApiRefused, match=f"could not write the status of AudioCast live: {status} why"):
            await kube.write_status(AUDIOCAST, "radio", "live", {})


async def test_a_field_that_is_not_there_is_refused_though_the_server_says_500() -> None:
    message = (
        "failed to create typed patch object (radio/live; /v1, Kind=Service): .bogus: field not declared"
    )
    said = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 500, "message": message}
    async with answering(httpx2.Response(500, json=said)) as kube:
        with pytest.raises(ApiRefused, match=r"\.bogus: field not declared"):
            await kube.apply(SERVICE, "")


async def test_what_a_gateway_says_in_html_is_understood_too() -> None:
    async with answering(httpx2.Response(502, html="<h1>Bad Gateway</h1>")) as kube:
        with pytest.raises(TryAgain, match="could not get AudioCast live: 502"):
            await kube.get(AUDIOCAST, "radio", "live")


async def test_an_absent_server_is_tried_again() -> None:
    async with answering(httpx2.ConnectError("connection refused")) as kube:
        with pytest.raises(TryAgain, match="could not delete Pod live-0: connection refused"):
            await kube.delete(POD, "radio", "live-0")


async def test_what_is_not_there_is_none_and_need_not_be_deleted() -> None:
    async with answering(failure(404)) as kube:
        assert await kube.get(AUDIOCAST, "radio", "live") is None
        await kube.delete(POD, "radio", "live-0")
        await kube.evict("radio", "live-0", "uid")


async def test_a_404_in_plain_text_is_no_word_about_one_object() -> None:
    # As Kubernetes 1.36.2 answers for an API group that it does not know.
    async with answering(httpx2.Response(404, text="404 page not found\n")) as kube:
        with pytest.raises(NotInstalled):
            await kube.get(POD_MONITOR, "radio", "live")
        with pytest.raises(NotInstalled):
            await kube.delete(POD_MONITOR, "radio", "live")
        # Every cluster has these: whoever says so is no API server, or not yet.
        with pytest.raises(
            TryAgain, match="could not get StatefulSet live: the API server does not serve it"
        ):
            await kube.get(STATEFULSET, "radio", "live")
        with pytest.raises(TryAgain, match="could not evict Pod live-0"):
            await kube.evict("radio", "live-0", "uid")


async def test_an_object_of_a_kind_that_is_not_installed_is_refused_in_plain_words() -> None:
    monitor = {"apiVersion": POD_MONITOR[0], "kind": POD_MONITOR[1], "metadata": SERVICE["metadata"]}
    async with answering(httpx2.Response(404, text="404 page not found\n")) as kube:
        with pytest.raises(NotInstalled) as caught:
            await kube.apply(monitor, "")
    assert str(caught.value) == "PodMonitor (monitoring.coreos.com/v1) is not installed in this cluster"


@pytest.mark.parametrize(("uid", "is_forced"), [("", "false"), ("a-uid", "true")])
async def test_only_the_object_that_was_seen_is_written_over(uid: str, is_forced: str) -> None:
    sent: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        return httpx2.Response(200, json=SERVICE)

    async with answering(answer) as kube:
        await kube.apply(SERVICE, uid)
    [request] = sent
    assert request.url.params.get("force", "false") == is_forced
    assert json.loads(request.content)["metadata"].get("uid", "") == uid


async def test_a_budget_that_is_used_up_passes() -> None:
    async with answering(failure(429, "10")) as kube:
        with pytest.raises(TryAgain, match="could not evict Pod live-0: 429 why") as caught:
            await kube.evict("radio", "live-0", "uid")
    assert caught.value.delay_seconds == 10
