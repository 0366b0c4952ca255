"""The command: what it prints, and the codes that it ends with."""

import errno
import gc
import json
import logging
import os
import subprocess
import sys

import pytest

from audiocast import __version__, cli
from audiocast.check import CheckFailed, CheckResult
from audiocast.settings import Settings
from audiocast.web.http.server import CannotListen
from audiocast.workers.worker import WorkerFailed

# Third-party packages that a server without any setting may import at its start. Each costs every start.
AT_START = {
    *("annotated_types", "pydantic", "pydantic_core", "typing_extensions", "typing_inspection"),
    *("dotenv", "pydantic_settings"),
    *("png", "prometheus_client", "structlog", "tornado"),
    # structlog looks for it.
    "greenlet",
}
MODULES_OF = """
import contextlib, io, json, sys
from audiocast import cli
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    cli.main(sys.argv[1:])
print(json.dumps(sorted(name for name, module in sys.modules.items() if module is not None)))
"""


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no setting of the test machine in the environment."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """Note what would be served, and how logs would be, instead of doing it."""
    served: list[Settings] = []

    async def serve(settings: Settings, *, is_worker: bool = False) -> None:
        served.append(settings)

    monkeypatch.setattr("audiocast.app.serve", serve)
    monkeypatch.setattr("audiocast.telemetry.logs.set_up_logs", lambda **_: logging.NullHandler())
    return served


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["version"]) == 0
    assert capsys.readouterr().out == f"{__version__}\n"


def test_serve_takes_options_and_ends_well(served: list[Settings]) -> None:
    assert cli.main(["serve", "--port", "9000", "--log-format", "json"]) == 0
    assert [(settings.port, settings.log_format) for settings in served] == [(9000, "json")]


def test_without_arguments_given_those_of_the_process_count(
    served: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["audiocast", "serve", "--port", "9001"])
    assert cli.main() == 0
    assert served[0].port == 9001


def test_logs_are_set_up_as_the_settings_say(served: list[Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[dict[str, str | int]] = []

    def set_up_logs(**options: str | int) -> logging.Handler:
        given.append(options)
        return logging.NullHandler()

    monkeypatch.setattr("audiocast.telemetry.logs.set_up_logs", set_up_logs)
    cli.main(["serve", "--log-format", "json", "--log-level", "error", "--node-name", "pod-0"])
    assert given == [{"form": "json", "level": "error", "node": "pod-0", "max_repeats": 20}]


@pytest.mark.parametrize("arguments", [[], ["dance"], ["version", "more"], ["serve", "--no-such-option"]])
def test_wrong_arguments_end_with_2_and_the_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert "usage: audiocast" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"]])
def test_help_ends_well(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 0
    assert "audiocast" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PORT", "http", "whole number"),
        ("TRUSTED_PROXIES", "everyone", "network"),
        ("SECRET_KEYS", "short-secret", "16 characters"),
        ("LOG_LEVEL", "loud", "debug, info"),
    ],
)
def test_a_wrong_setting_is_one_readable_line(
    served: list[Settings],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    words: str,
) -> None:
    monkeypatch.setenv(name, value)
    assert cli.main(["serve"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"audiocast: {name}: ")
    assert words in err
    assert err.count("\n") == 1
    assert "short-secret" not in err
    assert served == []


def test_a_port_that_is_taken_is_one_readable_line(
    served: list[Settings], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def serve(_: Settings, *, is_worker: bool) -> None:
        raise CannotListen(8001, OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE)))

    monkeypatch.setattr("audiocast.app.serve", serve)
    assert cli.main(["serve"]) == 1
    said = "INTERNAL_PORT: port 8001 is taken by another program; stop that one, or choose another port"
    assert capsys.readouterr().err == f"audiocast: {said}: --internal-port 8081\n"


def test_with_workers_somebody_watches_over_them(monkeypatch: pytest.MonkeyPatch) -> None:
    watched: list[Settings] = []

    async def supervise(settings: Settings) -> None:
        watched.append(settings)

    monkeypatch.setattr("audiocast.workers.supervisor.supervise", supervise)
    monkeypatch.setattr("audiocast.telemetry.logs.set_up_logs", lambda **_: logging.NullHandler())
    assert cli.main(["serve", "--workers", "2"]) == 0
    assert [settings.workers for settings in watched] == [2]


def test_a_worker_that_cannot_serve_is_one_readable_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def supervise(_: Settings) -> None:
        raise WorkerFailed("expected m-1 to serve, it has ended with code 1")

    monkeypatch.setattr("audiocast.workers.supervisor.supervise", supervise)
    monkeypatch.setattr("audiocast.telemetry.logs.set_up_logs", lambda **_: logging.NullHandler())
    assert cli.main(["serve", "--workers", "2"]) == 1
    assert capsys.readouterr().err == "audiocast: expected m-1 to serve, it has ended with code 1\n"


@pytest.mark.parametrize(
    ("arguments", "server"),
    [(["https://a"], "https://a"), ([], "http://127.0.0.1:8123")],
    ids=["URL", "PORT"],
)
def test_a_check_that_went_well_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], server: str
) -> None:
    asked: list[tuple[str, ...]] = []

    def check(*how: str) -> CheckResult:
        asked.append(how)
        return CheckResult("x", packets=100, first_audio_seconds=0.0125)

    monkeypatch.setattr("audiocast.check.check", check)
    monkeypatch.setenv("PORT", "8123")
    monkeypatch.setenv("API_TOKENS", "the-current-token,an-older-token-1")
    assert cli.main(["check", *arguments]) == 0
    assert asked == [(server, "the-current-token")]
    assert capsys.readouterr().out == f"{server}: 2 s of audio heard, the first after 0.013 s\n"


def test_a_check_that_failed_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def check(_: str) -> CheckResult:
        raise CheckFailed("expected packet 2 next, heard packet 3")

    monkeypatch.setattr("audiocast.check.check", check)
    assert cli.main(["check", "http://a"]) == 1
    assert capsys.readouterr().err == "audiocast: http://a: expected packet 2 next, heard packet 3\n"


def test_a_server_starts_with_no_more_than_it_needs() -> None:
    found = _modules_after("serve", "--help")
    assert "audiocast.app" in found
    packages = {name.partition(".")[0] for name in found if not name.startswith("_")}
    assert packages - sys.stdlib_module_names - AT_START == {"audiocast"}
    assert not {name for name in found if name.startswith(("audiocast.check", "audiocast.workers"))}


@pytest.mark.parametrize("arguments", [("version",), ("--help",)])
def test_what_needs_no_server_imports_none(arguments: tuple[str, ...]) -> None:
    found = _modules_after(*arguments)
    assert {name for name in found if name.startswith("audiocast")} == {"audiocast", "audiocast.cli"}
    assert not {"pydantic", "tornado"} & found


def test_while_a_server_is_imported_the_collector_rests_and_it_works_afterwards() -> None:
    assert gc.isenabled()
    frozen = gc.get_freeze_count()
    try:
        with cli.quick_imports():
            assert not gc.isenabled()
        assert gc.isenabled()
        assert gc.get_freeze_count() > frozen
    finally:
        gc.unfreeze()


def test_what_is_kept_from_the_server_can_be_imported_by_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "rich", raising=False)
    with cli.quick_imports(), pytest.raises(ImportError):
        import rich
    gc.unfreeze()
    import rich

    assert rich.__name__ == "rich"


def _modules_after(*arguments: str) -> set[str]:
    """Return what a process has imported that has run the command."""
    done = subprocess.run([sys.executable, "-c", MODULES_OF, *arguments], stdout=subprocess.PIPE, check=True)
    return set(json.loads(done.stdout))
