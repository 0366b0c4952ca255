"""A Kubernetes API that keeps what Helm applies, and knows who owns a StatefulSet's number of pods.

It takes server-side apply alone, as Helm 4 asks for it. What it does with owners was seen at Kubernetes
1.36.2: a number that a scaler has changed is the scaler's; who applies another one without force gets a
conflict, with the words below; who applies none leaves it alone. That a number which its last owner gives up
becomes the default again, 1, is in kubernetes.io/docs/reference/using-api/server-side-apply.
"""

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

import helm_python

from tests.helm.chart import NAMESPACE, Manifest
from tests.helm.stand_in_api import KUBECONFIG, discovery
from tests.support.http.http_stand_in import Answer, Request, answering

SCALER = "kube-controller-manager"
APPLY = "application/apply-patch+yaml"
REPLICAS: Manifest = {"f:spec": {"f:replicas": {}}}

Owner = tuple[str, str]


class KeepingApi:
    """Objects that Helm makes and changes, beside one who scales.

    Args:
        kinds: (apiVersion, kind) of whatever may be asked for.
    """

    def __init__(self, kinds: Iterable[tuple[str, str]]) -> None:
        verbs = ["create", "delete", "get", "list", "patch", "update", "watch"]
        self._discovery = discovery(sorted(kinds), verbs)
        self._objects: dict[str, Manifest] = {}

    @contextmanager
    def helm(self) -> Iterator[helm_python.Config]:
        """Give a Helm that works here and remembers its releases, while the `with` block runs."""
        with (
            answering(self._answer) as url,
            helm_python.Config(
                kube_apiserver=url,
                kubeconfig_content=KUBECONFIG,
                namespace=NAMESPACE,
                storage_driver="memory",
            ) as config,
        ):
            yield config

    def replicas(self, name: str) -> int:
        """Give a StatefulSet's number of pods."""
        number: int = self._objects[_path(name)]["spec"]["replicas"]
        return number

    def scale(self, name: str, replicas: int, manager: str = SCALER) -> None:
        """Scale by the subresource, as an autoscaler does."""
        live = self._objects[_path(name)]
        if live["spec"]["replicas"] == replicas:
            return
        live["spec"]["replicas"] = replicas
        _own(live, {(manager, "Update")})

    def hand_over(self, name: str, manager: str) -> None:
        """Apply the number of pods as it is, in one's own name."""
        live = self._objects[_path(name)]
        _own(live, {*_owners(live), (manager, "Apply")})

    def _answer(self, request: Request) -> Answer:
        path, _, query = request.path.partition("?")
        match request.method:
            case "GET" if path in self._discovery:
                return Answer(200, json.dumps(self._discovery[path]).encode())
            case "GET" | "DELETE" if path not in self._objects:
                return _refusal(404, "NotFound", f"{path} not found")
            case "DELETE":
                return _object(self._objects.pop(path))
            case "GET":
                return _object(self._objects[path])
            case "PATCH" if request.content_type == APPLY:
                options = {name: values[-1] for name, values in parse_qs(query).items()}
                return self._apply(path, json.loads(request.body), options)
        return _refusal(415, "UnsupportedMediaType", f"{request.method} {request.content_type}")

    def _apply(self, path: str, given: Manifest, options: Mapping[str, str]) -> Answer:
        new = copy.deepcopy(given)
        new["metadata"] |= {"uid": path, "resourceVersion": "1"}
        if given["kind"] == "StatefulSet":
            me: Owner = (options["fieldManager"], "Apply")
            live = self._objects.get(path)
            others = _owners(live) - {me} if live else set()
            says = given["spec"].get("replicas")
            if live and says not in (None, live["spec"]["replicas"]) and others:
                if options.get("force") != "true":
                    names = "; ".join(name for name, _ in sorted(others))
                    message = f'Apply failed with 1 conflict: conflict with "{names}": .spec.replicas'
                    return _refusal(409, "Conflict", message)
                others = set()
            if says is None:
                new["spec"]["replicas"] = live["spec"]["replicas"] if live and others else 1
            new["metadata"]["managedFields"] = [
                {"manager": me[0], "operation": "Apply", "fieldsV1": {"f:spec": {"f:template": {}}}}
            ]
            _own(new, others if says is None else {*others, me})
        self._objects[path] = new
        return _object(new)


def _owners(live: Manifest) -> set[Owner]:
    """Give who owns the number of pods."""
    return {
        (entry["manager"], entry["operation"])
        for entry in live["metadata"]["managedFields"]
        if "f:replicas" in entry["fieldsV1"]["f:spec"]
    }


def _own(live: Manifest, owners: set[Owner]) -> None:
    """Make these the owners of the number of pods; whoever owns the pods' template stays in the list."""
    entries = live["metadata"]["managedFields"]
    for entry in entries:
        entry["fieldsV1"]["f:spec"].pop("f:replicas", None)
    entries[:] = [entry for entry in entries if entry["fieldsV1"]["f:spec"]]
    for manager, operation in sorted(owners):
        for entry in entries:
            if (entry["manager"], entry["operation"]) == (manager, operation):
                entry["fieldsV1"]["f:spec"]["f:replicas"] = {}
                break
        else:
            new = {"manager": manager, "operation": operation, "fieldsV1": copy.deepcopy(REPLICAS)}
            if operation == "Update":
                new["subresource"] = "scale"
            entries.append(new)


def _path(name: str) -> str:
    return f"/apis/apps/v1/namespaces/{NAMESPACE}/statefulsets/{name}"


def _object(found: Any) -> Answer:
    return Answer(200, json.dumps(found).encode())


def _refusal(status: int, reason: str, message: str) -> Answer:
    said = {
        "apiVersion": "v1",
        "kind": "Status",
        "status": "Failure",
        "reason": reason,
        "code": status,
        "message": message,
    }
    return Answer(status, json.dumps(said).encode())
