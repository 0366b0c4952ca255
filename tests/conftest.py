"""Settings for every test run. Fixtures live beside the tests that use them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.programs.soak import Soak

# Test machines are shared and noisy: an example that is slow once is no finding.
settings.register_profile("noisy-machine", deadline=None, print_blob=True)
settings.load_profile("noisy-machine")

HERE = Path(__file__).parent
QUICK_FIRST = ["repo", "unit", "client", "integration", "programs"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the quick kinds first, and the browser last.

    Playwright's sync API keeps an event loop running in the main thread for as long as its browser is open;
    no asyncio test can run in that time.
    """
    items.sort(key=_place)


@pytest.fixture(scope="session")
def soak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Soak]:
    """Five minutes behind proxies, which run beside all other tests."""
    with Soak(tmp_path_factory.mktemp("soak")) as soak:
        yield soak


@pytest.fixture(scope="session", autouse=True)
def _soak_begins_with_the_first_test(request: pytest.FixtureRequest) -> None:
    """Begin, if there is a test that will join it: nobody waits for five minutes then."""
    if any("soak" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("soak")


def _place(item: pytest.Item) -> int:
    kind = item.path.relative_to(HERE).parts[0]
    return QUICK_FIRST.index(kind) if kind in QUICK_FIRST else len(QUICK_FIRST)
