"""`audiocast key`: an ingest key by the server's own secret, which is never on the command line."""

import time

import pytest

from audiocast import cli
from audiocast.settings import Settings
from audiocast.stream.keys import Claims, Keys, Visibility

SECRET = "a-secret-for-tests-1"
NEEDED = ["key", "--id", "evening"]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("SECRET_KEYS", f"{SECRET},another-secret-for-1")


def test_it_prints_a_key_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--priority", "5", "--title", "Evening", "--generation", "3", "--kbps", "96"]
    assert cli.main([*NEEDED, *more, "--visibility", "public", "--expires", "2050-01-31"]) == 0
    shown = capsys.readouterr()
    claims = Keys([SECRET]).check("evening", shown.out.strip(), time.time())
    assert claims == Claims(
        title="Evening",
        # The end of that day, by UTC.
        expires_at=2_527_286_400,
        generation=3,
        max_kbps=96,
        visibility=Visibility.PUBLIC,
        priority=5,
    )
    assert (shown.err, shown.out.count("\n")) == ("", 1)
    assert SECRET not in shown.out


def test_the_best_priority_is_the_usual_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(NEEDED) == 0
    assert Keys([SECRET]).check("evening", capsys.readouterr().out.strip(), time.time()).priority == 0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--expires", "soon"], "--expires: expected a date, or a time as 2027-01-31T18:00Z, got 'soon'"),
        (["--id", "a b"], "--id: expected letters, digits, - and _, at most 64, as evening-show"),
    ],
)
def test_what_is_wrong_is_said(more: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*NEEDED, *more]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("more", [["--priority", "10"], ["--priority", "-1"], ["--kbps", "many"]])
def test_unknown_options_and_no_numbers_are_refused(more: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main([*NEEDED, *more])
    assert end.value.code == 2


def test_without_a_secret_there_is_no_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SECRET_KEYS")
    assert cli.main(NEEDED) == 2
    assert "SECRET_KEYS is empty" in capsys.readouterr().err
