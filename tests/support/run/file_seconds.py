"""A pytest plugin: `--file-seconds N` prints the N files that took longest, fixtures included."""

from collections import defaultdict

import pytest
from _pytest.terminal import TerminalReporter

OPTION = "--file-seconds"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option; see the module head."""
    parser.addoption(OPTION, type=int, default=0, metavar="N", help="print the N files that took longest")


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Print the table: seconds and name of each file."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[report.nodeid.partition("::")[0]] += report.duration
    longest = sorted(seconds.items(), key=lambda item: -item[1])[: config.getoption(OPTION)]
    if longest:
        terminalreporter.section("files that took longest")
    for file, total in longest:
        terminalreporter.line(f"{total:8.1f} s  {file}")
