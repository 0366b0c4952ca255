"""Settings for every test run. Fixtures live beside the tests that use them."""

from pathlib import Path

import pytest
from hypothesis import settings

# Test machines are shared and noisy: an example that is slow once is no finding.
settings.register_profile("noisy-machine", deadline=None, print_blob=True)
settings.load_profile("noisy-machine")

HERE = Path(__file__).parent
ORDER = [
    "repo",
    "unit",
    "helm",
    "programs",
    "cluster",
    "client",
    "browser",
    "operator",
    "integration",
    "loadtest",
    "e2e",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the quick kinds first, and then the long ones before the short ones: files run two at a time."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    return ORDER.index(item.path.relative_to(HERE).parts[0])
