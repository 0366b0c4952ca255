"""Settings for every test run. Fixtures live beside the tests that use them."""

from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

# Test machines are shared and noisy: an example that is slow once is no finding.
settings.register_profile("noisy-machine", deadline=None, print_blob=True)
settings.load_profile("noisy-machine")

pytest_plugins = [
    "tests.support.run.file_seconds",
    "tests.support.run.first_collection",
    "tests.support.run.late_grammar",
    "tests.support.run.priority",
    "tests.support.run.second_tries",
    "tests.support.run.untraced",
]

HERE = Path(__file__).parent
# A minute or more each, much of it waiting: beside all the rest, and not after it. Longest first.
LONG = [
    Path("programs", "test_five_minutes.py"),
    Path("browser", "test_live_player.py"),
    Path("client", "engine", "test_long_broadcast.py"),
    Path("operator", "scenarios", "test_isolation.py"),
    Path("browser", "test_listen_page.py"),
    Path("client", "window", "test_window.py"),
    Path("programs", "odd_sources", "test_odd_sources.py"),
    Path("cluster", "hostile", "test_hostile.py"),
    Path("browser", "test_live_modules.py"),
    Path("browser", "test_hls_players.py"),
    Path("operator", "scenarios", "test_e2e_steps.py"),
    Path("cluster", "webhooks", "test_owner_gone.py"),
    Path("loadtest", "test_compare.py"),
    Path("browser", "test_disturbances.py"),
    Path("client", "test_make_run.py"),
    Path("integration", "webhooks", "test_receivers.py"),
    Path("cluster", "audience", "test_truth.py"),
    Path("operator", "scenarios", "test_every_refusal.py"),
    Path("operator", "scenarios", "test_ownership.py"),
    Path("integration", "sources", "test_hostile_sources.py"),
    Path("cluster", "test_rolling_restart.py"),
    Path("cluster", "test_owner_killed.py"),
]
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
    "release",
    "contract",
    "fuzz",
    "loadtest",
    "e2e",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the files that wait long first, then the quick kinds, then long ones before short ones."""
    items.sort(key=lambda item: _place(item.path))


@cache
def _place(path: Path) -> tuple[int, int]:
    file = path.relative_to(HERE)
    return LONG.index(file) if file in LONG else len(LONG), ORDER.index(file.parts[0])
