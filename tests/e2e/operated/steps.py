"""The steps of an AudioCast's life, from its making to its end, each held against docs/operator.md."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import requests

from tests.e2e.operated.audience import Audience, Missed
from tests.e2e.operated.encoder import Encoder
from tests.e2e.operated.place import Json, Place
from tests.support.http.exchange import connect, read_answer
from tests.support.http.source import ingest_head

CAST, STREAM = "air", "air-news"
LISTENERS = 6

DRAIN_SECONDS = 4
HEAR_SECONDS = 2.0
# For a member to be ready, seen by all others and in their ring, and for images to be pulled.
PATIENCE_SECONDS = 300.0
LOOK_SECONDS = 0.25

# Silence that a listener's player has to bridge where its connection moves.
MOST_PAUSE_SECONDS = 5.0

# Somebody else's, with the labels and a name of an AudioCast's own objects.
FOREIGN_LABELS = {
    "app.kubernetes.io/name": "audiocast",
    "app.kubernetes.io/instance": CAST,
    "app.kubernetes.io/managed-by": "audiocast-operator",
}


class OperatorSteps:
    """Takes them in a place, in order.

    Args:
        place: Where. The operator works there.
        replicas: How many pods the AudioCast has at first.
        rows: Gets what the audience of each step has missed, by the step's name.
    """

    def __init__(self, place: Place, replicas: int, rows: list[tuple[str, Missed]]) -> None:
        self._place = place
        self._replicas = replicas
        self._foreign: list[tuple[str, str, str]] = []
        self._rows = rows
        self._next_number = 1

    def take_all(self) -> None:
        """Take all of them; returns when the last one is done."""
        self.foreign_objects()
        self.ready()
        self.key_heard()
        self.image_change()
        self.undo()
        self.suspension()
        self.key_generation()
        self.scale_down()
        self.uninstall()

    def foreign_objects(self) -> None:
        """Somebody has objects of their own in the namespace, labelled as the operator labels."""
        secret = {"kind": "Secret", "stringData": {"password": "precious"}}
        service = {"kind": "Service", "spec": {"ports": [{"port": 5432}], "selector": {"app": "a-database"}}}
        for plural, manifest in (("secrets", secret), ("services", service)):
            name = f"foreign-{plural}"
            metadata = {"name": name, "namespace": self._place.namespace, "labels": FOREIGN_LABELS}
            self._place.create(plural, {"apiVersion": "v1", "metadata": metadata, **manifest})
            self._foreign.append((plural, name, self._text_of(plural, name)))

    def ready(self) -> None:
        """An AudioCast gets its pods, and says when all of them are ready."""
        spec = {
            "image": self._place.images[0],
            "replicas": self._replicas,
            "drain": {"timeoutSeconds": DRAIN_SECONDS},
            "pod": {"resources": {"requests": {"cpu": "100m", "memory": "128Mi"}}},
        }
        self._create("audiocasts", "AudioCast", CAST, spec)
        self._wait_until_complete()
        assert len(self._place.ways(CAST)) == self._replicas

    def key_heard(self) -> None:
        """A Stream gets a Secret, and an encoder with its key is heard at each pod."""
        self._create("streams", "Stream", STREAM, {"audioCast": CAST, "id": STREAM, "title": "News"})
        self._wait(lambda: bool(self._key()), "the Stream's Secret")
        with self._on_air("key heard"):
            pass
        self._hold(most_cuts=0)

    def image_change(self) -> None:
        """All pods are replaced, one after the other, and nobody who stays loses a packet."""
        with self._on_air("image change"):
            self._roll_to(1)
        self._hold(most_cuts=1)

    def undo(self) -> None:
        """A change that is taken back while the first pod drains replaces none."""
        before = self._uids()
        with self._on_air("undo"):
            self._place.change("audiocasts", CAST, {"image": self._place.images[0]})
            self._wait(lambda: bool(self._cast().get("status", {}).get("drain")), "a drain")
            self._place.change("audiocasts", CAST, {"image": self._place.images[1]})
            self._wait_until_complete()
        assert self._uids() == before
        self._hold(most_cuts=1)

    def suspension(self) -> None:
        """A suspended Stream is off the air, at each pod, and comes back with the same key."""
        key = self._key()
        with self._encoder():
            self._wait(lambda: self._state() == "live", "the stream on the air")
            self._place.change("streams", STREAM, {"suspended": True})
            self._wait(lambda: self._state() not in ("live", "held"), "the stream off the air")
            self._wait(lambda: set(self._answers(key)) == {403}, "each pod to refuse the suspended stream")
            self._place.change("streams", STREAM, {"suspended": False})
            self._wait(lambda: self._state() == "live", "the stream on the air again")
        assert self._key() == key

    def key_generation(self) -> None:
        """A key that was replaced stays refused, also by pods that start later."""
        old = self._key()
        self._place.change("streams", STREAM, {"keyGeneration": 2})
        self._wait(lambda: self._key() != old, "another key")
        with self._on_air("key generation"):
            self._wait(lambda: set(self._answers(old)) == {401}, "each pod to refuse the old key")
        self._hold(most_cuts=0)
        with self._on_air("image back"):
            self._roll_to(0)
        self._hold(most_cuts=1)
        self._wait(lambda: set(self._answers(old)) == {401}, "each new pod to refuse the old key")
        # Now no pod is left that has seen the new key in use.
        self._roll_to(1)
        self._wait(
            lambda: set(self._answers(old)) == {401}, "pods that never saw the new key to refuse the old"
        )

    def scale_down(self) -> None:
        """The pod with the highest number goes; who listens elsewhere notices nothing."""
        with self._on_air("scale down"):
            self._place.change("audiocasts", CAST, {"replicas": self._replicas - 1})
            self._wait(lambda: len(self._place.pods(CAST)) == self._replicas - 1, "a pod fewer")
            self._wait_until_complete()
        self._hold(most_cuts=1)

    def uninstall(self) -> None:
        """What was made goes with its owners; what is somebody else's is as it was, to the byte."""
        self._place.delete("streams", STREAM)
        self._place.delete("audiocasts", CAST)
        for plural, name in (("secrets", f"{STREAM}-ingest"), ("services", CAST), ("statefulsets", CAST)):
            self._wait_until_gone(plural, name)
        self._wait(lambda: not self._place.pods(CAST), "the pods to go")
        for plural, name, text in self._foreign:
            assert self._text_of(plural, name) == text, f"{plural}/{name} was changed"
            self._place.delete(plural, name)

    @contextmanager
    def _on_air(self, step: str) -> Iterator[None]:
        """An encoder sends, and people listen through all pods; their row is added at the end."""
        with self._encoder():
            self._wait(lambda: self._state() == "live", "the stream on the air")
            with Audience(partial(self._place.ways, CAST), STREAM, LISTENERS) as audience:
                audience.wait_until_all_hear(HEAR_SECONDS, PATIENCE_SECONDS)
                yield
                audience.wait_until_all_hear(HEAR_SECONDS, PATIENCE_SECONDS)
        self._rows.append((step, audience.missed()))

    @contextmanager
    def _encoder(self) -> Iterator[Encoder]:
        ways = partial(self._place.ways, CAST)
        with Encoder(ways, STREAM, self._key, first_number=self._next_number) as encoder:
            yield encoder
        self._next_number = encoder.next_number

    def _hold(self, *, most_cuts: int) -> None:
        """Hold the last row against what is promised.

        Args:
            most_cuts: How often one pod may have cut one listener.
        """
        step, missed = self._rows[-1]
        assert missed.lost == 0, f"{step}: {missed}"
        assert missed.most_cuts <= most_cuts, f"{step}: {missed}"
        assert missed.longest_pause_seconds < MOST_PAUSE_SECONDS, f"{step}: {missed}"

    def _roll_to(self, image: int) -> None:
        before = self._uids()
        self._place.change("audiocasts", CAST, {"image": self._place.images[image]})
        self._wait_until_complete()
        assert self._uids().isdisjoint(before)

    def _create(self, plural: str, kind: str, name: str, spec: Json) -> None:
        metadata = {"name": name, "namespace": self._place.namespace}
        manifest = {"apiVersion": "audiocast.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}
        self._place.create(plural, manifest)

    def _cast(self) -> Json:
        found = self._place.find("audiocasts", CAST)
        assert found is not None
        return found

    def _wait_until_complete(self) -> None:
        """Wait until the operator says of the present spec that all is as wanted."""

        def is_complete() -> bool:
            cast = self._cast()
            status = cast.get("status", {})
            conditions = {each["type"]: each["status"] for each in status.get("conditions", [])}
            return (
                status.get("observedGeneration") == cast["metadata"]["generation"]
                and conditions.get("Progressing") == "False"
                and conditions.get("Draining") == "False"
                and conditions.get("Degraded") == "False"
                and conditions.get("Available") == "True"
            )

        self._wait(is_complete, "the AudioCast to be as wanted", lambda: str(self._cast().get("status")))

    def _wait_until_gone(self, plural: str, name: str) -> None:
        self._wait(lambda: self._place.find(plural, name) is None, f"{plural}/{name} to go")

    def _key(self) -> str:
        found = self._place.find("secrets", f"{STREAM}-ingest")
        return base64.b64decode(found["data"]["key"]).decode() if found is not None else ""

    def _uids(self) -> set[str]:
        return {pod["metadata"]["uid"] for pod in self._place.pods(CAST).values()}

    def _state(self) -> str:
        """Return the stream's state, as some pod says it; empty when none says any."""
        for port in self._place.ways(CAST).values():
            try:
                answer = requests.get(f"http://127.0.0.1:{port}/api/streams/{STREAM}", timeout=5)
            except requests.RequestException:
                continue
            return str(answer.json().get("state", ""))
        return ""

    def _answers(self, key: str) -> list[int]:
        """Return what each pod says to an encoder with a key."""
        answers = []
        for port in self._place.ways(CAST).values():
            with connect(port) as connection:
                target = f"/ingest/{STREAM}?key={key}"
                connection.sendall(ingest_head(target, "chunked") + b"0\r\n\r\n")
                answers.append(read_answer(connection).status)
        return answers

    def _text_of(self, plural: str, name: str) -> str:
        return json.dumps(self._place.find(plural, name), sort_keys=True)

    def _wait(self, holds: Callable[[], bool], what: str, describe: Callable[[], str] = lambda: "") -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            assert time.monotonic() < deadline, f"expected {what} in {PATIENCE_SECONDS} s; {describe()}"
            time.sleep(LOOK_SECONDS)
