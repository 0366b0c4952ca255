"""A pytest plugin: tests that need a machine in real time may be tried again, with nothing beside them.

Such a test has the marker `realtime`: it listens to sound as it goes by, and fails when the machine does not
let it hear. With `--realtime-tries N` the marked tests that failed run again after all others, in a process
of their own for each file, until they pass or have failed N times. The run ends with a table of the tests
that needed it.

    first run --only marked tests failed--> second try --some failed again--> third try --> verdict
        '------- any other failure, an error of collection, --maxfail -------------------------^

An unmarked test that fails is a failure of the run, and then nothing is tried again: the verdict stands
already. The table says so.
"""

import json
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from _pytest.terminal import TerminalReporter

MARKER = "realtime"
TRIES = "--realtime-tries"
# Where a second try leaves the names of the tests that failed in it, for the run that started it.
FAILURES_FILE = "--realtime-failures-file"
ORDINALS = {2: "second", 3: "third"}


@dataclass
class Failed:
    """A marked test that has failed.

    Attributes:
        reports: Of its first run: of its fixtures, itself, or both.
        tries: How often it has run.
        has_passed: The last run was a good one.
    """

    reports: list[pytest.TestReport] = field(default_factory=list)
    tries: int = 1
    has_passed: bool = False


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; see the module head."""
    group = parser.getgroup("realtime")
    group.addoption(TRIES, type=int, default=1, metavar="N", help="runs of a test marked realtime at most")
    group.addoption(FAILURES_FILE, default="", metavar="PATH", help="write the names of failed tests there")


def pytest_configure(config: pytest.Config) -> None:
    """Watch the run, in the process that leads it."""
    if hasattr(config, "workerinput"):
        return
    if config.getoption(TRIES) > 1:
        config.pluginmanager.register(SecondTries(config), "second-tries")
    if config.getoption(FAILURES_FILE):
        config.pluginmanager.register(FailureFile(Path(config.getoption(FAILURES_FILE))), "failure-file")


class FailureFile:
    """Writes the names of the tests that failed as a list in JSON.

    Args:
        path: The file, which appears at the end of the run.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a failure."""
        if report.failed:
            self._failed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        """Write the file."""
        self._path.write_text(json.dumps(sorted(self._failed)))


class SecondTries:
    """Runs marked tests again and corrects the verdict.

    Args:
        config: Of the run.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._most_tries: int = config.getoption(TRIES)
        self._failed: dict[str, Failed] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the failure of a marked test. A test of a worker that died has no markers any more."""
        if report.failed and MARKER in report.keywords:
            self._failed.setdefault(report.nodeid, Failed()).reports.append(report)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Run what failed again, when everything else has passed."""
        result = yield
        failures = sum(len(failed.reports) for failed in self._failed.values())
        if failures == session.testsfailed:
            for number in range(2, self._most_tries + 1):
                self._try_again(number)
            self._correct(session)
        return result

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        """Print the table."""
        terminalreporter.section("second tries")
        if not self._failed:
            terminalreporter.line("none needed a second try")
        elif all(failed.tries == 1 for failed in self._failed.values()):
            terminalreporter.line(
                "nothing was tried again: something else failed too, or the run was broken off"
            )
        for name, failed in sorted(self._failed.items()):
            passed = f"passed at the {ORDINALS.get(failed.tries, f'{failed.tries}th')} try"
            tried = f"failed {failed.tries} of {failed.tries} times"
            terminalreporter.line(f"{passed if failed.has_passed else tried:<26} {name}")

    def _try_again(self, number: int) -> None:
        names = [name for name, failed in self._failed.items() if not failed.has_passed]
        terminal = self._terminal()
        for file, of_file in groupby(names, key=lambda name: name.partition("::")[0]):
            tests = list(of_file)
            terminal.section(f"{ORDINALS.get(number, f'{number}th')} try, with nothing beside it: {file}")
            if number == 2:
                for test in tests:
                    for report in self._failed[test].reports:
                        terminal.line(f"{test} failed at first ({report.when}):\n{report.longreprtext}")
            output, failed_again = self._run_alone(tests)
            terminal.line(output)
            for test in tests:
                self._failed[test].tries = number
                self._failed[test].has_passed = test not in failed_again

    def _run_alone(self, tests: list[str]) -> tuple[str, set[str]]:
        """Run tests in a process of their own; return what it printed and which of them did not pass."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "failed.json"
            command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
            if self._config.pluginmanager.hasplugin("xdist"):
                command.append("-n0")
            if self._config.pluginmanager.hasplugin("_cov"):
                command.append("--no-cov")
            done = subprocess.run(
                [*command, FAILURES_FILE, str(path), *tests],
                cwd=self._config.rootpath,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            failed = set(json.loads(path.read_text())) if path.exists() else set()
        # Whatever else went wrong (a signal, an error of collection) is no pass of anything.
        is_told = done.returncode == 0 or (done.returncode == 1 and failed)
        return done.stdout, failed if is_told else set(tests)

    def _correct(self, session: pytest.Session) -> None:
        """Count the tests that have passed by now as passed, in the summary and in the exit code."""
        stats = self._terminal().stats
        for name, failed in self._failed.items():
            if not failed.has_passed:
                continue
            for report in failed.reports:
                stats["failed" if report.when == "call" else "error"].remove(report)
                session.testsfailed -= 1
            if not any(report.nodeid == name for report in stats.get("passed", [])):
                first = failed.reports[0]
                passed = pytest.TestReport(name, first.location, first.keywords, "passed", None, "call")
                stats.setdefault("passed", []).append(passed)

    def _terminal(self) -> TerminalReporter:
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        assert isinstance(terminal, TerminalReporter)
        return terminal
