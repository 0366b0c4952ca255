"""The chart, loaded once, since that takes longer than to render it; and the chart below a parent."""

import shutil
from pathlib import Path

import pytest
import yaml

from tests.helm.chart import Chart, read_values
from tests.repo import tree


@pytest.fixture(scope="session")
def chart() -> Chart:
    return Chart(tree.ROOT / "helm" / "audiocast")


@pytest.fixture
def umbrella(tmp_path: Path) -> Chart:
    """A chart of a platform's own, as `helm dependency build` leaves it, with the server's on a condition."""
    return _below(tmp_path, "audiocast")


@pytest.fixture
def umbrella_of_both(tmp_path: Path) -> Chart:
    """Likewise with the operator's chart as well."""
    return _below(tmp_path, "audiocast", "audiocast-operator")


def _below(folder: Path, *names: str) -> Chart:
    folder /= "radio-platform"
    dependencies = []
    for name in names:
        source = tree.ROOT / "helm" / name
        shutil.copytree(source, folder / "charts" / name)
        version = read_values(source / "Chart.yaml")["version"]
        dependencies.append({"name": name, "version": version, "condition": f"{name}.enabled"})
    about = {"apiVersion": "v2", "name": "radio-platform", "version": "1.0.0", "dependencies": dependencies}
    (folder / "Chart.yaml").write_text(yaml.safe_dump(about))
    # Helm takes a dependency that is off out of the chart that it has loaded: each test has its own.
    return Chart(folder)
