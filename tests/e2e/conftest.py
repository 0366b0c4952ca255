"""What is tried, and where: read from the environment, as `make e2e` sets it."""

import os
from collections.abc import Iterator

import pytest

from tests.e2e.cluster import Cluster
from tests.e2e.image import Image
from tests.e2e.release import Release
from tests.repo.tree import ROOT

REPLICAS = 3


def image_of(variable: str) -> Image:
    """Return the image that a variable of the environment names."""
    name = os.environ.get(variable, "")
    assert name, f"expected {variable} to name an image that the cluster can pull, as REPOSITORY:TAG"
    return Image.parse(name)


@pytest.fixture(scope="session")
def image() -> Image:
    """The image that is installed."""
    return image_of("AUDIOCAST_IMAGE")


@pytest.fixture(scope="session")
def next_image() -> Image:
    """The image that it is rolled to."""
    name = os.environ.get("AUDIOCAST_NEXT_IMAGE", "")
    assert name, "expected AUDIOCAST_NEXT_IMAGE to name another image, or the same under another tag"
    return Image.parse(name)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A namespace that is there for this run only."""
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def release(cluster: Cluster, image: Image, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The chart, installed and ready."""
    chart = os.environ.get("AUDIOCAST_CHART") or str(ROOT / "helm" / "audiocast")
    release = Release(cluster, chart, tmp_path_factory.mktemp("values"))
    release.install(image, replicas=REPLICAS)
    return release
