"""The chart, loaded once: Helm takes longer to load it than to render it."""

import pytest

from tests.helm.chart import Chart
from tests.repo import tree


@pytest.fixture(scope="session")
def chart() -> Chart:
    return Chart(tree.ROOT / "helm" / "audiocast")
