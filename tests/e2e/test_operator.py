"""The operator on a real cluster: an AudioCast's life, step by step, under listeners."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.cluster import Cluster
from tests.e2e.conftest import REPLICAS, image_of
from tests.e2e.image import Image
from tests.e2e.operated.audience import Missed
from tests.e2e.operated.kubectl_place import KubectlPlace
from tests.e2e.operated.steps import OperatorSteps
from tests.e2e.operated.table import table
from tests.e2e.operator_release import OperatorRelease
from tests.repo.tree import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600)]


@pytest.fixture
def place(cluster: Cluster, image: Image, next_image: Image, tmp_path: Path) -> Iterator[KubectlPlace]:
    """A namespace with the operator in it."""
    own = image_of("AUDIOCAST_OPERATOR_IMAGE")
    chart = str(ROOT / "helm" / "audiocast-operator")
    with (
        OperatorRelease(cluster, chart, own, tmp_path),
        KubectlPlace(cluster, (str(image), str(next_image))) as place,
    ):
        yield place


def test_each_step_of_an_audiocasts_life(place: KubectlPlace, capsys: pytest.CaptureFixture[str]) -> None:
    rows: list[tuple[str, Missed]] = []
    try:
        OperatorSteps(place, REPLICAS, rows).take_all()
    finally:
        with capsys.disabled():
            print(f"\n{table(rows)}")
