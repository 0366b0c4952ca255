"""A chart of this repository, rendered by Helm itself as a library, with no cluster and no program."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import helm_python
import yaml

from tests.repo import tree

Manifest = dict[str, Any]

RELEASE = "demo"
NAMESPACE = "live"


class Chart:
    """A folder with a chart.

    Args:
        folder: With `Chart.yaml`.
        release: Name of the release that is rendered.
        namespace: Of the release.
    """

    def __init__(self, folder: Path, release: str = RELEASE, namespace: str = NAMESPACE) -> None:
        self.folder = folder
        self._release = release
        self._namespace = namespace
        self._chart = helm_python.Chart.load(folder)

    @property
    def loaded(self) -> helm_python.Chart:
        """The chart as Helm's library has it."""
        return self._chart

    def text(self, values: Mapping[str, Any], template: str) -> str:
        """Give what one template makes.

        Args:
            values: Beside the chart's own.
            template: Path under `templates/`.

        Raises:
            helm_python.HelmError: The values are refused, or the template fails.
        """
        return self._render(values)[f"{self._chart.name}/templates/{template}"]

    def manifests(self, values: Mapping[str, Any] | None = None) -> list[Manifest]:
        """Give all objects of a release.

        Raises:
            helm_python.HelmError: The values are refused, or a template fails.
        """
        return parsed(self._render(values or {}))

    def manifest(self, kind: str, values: Mapping[str, Any] | None = None, name: str = "") -> Manifest:
        """Give the one object of a kind, or the one of them with a name."""
        found = [
            each
            for each in self.manifests(values)
            if each["kind"] == kind and name in ("", each["metadata"]["name"])
        ]
        assert len(found) == 1, f"expected one {kind} {name}, got {len(found)}"
        return found[0]

    def complaints(self, values: Mapping[str, Any]) -> list[str]:
        """Give what `helm lint --strict` finds; that a chart should have an icon is not counted."""
        report = helm_python.lint(self.folder, dict(values), strict=True, namespace=NAMESPACE)
        return [each["error"] for each in report["messages"] if "icon is recommended" not in each["error"]]

    def _render(self, values: Mapping[str, Any]) -> dict[str, str]:
        self._chart.validate_schema(dict(values))
        return self._chart.render(dict(values), name=self._release, namespace=self._namespace)


def parsed(rendered: Mapping[str, str]) -> list[Manifest]:
    """Give the objects in what templates have made, by path."""
    return [
        manifest
        for path, text in rendered.items()
        if path.endswith(".yaml")
        for manifest in yaml.load_all(text, _NoDuplicates)
        if manifest
    ]


class _NoDuplicates(yaml.CSafeLoader):
    """Refuses a key that is there twice; YAML parsers take the last one, and Kubernetes refuses it."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        assert len(keys) == len(set(keys)), f"{node.start_mark}: expected each key once, got {keys}"
        return super().construct_mapping(node, deep)


def ci_files(chart: str) -> list[Path]:
    """Give a chart's examples of values, one a feature."""
    return tree.files("*-values.yaml", under=f"helm/{chart}/ci")


def read_values(path: Path) -> dict[str, Any]:
    """Give the values of a file."""
    values: dict[str, Any] = yaml.safe_load(path.read_text())
    return values


def pod_of(manifest: Manifest) -> Manifest | None:
    """Give the pod that an object is or makes, with metadata and spec; None when it does neither."""
    if manifest["kind"] == "Pod":
        return manifest
    template: Manifest | None = (
        manifest.get("spec", {}).get("template") if manifest["kind"] in MAKERS else None
    )
    return template


MAKERS = frozenset({"StatefulSet", "Deployment", "DaemonSet", "Job"})


def containers_of(pod: Manifest) -> Iterator[Manifest]:
    """Give all containers of a pod."""
    yield from pod["spec"].get("initContainers", [])
    yield from pod["spec"]["containers"]


def fits(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Say whether a selector finds something with these labels."""
    return bool(selector) and selector.items() <= labels.items()
