"""As much of a Kubernetes API as Helm needs to look objects up: discovery, and what a test has put there.

It takes nothing: a release that is rendered against it is a dry run.
"""

import json
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self

import helm_python
import yaml

from tests.helm.chart import NAMESPACE, RELEASE, Chart, Manifest

OWNED = {"meta.helm.sh/release-name": RELEASE, "meta.helm.sh/release-namespace": NAMESPACE}
"""What Helm writes on each object of a release, and wants to find before it takes one over."""

KUBECONFIG = yaml.safe_dump({"apiVersion": "v1", "kind": "Config"})


class StandInApi:
    """Answers on a free port while the `with` block runs.

    Args:
        manifests: Objects that are there, of kinds that the chart makes.
        kinds: (apiVersion, kind) of whatever may be asked for.
    """

    def __init__(self, manifests: Iterable[Manifest], kinds: Iterable[tuple[str, str]]) -> None:
        self._answers = _discovery(sorted(kinds))
        for manifest in manifests:
            name = manifest["metadata"]["name"]
            path = (
                f"/{_root(manifest['apiVersion'])}/namespaces/{NAMESPACE}/{_plural(manifest['kind'])}/{name}"
            )
            self._answers[path] = manifest
        answers = self._answers

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer = answers.get(self.path.partition("?")[0])
                body = json.dumps(answer or {"kind": "Status", "code": 404, "reason": "NotFound"}).encode()
                self.send_response(200 if answer else 404)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Be quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def manifests(self, chart: Chart, values: Mapping[str, Any]) -> list[Manifest]:
        """Give what Helm would apply, with what it finds here in mind."""
        url = f"http://127.0.0.1:{self._server.server_port}"
        with helm_python.Config(
            kube_apiserver=url, kubeconfig_content=KUBECONFIG, namespace=NAMESPACE, storage_driver="memory"
        ) as config:
            release = config.install(chart.folder, RELEASE, dict(values), dry_run="server")
        return [manifest for manifest in yaml.safe_load_all(release["manifest"]) if manifest]


def _discovery(kinds: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Give the answers, by path, that tell what there may be."""
    by_version: dict[str, list[str]] = {}
    for api_version, kind in kinds:
        by_version.setdefault(api_version, []).append(kind)
    groups = []
    answers: dict[str, Any] = {
        "/version": {"major": "1", "minor": "36", "gitVersion": "v1.36.0"},
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/openapi/v3": {
            "paths": {_root(each): {"serverRelativeURL": f"/openapi/v3/{_root(each)}"} for each in by_version}
        },
    }
    for api_version, names in by_version.items():
        group, _, version = api_version.rpartition("/")
        if group:
            entry = {"groupVersion": api_version, "version": version}
            groups.append({"name": group, "versions": [entry], "preferredVersion": entry})
        resources = [
            {"name": _plural(kind), "kind": kind, "namespaced": True, "verbs": ["get", "patch"]}
            for kind in names
        ]
        answers[f"/{_root(api_version)}"] = {
            "kind": "APIResourceList",
            "groupVersion": api_version,
            "resources": resources,
        }
        # With it Helm leaves the check of fields to the server.
        validates = {"parameters": [{"name": "fieldValidation", "in": "query"}], "responses": {}}
        paths = {
            f"/{kind}": {
                "patch": {
                    **validates,
                    "x-kubernetes-group-version-kind": {"group": group, "version": version, "kind": kind},
                }
            }
            for kind in names
        }
        info = {"title": "stand-in", "version": "1"}
        answers[f"/openapi/v3/{_root(api_version)}"] = {"openapi": "3.0.0", "info": info, "paths": paths}
    answers["/apis"] = {"kind": "APIGroupList", "groups": groups}
    return answers


def _root(api_version: str) -> str:
    return f"apis/{api_version}" if "/" in api_version else f"api/{api_version}"


def _plural(kind: str) -> str:
    lower = kind.lower()
    return f"{lower[:-1]}ies" if lower.endswith("y") else f"{lower}s"
