"""A pytest plugin: `--file-seconds N` prints the N files that took longest, fixtures included.

Beside the seconds stand those of the processors, of the tests and of all processes that they have started and
awaited: a file that only waits can run beside others, one that computes cannot.
"""

import os
from collections import defaultdict
from collections.abc import Generator

import pytest
from _pytest.terminal import TerminalReporter

from tests.support.processes.forked import ForkedServer

OPTION = "--file-seconds"
# Attribute of a report.
PROCESSOR_SECONDS = "processor_seconds"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option; see the module head."""
    parser.addoption(OPTION, type=int, default=0, metavar="N", help="print the N files that took longest")


def pytest_configure(config: pytest.Config) -> None:
    """Watch the tests, in each process that runs some."""
    config.pluginmanager.register(ProcessorSeconds(), "processor-seconds")


class ProcessorSeconds:
    """Adds the attribute `processor_seconds` to each report: of one phase of a test."""

    def __init__(self) -> None:
        self._before = _processor_seconds()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add what the processors have worked since the phase before."""
        report = yield
        now = _processor_seconds()
        setattr(report, PROCESSOR_SECONDS, now - self._before)
        self._before = now
        return report


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Print the table: seconds, seconds of the processors, and name of each file."""
    seconds: defaultdict[str, float] = defaultdict(float)
    processors: defaultdict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                file = report.nodeid.partition("::")[0]
                seconds[file] += report.duration
                processors[file] += getattr(report, PROCESSOR_SECONDS, 0.0)
    longest = sorted(seconds.items(), key=lambda item: -item[1])[: config.getoption(OPTION)]
    if longest:
        terminalreporter.section("files that took longest: seconds, and seconds of the processors")
    for file, total in longest:
        terminalreporter.line(f"{total:8.1f} s {processors[file]:8.1f} s  {file}")
    if longest:
        terminalreporter.line(f"{sum(seconds.values()):8.1f} s {sum(processors.values()):8.1f} s  all files")


def _processor_seconds() -> float:
    times = os.times()
    own = times.user + times.system + times.children_user + times.children_system
    return own + ForkedServer.processor_seconds
