"""`audiocast token`: a token by the server's own secret, which is never on the command line."""

import time

import pytest

from audiocast import cli
from audiocast.settings import Settings
from audiocast.stream.access.tenant_tokens import TenantClaims, TenantTokens

SECRET = "a-secret-for-tests-1"
NEEDED = ["token", "--tenant", "Acme", "--id-prefix", "acme-"]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("SECRET_KEYS", f"{SECRET},another-secret-for-1")


def test_it_prints_a_token_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    bounds = ["--streams", "2", "--listeners", "100", "--kbps", "96", "--expires", "2050-01-31"]
    assert cli.main([*NEEDED, *bounds]) == 0
    shown = capsys.readouterr()
    claims = TenantTokens([SECRET]).read(shown.out.strip(), time.time())
    # The end of that day, by UTC.
    assert claims == TenantClaims("Acme", "acme-", 2, 100, 96, 2_527_286_400)
    assert (shown.err, shown.out.count("\n")) == ("", 1)
    assert SECRET not in shown.out


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--expires", "soon"], "--expires: expected a date, or a time as 2027-01-31T18:00Z, got 'soon'"),
        (["--expires", "2020-01-01"], "--expires: expected a time to come, got '2020-01-01'"),
        (["--id-prefix", "a b"], "--id-prefix: expected letters, digits, - and _, at most 40, as acme-"),
        (["--id-prefix", "a" * 41], "--id-prefix: expected letters"),
        (["--tenant", " "], "--tenant: expected a name of at most 60 characters"),
    ],
)
def test_what_is_wrong_is_said(more: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*NEEDED, *more]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("more", [["--streams", "-1"], ["--secret", SECRET], ["--kbps", "many"]])
def test_unknown_options_and_no_numbers_are_refused(more: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main([*NEEDED, *more])
    assert end.value.code == 2


def test_without_a_secret_there_is_no_token(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SECRET_KEYS")
    assert cli.main(NEEDED) == 2
    assert "SECRET_KEYS is empty" in capsys.readouterr().err
