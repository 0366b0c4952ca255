"""Every request of the operator is refused in every way, one by one: the rest goes on, and it is told.

No time goes by: the tests take each step of the operator's and of the pods' themselves, and the clock stands
still between them. So one cluster sees hundreds of faults.
"""

import asyncio
import itertools
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from audiocast_operator.app import Operator
from audiocast_operator.clients.kube import PLURALS
from audiocast_operator.clients.watcher import KopfWatcher
from audiocast_operator.metrics import REGISTRY
from audiocast_operator.reconcile.watches import FAILURES_TO_TELL, WATCHED, Watches
from audiocast_operator.settings import OperatorSettings
from tests.helm.chart import Chart
from tests.helm.test_alerts import promtool
from tests.operator.simulated.cluster import NAMESPACE, SimulatedCluster, still_cluster
from tests.operator.simulated.faults import Fault
from tests.operator.simulated.workloads import wait_until
from tests.repo import tree

FOREVER = 1_000_000
EXTRAS: dict[str, Any] = {
    "ingress": {"host": "radio.example.org"},
    "monitoring": {"podMonitor": True},
    "networkPolicy": {"enabled": True},
    "httpRoute": {"parentRefs": [{"name": "gateway"}]},
    "serviceAccount": {"token": False},
}
NO_EXTRAS: dict[str, Any] = dict.fromkeys(EXTRAS) | {"networkPolicy": {"enabled": False}}
# More than any time that the operator waits for.
STEP_SECONDS = 1000.0


class Answer(NamedTuple):
    """A wrong answer: its status (0: none, and the connection is closed), and whether it is plain text."""

    status: int
    is_text: bool = False


ANSWERS = {
    "400": Answer(400),
    "403": Answer(403),
    "404 in plain text": Answer(404, is_text=True),
    "409": Answer(409),
    "422": Answer(422),
    "429": Answer(429),
    "500": Answer(500),
    "nothing": Answer(0),
}

# Patterns of what needs the pods, and of what needs the secret of the AudioCast.
PODS = r"PATCH /statefulsets/|/poddisruptionbudgets/|POST /pods/"
STREAMS = r"/secrets/news-|PATCH /streams/"
RULES = "/configmaps/live-rules"


class Request(NamedTuple):
    """One of the operator's requests.

    Attributes:
        asked: A pattern of its method and path.
        named: What a condition says of it.
        needed_by: A pattern of the other requests that cannot be made without its answer.
    """

    asked: str
    named: str
    needed_by: str = "^$"


def child(plural: str, name: str, kind: str, needed_by: str = "^$") -> list[Request]:
    """Return the two requests by which a child is applied."""
    return [
        Request(f"GET /{plural}/{name}$", f"get {kind} {name}", f"PATCH /{plural}/{name}$|{needed_by}"),
        Request(f"PATCH /{plural}/{name}$", f"apply {kind} {name}", needed_by),
    ]


def is_nothing_to_tell(asked: str, answer: Answer) -> bool:
    """Return whether a request may be answered so: some kinds are not installed in many clusters."""
    return answer.is_text and ("podmonitors" in asked or asked.startswith("DELETE /httproutes"))


CHILDREN = [
    child("services", "live", "Service"),
    child("services", "live-peers", "Service"),
    child("poddisruptionbudgets", "live", "PodDisruptionBudget"),
    child("networkpolicies", "live", "NetworkPolicy"),
    child("ingresses", "live", "Ingress"),
    child("httproutes", "live", "HTTPRoute"),
    child("serviceaccounts", "live", "ServiceAccount"),
    child("podmonitors", "live", "PodMonitor"),
    child("secrets", "news-ingest", "Secret"),
    child("secrets", "news-listen-links", "Secret"),
    child("configmaps", "live-rules", "ConfigMap"),
]
# What others need is refused alone; of what nothing else needs, several at a time, and each has to be told.
TURNS = [
    [Request("GET /audiocasts/live$", "get AudioCast live", ".")],
    [Request("GET /audiocasts$", "list AudioCast")],
    [Request("GET /streams$", "list Stream", f"{STREAMS}|{RULES}")],
    [Request("GET /pods$", "list Pod", PODS)],
    [Request("GET /statefulsets/live$", "get StatefulSet live", f"{PODS}|GET /pods$")],
    [Request("PATCH /statefulsets/live$", "apply StatefulSet live", "POST /pods/")],
    *([each] for each in child("secrets", "live-keys", "Secret", f"{STREAMS}|PATCH /statefulsets/")),
    *([get for get, _ in CHILDREN[first::2]] for first in range(2)),
    *([apply for _, apply in CHILDREN[first::2]] for first in range(2)),
    [Request("PATCH /audiocasts/live/status$", "write the status of AudioCast live")],
    [Request("PATCH /streams/news/status$", "write the status of Stream news")],
    [Request("POST /pods/live-0/eviction$", "evict Pod live-0")],
    [
        Request("DELETE /networkpolicies/live$", "delete NetworkPolicy live"),
        Request("DELETE /ingresses/live$", "delete Ingress live"),
        Request("DELETE /serviceaccounts/live$", "delete ServiceAccount live"),
        Request("DELETE /httproutes/live$", "delete HTTPRoute live"),
        Request("DELETE /podmonitors/live$", "delete PodMonitor live"),
    ],
]
# Of these no status can tell; the log and the metrics do.
TOLD_IN_THE_LOG = re.compile("get AudioCast|write the status")


@dataclass
class Clock:
    """A monotonic clock that stands still."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class StepByStep:
    """An operator of whose steps each is taken by the test.

    Attributes:
        cluster: Where it runs.
        operator: It.
        watcher: Watches for it.
        clock: Its clock.
        changes: How often everything was changed.
    """

    cluster: SimulatedCluster
    operator: Operator
    watcher: KopfWatcher
    clock: Clock
    changes: int = 0

    async def step(self) -> set[str]:
        """Let it look at everything once, and the pods follow; return what it has asked for."""
        self.clock.seconds += STEP_SECONDS
        begun = len(self.cluster.api.requests)
        await asyncio.gather(*await self.operator.timer.tick())
        await self.cluster.workloads.settle()
        return {
            f"{method} {re.sub('^.*/namespaces/radio', '', path)}"
            for method, path in self.cluster.api.requests[begun:]
        }

    def change_everything(self, **spec: Any) -> None:
        """Give each step something to do."""
        self.changes += 1
        port = {"port": 8000 + self.changes}
        self.cluster.change(service=port, **spec)
        more = {"keyGeneration": 1 + self.changes, "listenLinks": {"count": 1 + self.changes}}
        self.cluster.change("news", "streams", **more)

    def refuse(self, patterns: list[str], answer: Answer, query: str = "") -> list[Fault]:
        """Answer requests wrongly from now on, those of before rightly again."""
        parts = [pattern.split(" ") for pattern in patterns]
        self.cluster.api.faults[:] = [
            Fault(method, path, answer.status, FOREVER, is_text=answer.is_text, query=query)
            for method, path in parts
        ]
        return list(self.cluster.api.faults)

    def expected(self, *, deletes: bool) -> set[str]:
        """Return what it asks for when all is well."""
        extras = {"networkpolicies", "ingresses", "podmonitors", "httproutes", "serviceaccounts"}
        writes = "DELETE" if deletes else "PATCH"
        children = {f"{plural}/live" for plural in ("statefulsets", "services", "poddisruptionbudgets")}
        children |= {"services/live-peers", "configmaps/live-rules"}
        children |= {"secrets/news-ingest", "secrets/news-listen-links"}
        read = {"audiocasts", "audiocasts/live", "streams", "pods", "secrets/live-keys"}
        read |= children | {f"{plural}/live" for plural in extras}
        return {
            *(f"GET /{each}" for each in read),
            *(f"PATCH /{each}" for each in children),
            *(f"{writes} /{plural}/live" for plural in extras),
            "PATCH /audiocasts/live/status",
            "PATCH /streams/news/status",
        }

    def port(self) -> int:
        """Return the port of the Service."""
        service = self.cluster.store.get("services", NAMESPACE, "live")
        return int(service["spec"]["ports"][0]["port"])

    def said(self) -> str:
        """Return what all conditions say."""
        status = [self.cluster.cast(), self.cluster.stream("news")]
        told = [each for found in status for each in found.get("conditions", [])]
        return "; ".join(f"{each['type']} {each['reason']}: {each['message']}" for each in told)


@pytest.fixture
async def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StepByStep]:
    async with still_cluster(tmp_path, monkeypatch) as cluster:
        cluster.create_cast(replicas=1, **EXTRAS)
        cluster.create_stream("news", visibility="private", accessCode="auto", listenLinks={})
        clock = Clock()
        operator = Operator(OperatorSettings(), monotonic=clock)
        watcher = KopfWatcher()
        run = StepByStep(cluster, operator, watcher, clock)
        try:
            for _ in range(3):
                await run.step()
            assert cluster.condition("Progressing") == ("False", "Complete")
            yield run
        finally:
            watcher.close()
            await operator.close()
    assert "Traceback" not in cluster.output


def problems() -> set[tuple[str, str]]:
    """Return kind and reason of what the metrics say is left undone."""
    return {
        (sample.labels["kind"], sample.labels["reason"])
        for family in REGISTRY.collect()
        for sample in family.samples
        if sample.name == "audiocast_operator_problems" and sample.value
    }


async def prepared(run: StepByStep, request: Request) -> None:
    """Bring the cluster to where the operator makes a request."""
    if request.asked.startswith("DELETE"):
        run.change_everything(**EXTRAS)
        await run.step()
        run.change_everything(**NO_EXTRAS)
        return
    run.change_everything(**EXTRAS)
    if request.asked.startswith("POST"):
        # Another pod template, of which the controller has told the revision.
        run.cluster.change(drain={"timeoutSeconds": 100 + run.changes})
        await run.step()
        run.change_everything()
    if "PATCH /secrets/live-keys" in request.asked:
        run.cluster.store.delete("secrets", NAMESPACE, "live-keys")


def is_told(run: StepByStep, request: Request, answer: Answer, told: str) -> bool:
    """Return whether conditions say what was refused, or the log where no condition can."""
    if answer.is_text and "HTTPRoute" in request.named:
        return "HTTPRoute (gateway.networking.k8s.io/v1) is not installed in this cluster" in run.said()
    return f"could not {request.named}: " in (told if TOLD_IN_THE_LOG.search(request.named) else run.said())


@pytest.mark.timeout(1200)
async def test_whatever_is_refused_the_rest_is_done_and_it_is_told(run: StepByStep, tmp_path: Path) -> None:
    wrong: list[str] = []
    seen: set[frozenset[tuple[str, str]]] = set()
    for (name, answer), turn in itertools.product(ANSWERS.items(), TURNS):
        await prepared(run, turn[0])
        faults = run.refuse([request.asked for request in turn], answer)
        logged = len(run.cluster.output)
        asked = await run.step()
        told = run.said() + run.cluster.output[logged:]
        needed_by = "|".join(request.needed_by for request in turn)
        unasked = run.expected(deletes="DELETE" in turn[0].asked) - asked
        missing = sorted(each for each in unasked if not re.search(needed_by, each))
        wrong += [f"{turn[0].asked} answered with {name}: {each} was not asked" for each in missing]
        for request, fault in zip(turn, faults, strict=True):
            place = f"{request.asked} answered with {name}"
            if fault.times == FOREVER:
                wrong.append(f"{place}: it was not asked for")
            if not is_nothing_to_tell(request.asked, answer) and not is_told(run, request, answer, told):
                wrong.append(f"{place}: nobody is told: {told}")
        if not any("/services/live$" in each.asked or "/audiocasts/live$" in each.asked for each in turn):
            wrong += [] if run.port() == 8000 + run.changes else [f"{place}: the Service is as before"]
        if not problems():
            wrong.append(f"{place}: expected a problem in the metrics, got none")
        seen.add(frozenset(problems()))
    assert wrong == []
    assert {reason for each in seen for _, reason in each} == {"Refused", "TryAgain"}
    assert {kind for each in seen for kind, _ in each} == {"AudioCast", "Stream"}
    chart = Chart(tree.ROOT / "helm" / "audiocast-operator")
    assert promtool(tmp_path, chart, [alarm(each) for each in seen]) == ""
    run.cluster.api.faults.clear()
    run.change_everything(**EXTRAS)
    for _ in range(3):
        await run.step()
    assert problems() == set()
    assert run.cluster.condition("Degraded")[0] == run.cluster.condition("Progressing")[0] == "False"


async def test_where_podmonitors_are_not_served_it_is_told_apart(run: StepByStep) -> None:
    run.refuse(["PATCH /podmonitors/live$"], ANSWERS["404 in plain text"])
    run.change_everything()
    await run.step()
    assert run.cluster.condition("Monitored") == ("False", "NotInstalled")


def alarm(told: frozenset[tuple[str, str]]) -> dict[str, Any]:
    """Return promtool's test: problems that last are an alert each, while all else goes on."""
    series = {
        f'problems{{namespace="live",kind="{kind}",reason="{reason}"}}': "1x30" for kind, reason in told
    }
    series |= {'last_tick_timestamp_seconds{namespace="live"}': "0+60x30"}
    series |= {'reconciles_total{namespace="live",result="ok"}': "0+12x30"}
    firing = 'count by (alertname, kind, reason) (ALERTS{alertstate="firing"})'
    name = "AudiocastOperatorProblem"
    samples = [
        {"labels": f'{{alertname="{name}",kind="{kind}",reason="{reason}"}}', "value": 1}
        for kind, reason in told
    ]
    return {
        "interval": "1m",
        "input_series": [
            {"series": f"audiocast_operator_{name}", "values": values} for name, values in series.items()
        ],
        "promql_expr_test": [{"expr": firing, "eval_time": "20m", "exp_samples": samples}],
    }


class WatchedStepByStep:
    """Watches of which one kind is refused, and that wait for the test after so many failures as are told.

    Args:
        run: Where they watch.
        kind: The kind that is refused.
        answer: How it is refused.
    """

    def __init__(self, run: StepByStep, kind: str, answer: Answer) -> None:
        [self.fault] = run.refuse([f"GET /{PLURALS[kind]}$"], answer, query="watch=true")
        self.watches = Watches(run.watcher, namespace=NAMESPACE, reconcile=self._wake, sleep=self._sleep)
        self.woken: asyncio.Queue[str] = asyncio.Queue()
        self.delays: list[float] = []
        self.mended = asyncio.Event()

    async def _wake(self, namespace: str, cast: str) -> None:
        self.woken.put_nowait(f"{namespace}/{cast}")

    async def _sleep(self, seconds: float) -> None:
        self.delays.append(seconds)
        if len(self.delays) >= FAILURES_TO_TELL:
            await self.mended.wait()

    async def until_woken(self, times: int) -> None:
        """Wait until changes were told of so often."""
        for _ in range(times):
            assert await asyncio.wait_for(self.woken.get(), 10) == f"{NAMESPACE}/live"


async def test_a_watch_that_is_refused_ends_nothing_and_is_told(
    run: StepByStep, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind, (name, answer) in itertools.product(WATCHED, ANSWERS.items()):
        watched = WatchedStepByStep(run, kind[1], answer)
        monkeypatch.setattr(run.operator, "watches", watched.watches)
        running = asyncio.create_task(watched.watches.run())
        try:
            await wait_until(lambda each=watched: len(each.delays) == FAILURES_TO_TELL, 10)
            # The client itself asks once more where a connection is closed without an answer.
            asked = FAILURES_TO_TELL * (1 if answer.status else 2)
            assert FOREVER - watched.fault.times == asked, (kind, name)
            assert watched.delays in ([2.0, 4.0], [5.0, 5.0])
            # The timer finds what there is, and tells.
            run.change_everything()
            await run.step()
            assert run.port() == 8000 + run.changes
            assert f"could not watch {kind[1]}: " in run.said(), (kind, name)
            assert len(problems()) == 1
            run.cluster.api.faults.clear()
            watched.mended.set()
            await wait_until(lambda each=watched: each.watches.problems == [], 10)
            while not watched.woken.empty():
                watched.woken.get_nowait()
            run.cluster.change(service={"port": 9000 + run.changes})
            await watched.until_woken(1)
            assert not running.done()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    await run.step()
