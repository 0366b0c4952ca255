"""The simulated API server: what kopf and lightkube ask, over real HTTP on loopback.

It can be told to answer wrongly (`faults`), and to let its watches die without a word (`frozen`). What it
refuses, Kubernetes 1.36.2 was seen to refuse: numbers in the query that are no int64, with 400; groups that
are not installed, with a 404 in plain text.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from tests.operator.simulated.errors import ApiError
from tests.operator.simulated.eviction import evict
from tests.operator.simulated.permissions import Permissions
from tests.operator.simulated.store import Json, Store

KINDS = {
    "v1": {
        "namespaces": "Namespace",
        "pods": "Pod",
        "services": "Service",
        "secrets": "Secret",
        "events": "Event",
    },
    # kopf waits for this one for ever, and says nothing.
    "apiextensions.k8s.io/v1": {"customresourcedefinitions": "CustomResourceDefinition"},
    "apps/v1": {"statefulsets": "StatefulSet"},
    "policy/v1": {"poddisruptionbudgets": "PodDisruptionBudget"},
    "networking.k8s.io/v1": {"ingresses": "Ingress", "networkpolicies": "NetworkPolicy"},
    "monitoring.coreos.com/v1": {"podmonitors": "PodMonitor"},
    "audiocast.dev/v1alpha1": {"audiocasts": "AudioCast", "streams": "Stream"},
}
# Parameters of a query that API servers parse as int64 (ListOptions of apimachinery's meta/v1).
WHOLE_NUMBERS = ("limit", "timeoutSeconds")
IN_NO_NAMESPACE = frozenset({"customresourcedefinitions", "namespaces"})
VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]


@dataclass
class Fault:
    """Requests that are answered wrongly.

    Attributes:
        method: HTTP method.
        path: A pattern that is somewhere in the path.
        status: What is answered.
        times: How often; it counts down.
        retry_after: Seconds in `Retry-After`; empty: none.
    """

    method: str
    path: str
    status: int
    times: int = 1
    retry_after: str = ""

    def applies_to(self, method: str, path: str) -> bool:
        """Return whether this request gets the fault, and count it down."""
        if self.times > 0 and method == self.method and re.search(self.path, path):
            self.times -= 1
            return True
        return False


@dataclass
class ApiServer:
    """Serves a store.

    Attributes:
        store: What it serves.
        permissions: What the operator's account may do.
        faults: What it answers wrongly; tests append to it.
        frozen: Watches are open and bring nothing.
        absent: Group versions that are not installed, like "monitoring.coreos.com/v1".
        requests: Method and path of all that came.
    """

    store: Store
    permissions: Permissions
    faults: list[Fault] = field(default_factory=list)
    frozen: bool = False
    absent: frozenset[str] = frozenset()
    requests: list[tuple[str, str]] = field(default_factory=list)
    stopping: bool = False

    def start(self) -> None:
        """Listen on a free port of loopback."""
        sockets = bind_sockets(0, "127.0.0.1")
        self.url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
        own = {"api": self}
        self._server = HTTPServer(
            Application(
                [
                    (r"/version", DiscoveryHandler, own),
                    (r"/apis?", DiscoveryHandler, own),
                    (r"/(?:api|apis/[^/]+)/[^/]+", DiscoveryHandler, own),
                    (
                        r"/(?:api|apis/[^/]+)/[^/]+(?:/namespaces/([^/]+))?/([^/]+)(?:/([^/]+)(?:/(status|eviction))?)?",
                        ObjectHandler,
                        own,
                    ),
                ],
                log_function=lambda handler: None,
            )
        )
        self._server.add_sockets(sockets)

    async def stop(self) -> None:
        """Close everything."""
        self.stopping = True
        self.store.wake()
        self._server.stop()
        await self._server.close_all_connections()


class _Handler(RequestHandler):
    api: ApiServer

    def initialize(self, api: ApiServer) -> None:
        self.api = api

    def prepare(self) -> None:
        method, path = self.request.method or "", self.request.path
        self.api.requests.append((method, path))
        for fault in self.api.faults:
            if fault.applies_to(method, path):
                if fault.retry_after:
                    self.set_header("Retry-After", fault.retry_after)
                self._fail(fault.status, "Injected", "as the test wants it")
                return

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs["exc_info"][1]
        if isinstance(error, ApiError):
            self._fail(error.status, error.reason, str(error))
        else:
            super().write_error(status_code, **kwargs)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        if not isinstance(value, ApiError):
            super().log_exception(typ, value, tb)

    def _fail(self, status: int, reason: str, message: str) -> None:
        self.set_status(status)
        said = {"apiVersion": "v1", "kind": "Status", "status": "Failure", "code": status}
        self.finish_json({**said, "reason": reason, "message": message, "metadata": {}, "details": {}})

    def kinds(self) -> dict[str, dict[str, str]]:
        """The kinds that are installed: by group version, plural to kind."""
        return {version: kinds for version, kinds in KINDS.items() if version not in self.api.absent}

    def finish_not_installed(self) -> None:
        self.set_status(404)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish("404 page not found\n")

    def finish_json(self, said: Json) -> None:
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(said))


class DiscoveryHandler(_Handler):
    """What kinds there are."""

    def get(self) -> None:
        path = self.request.path
        if path == "/version":
            self.finish_json({"major": "1", "minor": "37", "gitVersion": "v1.37.0"})
        elif path == "/api":
            self.finish_json({"kind": "APIVersions", "versions": ["v1"]})
        elif path == "/apis":
            groups = [_group(version) for version in self.kinds() if "/" in version]
            self.finish_json({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        else:
            version = path.removeprefix("/apis/").removeprefix("/api/")
            if version not in self.kinds():
                self.finish_not_installed()
                return
            self.finish_json(
                {
                    "kind": "APIResourceList",
                    "groupVersion": version,
                    "resources": [
                        each for plural, kind in KINDS[version].items() for each in _resources(plural, kind)
                    ],
                }
            )


class ObjectHandler(_Handler):
    """Objects of one kind."""

    def prepare(self) -> None:
        """Look at what the account may do, then go on."""
        super().prepare()
        if self._finished:
            return
        namespace, plural, name, status = (each or "" for each in self.path_args)
        version = self.request.path.removeprefix("/api/").removeprefix("/apis/").split(f"/{plural}")[0]
        version = version.split("/namespaces/")[0]
        if plural not in self.kinds().get(version, {}):
            self.finish_not_installed()
            return
        for parameter in WHOLE_NUMBERS:
            number = self.get_query_argument(parameter, "0")
            if not re.fullmatch(r"-?\d{1,18}", number, re.ASCII):
                self._fail(400, "BadRequest", f'strconv.ParseInt: parsing "{number}": invalid syntax')
                return
        group = version.rpartition("/")[0]
        resource = f"{plural}/{status}" if status else plural
        verbs = self._verbs(namespace, plural, name)
        if not all(self.api.permissions.allow(group, resource, verb) for verb in verbs):
            self._fail(403, "Forbidden", f"the account may not {self.request.method} {resource}")

    def _verbs(self, namespace: str, plural: str, name: str) -> list[str]:
        method = self.request.method
        if method == "GET":
            watches = self.get_query_argument("watch", "") in ("1", "true")
            return ["get" if name else "watch" if watches else "list"]
        applies = "apply-patch" in self.request.headers.get("Content-Type", "")
        if method == "PATCH" and applies and self.api.store.find(plural, namespace, name) is None:
            return ["patch", "create"]
        return [{"POST": "create", "PATCH": "patch", "DELETE": "delete"}[method or ""]]

    async def get(self, namespace: str | None, plural: str, name: str | None, _status: str | None) -> None:
        """Get, list or watch."""
        if name:
            self.finish_json(self.api.store.get(plural, namespace or "", name))
        elif self.get_query_argument("watch", "") in ("1", "true"):
            await self._watch(namespace or "", plural)
        else:
            items = self.api.store.all_of(plural, namespace or "", self._labels())
            metadata = {"resourceVersion": str(self.api.store.version)}
            self.finish_json({"kind": "List", "apiVersion": "v1", "metadata": metadata, "items": items})

    def post(self, namespace: str, plural: str, name: str | None, subresource: str | None) -> None:
        """Create; or evict."""
        new = json.loads(self.request.body)
        if subresource == "eviction":
            evict(self.api.store, self.api.store.get(plural, namespace, name or ""), new)
            self.set_status(201)
            self.finish_json({"kind": "Status", "apiVersion": "v1", "status": "Success", "metadata": {}})
            return
        new["metadata"]["namespace"] = namespace
        new["metadata"].setdefault(
            "name", f"{new['metadata'].get('generateName', '')}{len(self.api.store.log)}"
        )
        self.set_status(201)
        self.finish_json(self.api.store.create(plural, new))

    def patch(self, namespace: str, plural: str, name: str, status: str | None) -> None:
        """Patch, in one of the three ways."""
        content_type = self.request.headers.get("Content-Type", "")
        said = json.loads(self.request.body)
        if "apply-patch" in content_type:
            manager = self.get_query_argument("fieldManager")
            self.finish_json(self.api.store.apply(plural, said, manager))
        else:
            self.finish_json(self.api.store.patch(plural, namespace, name, said, status is not None))

    def delete(self, namespace: str, plural: str, name: str, *_: str | None) -> None:
        """Delete."""
        self.api.store.delete(plural, namespace, name)
        self.finish_json({"kind": "Status", "apiVersion": "v1", "status": "Success", "metadata": {}})

    def _labels(self) -> dict[str, str]:
        """Return the labels of the query's selector."""
        selector = self.get_query_argument("labelSelector", "")
        return dict(pair.split("=", 1) for pair in selector.split(",") if pair)

    async def _watch(self, namespace: str, plural: str) -> None:
        store = self.api.store
        since = int(self.get_query_argument("resourceVersion", "0") or 0)
        place = next((i for i, each in enumerate(store.log) if each.version > since), len(store.log))
        self.set_header("Content-Type", "application/json")
        try:
            await self.flush()
            while not self.api.stopping:
                changes, place = store.log[place:], len(store.log)
                for change in changes:
                    if self.api.frozen:
                        continue
                    metadata = change.object["metadata"]
                    is_here = change.plural == plural and namespace in ("", metadata["namespace"])
                    if is_here and self._labels().items() <= metadata.get("labels", {}).items():
                        self.write(json.dumps({"type": change.type, "object": change.object}) + "\n")
                await self.flush()
                if len(store.log) == place:
                    await store.changed()
        except StreamClosedError:
            return


def _group(version: str) -> Json:
    group, _, number = version.partition("/")
    known = {"groupVersion": version, "version": number}
    return {"name": group, "versions": [known], "preferredVersion": known}


def _resources(plural: str, kind: str) -> list[Json]:
    namespaced = plural not in IN_NO_NAMESPACE
    known: Json = {"kind": kind, "namespaced": namespaced, "singularName": kind.lower(), "shortNames": []}
    return [
        {**known, "name": plural, "verbs": VERBS},
        {**known, "name": f"{plural}/status", "verbs": ["patch"]},
    ]
