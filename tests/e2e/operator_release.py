"""The operator's chart, installed in a namespace, with its CRDs if the cluster has none yet."""

import json
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.e2e.cluster import Cluster
from tests.e2e.image import Image

NAME = "caster"
CRDS = ("audiocasts.audiocast.dev", "streams.audiocast.dev")


class OperatorRelease:
    """Is there while the `with` block runs.

    The CRDs are the cluster's, and somebody else may use them: they go at the end if they came with it.

    Args:
        cluster: Where.
        chart: Folder or address of the chart.
        image: The operator's.
        folder: For its values.
    """

    def __init__(self, cluster: Cluster, chart: str, image: Image, folder: Path) -> None:
        self._cluster = cluster
        self._chart = chart
        self._image = image
        self._values = folder / "operator-values.json"
        self._has_own_crds = False

    def __enter__(self) -> Self:
        there = self._cluster.kubectl("get", "crd", *CRDS, "--ignore-not-found", "--output=name").split()
        self._has_own_crds = not there
        values = {"image": self._image.values, "crds": {"install": self._has_own_crds}, "tickSeconds": 1}
        self._values.write_text(json.dumps(values))
        self._cluster.helm("install", NAME, self._chart, f"--values={self._values}", "--wait")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cluster.helm("uninstall", NAME, "--wait")
        if self._has_own_crds:
            self._cluster.kubectl("delete", "crd", *CRDS, "--ignore-not-found")
