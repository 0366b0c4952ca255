"""What runs beside all tests of this folder: five minutes behind proxies, which the last tests wait for."""

from collections.abc import Iterator

import pytest

from tests.programs.soak import Soak


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that join the soak behind all others; tests/conftest.py keeps the order of a kind."""
    items.sort(key=_joins_the_soak)


def _joins_the_soak(item: pytest.Item) -> bool:
    return "soak" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
def soak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Soak]:
    with Soak(tmp_path_factory.mktemp("soak")) as soak:
        yield soak


@pytest.fixture(scope="session", autouse=True)
def _soak_begins_with_the_first_test(request: pytest.FixtureRequest) -> None:
    """Let it run beside the other tests of the folder, if there is a test that will join it."""
    if any(_joins_the_soak(item) for item in request.session.items):
        request.getfixturevalue("soak")
