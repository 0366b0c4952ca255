"""`audiocast report`: options, exit codes, and what is said beside the report."""

import json
from pathlib import Path

import pytest

from audiocast import cli
from tests.unit.report.logs import NOON, listen, track, write
from tests.unit.report.mmdb import write_database


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write(
        tmp_path / "audience.log",
        [listen(0, 3600, client="192.0.2.1"), listen(0, 60, stream_id="other"), track(10, "A", "B")],
    )


def test_a_table_is_printed(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["report", str(log)]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("2026-11-30T12:00:00+00:00 to 2026-11-30T13:00:00+00:00 (UTC)\n")
    assert shown.err == ""


def test_options_are_heeded(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = write_database(tmp_path / "c.mmdb", {"192.0.2.0/24": {"country": {"iso_code": "DE"}}})
    period = ["--from", "2026-11-30T13:30", "--to", "2026-11-30", "--timezone", "Europe/Berlin"]
    options = [*period, "--stream", "show", "--country-db", str(database), "--tracks", "--format", "json"]
    assert cli.main(["report", str(log), *options]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["from"] == "2026-11-30T13:30:00+01:00"
    assert report["to"] == "2026-12-01T00:00:00+01:00"
    assert report["total"]["listening_seconds"] == 1800
    assert [row["name"] for row in report["by"]["country"]] == ["DE"]
    assert [row["name"] for row in report["by"]["stream"]] == ["show"]
    assert report["performances"] == [{"artist": "A", "title": "B", "performances": 1}]


def test_a_report_of_use(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    royalty = ["--royalty", "soundexchange", "--service", "Radio", "--category", "A"]
    assert cli.main(["report", str(log), *royalty]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["Radio|A|A|B||||1"]


def test_bad_lines_are_said(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.write_text(log.read_text() + "nonsense\n")
    assert cli.main(["report", str(log)]) == 0
    shown = capsys.readouterr()
    assert "1 of 4 lines could not be used." in shown.out
    assert shown.err == (
        "audiocast: 1 of 4 lines could not be used, the first: audience.log:4: no line of an access log\n"
    )


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--royalty", "soundexchange"], 2, "--royalty needs --service and --category"),
        (["--timezone", "Mars/Olympus"], 2, "expected a time zone as Europe/Berlin, got 'Mars/Olympus'"),
        (["--timezone", "../../etc/passwd"], 2, "expected a time zone"),
        (["--from", "soon"], 2, "expected a date or a time as 2026-11-30T18:00, got 'soon'"),
        (["--from", "2026-11-30", "--to", "2026-11-29"], 2, "expected --from to be before --to"),
        (["--country-db", "none.mmdb"], 1, "none.mmdb"),
        (["none.log"], 1, "none.log: No such file or directory"),
        (["."], 1, "Is a directory"),
    ],
)
def test_what_is_wrong_is_said(
    log: Path, options: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["report", str(log), *options]) == code
    shown = capsys.readouterr()
    assert (shown.out, said in shown.err) == ("", True)


def test_the_help_is_there_and_noon_is_noon(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["report", "--help"])
    assert end.value.code == 0
    assert "audiocast report" in capsys.readouterr().out
    assert NOON % 86_400 == 43_200
