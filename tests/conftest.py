"""Settings for every test run. Fixtures live beside the tests that use them."""

from pathlib import Path

import pytest
from hypothesis import settings

# Test machines are shared and noisy: an example that is slow once is no finding.
settings.register_profile("noisy-machine", deadline=None, print_blob=True)
settings.load_profile("noisy-machine")

HERE = Path(__file__).parent
ORDER = ["repo", "unit", "helm", "loadtest", "integration", "client", "cluster", "programs", "browser"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the quick kinds first, and the browser last.

    Playwright's sync API keeps an event loop running in the main thread for as long as its browser is open;
    no asyncio test can run in that time.
    """
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    return ORDER.index(item.path.relative_to(HERE).parts[0])
