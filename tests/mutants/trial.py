"""One mutant: the unit tests of its package run in a process that has it, and end at the first that fails.

The process is forked from this one, which has pytest and the libraries in memory and nothing of audiocast. So
most trials take the time of a few tests.
"""

import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.metadata import entry_points
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import CodeType, ModuleType

import pytest

from tests.mutants.mutations import Mutant

ROOT = Path(__file__).parents[2]
LIBRARIES = ["hypothesis.strategies", "structlog", "tornado.httpclient", "tornado.iostream"]


def load_libraries() -> None:
    """Import what every trial needs and no mutant changes."""
    for plugin in entry_points(group="pytest11"):
        if "cloudcoil" not in plugin.value:  # starts clusters; see pyproject.toml
            plugin.load()
    for library in LIBRARIES:
        importlib.import_module(library)
    assert "audiocast" not in sys.modules


def start(tests: Path, mutant: Mutant | None) -> BaseProcess:
    """Start the tests of a folder; the exit code is 0 when all of them pass.

    Args:
        tests: The folder.
        mutant: None for the code as it is.
    """
    process = get_context("fork").Process(target=_run, args=(tests, mutant), daemon=True)
    process.start()
    return process


def _run(tests: Path, mutant: Mutant | None) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    plugins: list[object] = []
    if mutant is not None:
        sys.meta_path.insert(0, _Finder(mutant))
        plugins.append(_NearestFirst(mutant.path.stem))
    options = ["-q", "-x", "--no-cov", "-n0", "-p", "no:cacheprovider"]
    # That pytest's plugins are in memory already is the point.
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning", str(tests)]
    os._exit(int(pytest.main(options, plugins=plugins)))


class _NearestFirst:
    """Puts the tests of the mutant's module first: they are the ones to kill it."""

    def __init__(self, module: str) -> None:
        self._name = f"test_{module}"

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: not item.path.stem.startswith(self._name))


class _Finder:
    """Finds one module, with the mistake in it."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        self._name = ".".join(mutant.path.relative_to(ROOT).with_suffix("").parts)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != self._name:
            return None
        loader = _Loader(name, str(self._mutant.path), self._mutant.source)
        return importlib.util.spec_from_file_location(name, self._mutant.path, loader=loader)


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._source, self.path, "exec", dont_inherit=True)
