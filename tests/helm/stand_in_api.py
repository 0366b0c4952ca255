"""As much of a Kubernetes API as Helm needs to look objects up: discovery, and what a test has put there.

It takes nothing: a release that is rendered against it is a dry run.
"""

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import helm_python
import yaml

from tests.helm.chart import NAMESPACE, RELEASE, Chart, Manifest
from tests.support.http.http_stand_in import serving

# What Helm writes on each object of a release, and wants to find before it takes one over.
OWNED = {"meta.helm.sh/release-name": RELEASE, "meta.helm.sh/release-namespace": NAMESPACE}

KUBECONFIG = yaml.safe_dump({"apiVersion": "v1", "kind": "Config"})


class StandInApi:
    """Objects that are there, for Helm to find.

    Args:
        manifests: The objects, of kinds that the chart makes.
        kinds: (apiVersion, kind) of whatever may be asked for.
    """

    def __init__(self, manifests: Iterable[Manifest], kinds: Iterable[tuple[str, str]]) -> None:
        self._discovery = _discovery(sorted(kinds))
        self.keep(manifests)

    def keep(self, manifests: Iterable[Manifest]) -> None:
        """Have these objects instead of those before."""
        self._objects = {
            f"/{_root(each['apiVersion'])}/namespaces/{NAMESPACE}/{_plural(each['kind'])}"
            f"/{each['metadata']['name']}": each
            for each in manifests
        }

    @contextmanager
    def helm(self) -> Iterator[helm_python.Config]:
        """Give a Helm that looks things up here, while the `with` block runs."""

        def respond(_method: str, path: str, _body: bytes) -> bytes | None:
            found = self._discovery.get(path) or self._objects.get(path)
            return None if found is None else json.dumps(found).encode()

        with (
            serving(respond) as url,
            helm_python.Config(
                kube_apiserver=url,
                kubeconfig_content=KUBECONFIG,
                namespace=NAMESPACE,
                storage_driver="memory",
            ) as config,
        ):
            yield config

    def manifests(self, chart: Chart, values: Mapping[str, Any]) -> list[Manifest]:
        """Give what Helm would apply, with what it finds here in mind."""
        with self.helm() as helm:
            release = helm.install(chart.folder, RELEASE, dict(values), dry_run="server")
        return [manifest for manifest in yaml.safe_load_all(release["manifest"]) if manifest]


def live(chart: Chart, kind: str, values: Manifest | None = None) -> Manifest:
    """Give an object as it is in the cluster after a first installation."""
    manifest = copy.deepcopy(chart.manifest(kind, values))
    manifest["metadata"].setdefault("annotations", {}).update(OWNED)
    return manifest


def discovery(kinds: Iterable[tuple[str, str]], verbs: list[str]) -> dict[str, Any]:
    """Give the answers, by path, that tell what there may be, and what may be done with it."""
    answers = _discovery(kinds)
    for answer in answers.values():
        for resource in answer.get("resources", []):
            resource["verbs"] = verbs
    return answers


def _discovery(kinds: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Give the answers of an API in which things can be looked up."""
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
