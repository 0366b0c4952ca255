"""A pytest plugin: files that listen in real time come first at the processors, others use what is left.

With `--realtime-processes N` the first N processes of pytest-xdist begin with the files that hold the marker
`realtime`, and all further ones with the others, each in the order of the collection. Browsers need the most
of a processor at one moment, so one process alone begins with them. A file without the marker runs at low
priority, with all programs that it starts: slower beside sound, and no burden to it.

    process 1           browsers ................... | realtime, then others, when none are left
    processes 2 to N    realtime, realtime, realtime | others, then browsers
    further ones        others, others, others ..... | realtime, then browsers

Only root may raise the priority of a process again; without that right, the last line's end stays low.
"""

import contextlib
import os
import re
from collections.abc import Generator
from enum import Enum
from functools import cache
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

OPTION = "--realtime-processes"
# Where the tests of pages are.
BROWSER = "browser"
# As in `pytest.mark.realtime`, of a module or of one test in it.
MARKED = re.compile(r"\bmark\.realtime\b")
# Beside a program that wants the same processor, one with ten more gets a tenth: sched(7), nice values.
LOWER_BY = 10


class Kind(Enum):
    """What is told apart."""

    BROWSER = "browser"
    REALTIME = "realtime"
    OTHER = "other"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option; see the module head."""
    parser.addoption(
        OPTION, type=int, default=0, metavar="N", help="processes that begin with what is marked realtime"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Plan the files in the process that leads the run, and set priorities in the others."""
    if config.getoption(OPTION):
        config.pluginmanager.register(Priorities(), "priorities")


class Priorities:
    """Hands out files by kind, and lowers the priority of those that can wait."""

    def __init__(self) -> None:
        self._usual = os.getpriority(os.PRIO_PROCESS, 0)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Producer) -> "PriorityScheduling":
        """Replace `--dist=loadfile` by its twin that knows two kinds of files."""
        return PriorityScheduling(config, log)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Set the priority of this process, if it is one of several, before each test."""
        if hasattr(item.config, "workerinput"):
            lower_by = 0 if is_realtime(item.path) else LOWER_BY
            with contextlib.suppress(PermissionError):
                os.setpriority(os.PRIO_PROCESS, 0, self._usual + lower_by)
        return (yield)


class PriorityScheduling(LoadFileScheduling):  # type: ignore[misc]
    """`loadfile`, but each process prefers files of its kind; of these, those that were collected first."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        number = self.nodes.index(node)
        is_first = number < self.config.getoption(OPTION)
        order = [Kind.REALTIME, Kind.OTHER] if is_first else [Kind.OTHER, Kind.REALTIME]
        order.insert(0 if number == 0 else len(order), Kind.BROWSER)
        file = min(self.workqueue, key=lambda file: order.index(kind_of(self.config.rootpath / file)))
        self.workqueue.move_to_end(file, last=False)
        super()._assign_work_unit(node)


def kind_of(path: Path) -> Kind:
    """Return the kind of a file of tests."""
    if not is_realtime(path):
        return Kind.OTHER
    return Kind.BROWSER if BROWSER in path.parts else Kind.REALTIME


@cache
def is_realtime(path: Path) -> bool:
    """Tell whether a file of tests holds the marker. Blocks for a read, once for each file."""
    return bool(MARKED.search(path.read_text()))
