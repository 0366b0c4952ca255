"""The simulated API server: what the operator asks, over real HTTP on loopback.

It can be told to answer wrongly (`faults`), and to let its watches die without a word (`frozen`). All else
it answers as Kubernetes 1.36.2 was seen to answer: tests/operator/test_real_answers.py holds it to 90
requests to a real one. Where in doubt, it refuses.
"""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from tests.operator.simulated import pod_security
from tests.operator.simulated.errors import (
    ApiError,
    BadRequest,
    Forbidden,
    Invalid,
    NotServed,
    UnsupportedMediaType,
)
from tests.operator.simulated.eviction import evict
from tests.operator.simulated.faults import HANGS_LATER, Fault
from tests.operator.simulated.fields import strange_fields
from tests.operator.simulated.kinds import Served
from tests.operator.simulated.permissions import Permissions
from tests.operator.simulated.query import continue_after, parse
from tests.operator.simulated.store import Json, Store
from tests.operator.simulated.watching import watch

VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]
APPLY, MERGE, JSON_PATCH = (
    "application/apply-patch+yaml",
    "application/merge-patch+json",
    "application/json-patch+json",
)


@dataclass
class ApiServer:
    """Serves a store.

    Attributes:
        store: What it serves.
        permissions: What the operator's account may do.
        faults: What it answers wrongly; tests append to it.
        frozen: Watches are open and bring nothing.
        absent: Group versions that are not installed, like "monitoring.coreos.com/v1".
        tokens: The tokens of that account.
        impersonated: What accounts may do that a request names in `Impersonate-User`.
        requests: Method and path of all that came.
    """

    store: Store
    permissions: Permissions
    faults: list[Fault] = field(default_factory=list)
    frozen: bool = False
    absent: frozenset[str] = frozenset()
    tokens: tuple[str, ...] = ("a-token",)
    impersonated: dict[str, Permissions] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    stopping: bool = False

    def start(self) -> None:
        """Listen on a free port of loopback."""
        sockets = bind_sockets(0, "127.0.0.1")
        self.url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
        own = {"api": self}
        whole = r"/(api|apis/[^/]+)/([^/]+)(?:/namespaces/([^/]+))?/([^/]+)(?:/([^/]+)(?:/([^/]+))?)?"
        self._server = HTTPServer(
            Application(
                [
                    (r"/version", DiscoveryHandler, own),
                    (r"/apis?", DiscoveryHandler, own),
                    (r"/(?:api|apis/[^/]+)/[^/]+", DiscoveryHandler, own),
                    (r"/(api)/(v1)/()(namespaces)(?:/([^/]+)(?:/(status))?)?", ObjectHandler, own),
                    (whole, ObjectHandler, own),
                ],
                log_function=lambda handler: None,
            )
        )
        self._server.add_sockets(sockets)

    def served(self) -> dict[str, dict[str, Served]]:
        """Return the kinds that are installed: by group version, then by plural."""
        found: dict[str, dict[str, Served]] = {}
        for plural, each in self.store.kinds.items():
            if each.version not in self.absent:
                found.setdefault(each.version, {})[plural] = each
        return found

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

    async def prepare(self) -> None:
        method, path = self.request.method or "", self.request.path
        self.api.requests.append((method, path))
        for fault in self.api.faults:
            if fault.applies_to(method, path, self.request.query):
                if fault.hangs:
                    await self._hang(fault)
                self._finish_wrongly(fault)
                return
        token = self.request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.api.tokens:
            self._fail(401, "Unauthorized", "Unauthorized")

    async def _hang(self, fault: Fault) -> None:
        """Hold the connection until the fault is gone."""
        if fault.hangs == HANGS_LATER:
            self.set_header("Content-Type", "application/json")
            await self.flush()
        while fault in self.api.faults and not self.api.stopping:
            await asyncio.sleep(0.05)

    def _finish_wrongly(self, fault: Fault) -> None:
        if fault.retry_after:
            self.set_header("Retry-After", fault.retry_after)
        if not fault.status:
            self._finished = True
            self.request.connection.detach().close()  # type: ignore[union-attr]
        elif fault.is_text:
            self.set_status(fault.status)
            self.finish_text()
        else:
            self._fail(fault.status, "Injected", "as the test wants it")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs["exc_info"][1]
        if isinstance(error, NotServed):
            self.set_status(404)
            self.finish_text()
        elif isinstance(error, ApiError):
            self._fail(error.status, error.reason, str(error), error.details)
        else:
            super().write_error(status_code, **kwargs)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        if not isinstance(value, ApiError):
            super().log_exception(typ, value, tb)

    def _fail(self, status: int, reason: str, message: str, details: Json | None = None) -> None:
        self.set_status(status)
        said: Json = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        said |= {"message": message}
        said |= {"reason": reason} if reason else {}
        self.finish_json({**said, **({"details": details} if details else {}), "code": status})

    def finish_text(self) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish("404 page not found\n")

    def finish_json(self, said: Json) -> None:
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(said))


class DiscoveryHandler(_Handler):
    """What kinds there are."""

    def get(self) -> None:
        path, served = self.request.path, self.api.served()
        if path == "/version":
            self.finish_json({"major": "1", "minor": "36", "gitVersion": "v1.36.2"})
        elif path == "/api":
            self.finish_json({"kind": "APIVersions", "versions": ["v1"]})
        elif path == "/apis":
            groups = [_group(version) for version in served if "/" in version]
            self.finish_json({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        else:
            version = path.removeprefix("/apis/").removeprefix("/api/")
            if version not in served:
                raise NotServed(version)
            resources = [resource for each in served[version].values() for resource in _resources(each)]
            said = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version}
            self.finish_json({**said, "resources": resources})


class ObjectHandler(_Handler):
    """Objects of one kind."""

    served: Served
    namespace: str
    name: str
    subresource: str

    async def prepare(self) -> None:
        """Look at what the account may do, then on what kind it is."""
        await super().prepare()
        if self._finished:
            return
        root, version, self.namespace, plural, self.name, self.subresource = (
            each or "" for each in self.path_args
        )
        whole = version if root == "api" else f"{root.removeprefix('apis/')}/{version}"
        asked = self.api.store.kinds.get(plural, Served(whole, plural, plural))
        self._authorize(Served(whole, plural, asked.name))
        served = self.api.served().get(whole, {}).get(plural)
        if served is None or (self.subresource and self.subresource not in served.subresources):
            raise NotServed(plural)
        self.served = served

    def _authorize(self, asked: Served, verb: str = "") -> None:
        """Refuse what the account may not do.

        Args:
            asked: The kind, which need not be there.
            verb: What is done; empty: what the request's method means.

        Raises:
            Forbidden: It may not.
        """
        user = self.request.headers.get("Impersonate-User", "")
        account = self.api.impersonated[user] if user else self.api.permissions
        verb = verb or self._verb()
        resource = f"{asked.plural}/{self.subresource}" if self.subresource else asked.plural
        if account.allow(asked.group, resource, verb):
            return
        named = f'{asked.resource} "{self.name}"' if self.name else asked.resource
        where = f'in API group "{asked.group}" in the namespace "{self.namespace}"'
        told = f'{named} is forbidden: User "{account.name}" cannot {verb} resource "{resource}" {where}'
        raise Forbidden(told, name=self.name, group=asked.group, kind=asked.plural)

    def _verb(self) -> str:
        if self.request.method == "GET":
            watches = self.get_query_argument("watch", "") in ("1", "true")
            return "get" if self.name else "watch" if watches else "list"
        return {"POST": "create", "PATCH": "patch", "DELETE": "delete"}[self.request.method or ""]

    async def get(self, *_: str | None) -> None:
        """Get, list or watch."""
        store, plural = self.api.store, self.served.plural
        if self.name:
            found = store.get(plural, self.namespace, self.name)
            self.finish_json(_scale(found, self.served) if self.subresource == "scale" else found)
            return
        query = parse(plural, self.get_query_argument)
        if query.is_watch:
            await watch(self, self.api, self.served, self.namespace, query)
            return
        found_all = [each for each in store.all_of(plural, self.namespace) if query.selects(each)]
        rest = [each for each in found_all if each["metadata"]["name"] > query.start]
        page = rest[: query.limit] if query.limit else rest
        metadata: Json = {"resourceVersion": str(store.version)}
        if len(page) < len(rest):
            metadata["continue"] = continue_after(page[-1]["metadata"]["name"])
            metadata["remainingItemCount"] = len(rest) - len(page)
        said = {"kind": f"{self.served.name}List", "apiVersion": self.served.version, "metadata": metadata}
        self.finish_json({**said, "items": page})

    def post(self, *_: str | None) -> None:
        """Create; or evict."""
        new = self._body()
        store = self.api.store
        if self.subresource == "eviction":
            evict(store, store.get("pods", self.namespace, self.name), new)
            self.set_status(201)
            self.finish_json(
                {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
            )
            return
        metadata = new["metadata"]
        metadata["namespace"] = self.namespace
        metadata.setdefault("name", f"{metadata.get('generateName', '')}{len(store.log)}")
        self._warn_of_strange_fields(new)
        self.set_status(201)
        self.finish_json(store.create(self.served.plural, new, self._manager()))

    def patch(self, *_: str | None) -> None:
        """Patch, in one of the three ways."""
        content_type = self.request.headers.get("Content-Type", "")
        if content_type not in (APPLY, MERGE, JSON_PATCH):
            raise UnsupportedMediaType("415: Unsupported Media Type")
        if self.subresource == "scale":
            self._scale(content_type)
            return
        said = self._body()
        if content_type == APPLY:
            self._apply(said)
            return
        manager = self._manager()
        where = (self.served.plural, self.namespace, self.name)
        self.finish_json(self.api.store.patch(*where, said, self.subresource == "status", manager))

    def delete(self, *_: str | None) -> None:
        """Delete."""
        options = json.loads(self.request.body or b"{}")
        uid = options.get("preconditions", {}).get("uid", "")
        gone = self.api.store.delete(self.served.plural, self.namespace, self.name, uid)
        details = {"name": self.name, "group": self.served.group, "kind": self.served.plural}
        told = {name: value for name, value in details.items() if value} | {"uid": gone["metadata"]["uid"]}
        said = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": told}
        self.finish_json(said)

    def _body(self) -> Any:
        try:
            return json.loads(self.request.body)
        except ValueError as error:
            told = f"the object provided is unrecognized (must be of type {self.served.name}): {error}"
            raise BadRequest(told) from error

    def _manager(self) -> str:
        """Return who writes: the query's word, else the program's, as a real API server takes it."""
        agent = self.request.headers.get("User-Agent", "").partition("/")[0]
        return self.get_query_argument("fieldManager", "") or agent or "unknown"

    def _apply(self, said: Json) -> None:
        store, served = self.api.store, self.served
        manager = self.get_query_argument("fieldManager", "")
        if not manager:
            cause = {
                "reason": "FieldValueRequired",
                "message": "Required value: is required for apply patch",
                "field": "fieldManager",
            }
            told = f'PatchOptions.meta.k8s.io "" is invalid: fieldManager: {cause["message"]}'
            raise Invalid(told, group="meta.k8s.io", kind="PatchOptions", causes=[cause])
        if (said.get("apiVersion"), said.get("kind")) != (served.version, served.name):
            raise BadRequest(f"invalid object type: /{said.get('apiVersion')}, Kind={said.get('kind')}")
        metadata = said.setdefault("metadata", {})
        if metadata.setdefault("name", self.name) != self.name:
            named = f"the name of the object ({metadata['name']})"
            raise BadRequest(f"{named} does not match the name on the URL ({self.name})")
        if metadata.setdefault("namespace", self.namespace) != self.namespace:
            raise BadRequest("the namespace of the object does not match the namespace on the URL")
        is_new = store.find(served.plural, self.namespace, self.name) is None
        if is_new:
            self._authorize(served, "create")
        force = self.get_query_argument("force", "false") in ("1", "true")
        made = store.apply(served.plural, said, manager, force=force)
        self._warn_of_pod_security(made)
        self.set_status(201 if is_new else 200)
        self.finish_json(made)

    def _scale(self, content_type: str) -> None:
        said = self._body()
        if content_type != MERGE or set(said) != {"spec"}:
            raise UnsupportedMediaType("not simulated: a scale that is no merge patch of its spec")
        replicas = int(said["spec"]["replicas"])
        where = (self.served.plural, self.namespace, self.name)
        self.finish_json(_scale(self.api.store.scale(*where, replicas, self._manager()), self.served))

    def _warn_of_strange_fields(self, new: Json) -> None:
        """Say which fields are dropped; refuse them if that is asked for."""
        strange = [each.lstrip(".") for each in strange_fields(self.served.fields, new)]
        if strange and self.get_query_argument("fieldValidation", "Warn") == "Strict":
            told = f'strict decoding error: unknown field "{strange[0]}"'
            version, kind = self.served.version.rpartition("/")[2], self.served.name
            raise BadRequest(f'{kind} in version "{version}" cannot be handled as a {kind}: {told}')
        for each in strange:
            self._warn(f'unknown field "{each}"')

    def _warn_of_pod_security(self, made: Json) -> None:
        template = made.get("spec", {}).get("template", {}).get("spec") if "spec" in made else None
        if template is None:
            return
        namespace = self.api.store.get("namespaces", "", self.namespace)
        if told := pod_security.violations(namespace, pod_security.WARNED, template):
            self._warn(f"would {told}")

    def _warn(self, text: str) -> None:
        self.add_header("Warning", f"299 - {json.dumps(quote(text, safe=' !=:()[],./*-+'))}")


def _scale(found: Json, served: Served) -> Json:
    """Return the Scale of an object: its replicas, and its selector where the kind has one."""
    metadata = {
        name: each
        for name, each in found["metadata"].items()
        if name in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    }
    status: Json = {"replicas": found.get("status", {}).get("replicas", 0)}
    if served.plural == "statefulsets":
        labels = found["spec"]["selector"]["matchLabels"]
        status["selector"] = ",".join(f"{name}={value}" for name, value in labels.items())
    elif found.get("status", {}).get("selector"):
        status["selector"] = found["status"]["selector"]
    spec = {"replicas": found["spec"].get("replicas", 0)}
    said = {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata}
    return {**said, "spec": spec, "status": status}


def _group(version: str) -> Json:
    group, _, number = version.partition("/")
    known = {"groupVersion": version, "version": number}
    return {"name": group, "versions": [known], "preferredVersion": known}


def _resources(served: Served) -> list[Json]:
    known: Json = {"kind": served.name, "namespaced": served.is_namespaced}
    whole = {**known, "name": served.plural, "singularName": served.name.lower(), "verbs": VERBS}
    below = [
        {**known, "name": f"{served.plural}/{each}", "singularName": "", "verbs": ["get", "patch", "update"]}
        for each in served.subresources
    ]
    return [whole, *below]
