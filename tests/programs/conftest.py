"""The order of this folder: the tests that join the five minutes behind proxies come last."""

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put them behind all others; tests/conftest.py keeps the order of a kind."""
    items.sort(key=lambda item: "soak" in getattr(item, "fixturenames", ()))
