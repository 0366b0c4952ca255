"""`audiocast listen-link`: links that are signed without a server are as good as those that it makes."""

import csv
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from audiocast import cli
from audiocast.settings import Settings
from audiocast.stream.access.listen_tokens import ListenClaims, ListenTokens
from tests.support.http.qr_code import qr_text
from tests.support.processes.server import AudiocastServer

SECRET = "a-secret-of-this-test"
BASE = "https://radio.example.org"
OTHERS = ["stream", "--base-url", BASE]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*Settings.model_fields, "secrets_dir"):
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("SECRET_KEYS", f"{SECRET},an-older-secret-of-it")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """Return the lines that the command writes."""
    assert cli.main(["listen-link", *arguments]) == 0
    return capsys.readouterr().out.splitlines()


def claims_of(link: str, stream_id: str = "stream") -> ListenClaims:
    claims = ListenTokens([SECRET]).check(stream_id, link.partition("?token=")[2], time.time())
    assert claims is not None
    return claims


def test_a_link_claims_what_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    (link,) = run(capsys, *OTHERS, "--expires-in", "7d", "--session", "90m", "--label", "Анна")
    assert link.startswith(f"{BASE}/listen/stream?token=al1.")
    claims = claims_of(link)
    assert abs(claims.expires_at - time.time() - 7 * 86_400) < 60
    assert (claims.session_seconds, claims.label, claims.is_session) == (5_400, "Анна", False)
    assert abs(claims.made_at_ms / 1000 - time.time()) < 60


def test_many_links_differ(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAM_DOMAIN", BASE.partition("://")[2])
    links = run(capsys, "stream", "--count", "500")
    assert len(set(links)) == 500
    assert len({claims_of(link).number for link in links}) == 500


def test_tables_have_label_and_expiry(capsys: pytest.CaptureFixture[str]) -> None:
    lines = run(capsys, *OTHERS, "--count", "2", "--label", '=a,"b"', "--expires-in", "60", "--csv")
    head, *rows = csv.reader(io.StringIO("\n".join(lines)))
    assert head == ["url", "label", "expires_at"]
    assert [row[1] for row in rows] == ['\'=a,"b"'] * 2
    assert rows[0][2].endswith("+00:00")
    claims_of(rows[1][0])
    objects = [json.loads(line) for line in run(capsys, *OTHERS, "--count", "2", "--label", "b", "--json")]
    assert [(each["label"], each["expires_at"]) for each in objects] == [("b", None)] * 2
    assert objects[0]["url"].endswith(objects[0]["token"])


@pytest.mark.parametrize("form", ["svg", "png"])
def test_qr_codes_are_of_the_links(capsys: pytest.CaptureFixture[str], tmp_path: Path, form: str) -> None:
    folder = tmp_path / "codes"
    options = [*OTHERS, "--count", "2", "--qr-folder", str(folder), "--qr-format", form]
    links = run(capsys, *options)
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == [f"stream-00000{number}.{form}" for number in (1, 2)]
    assert folder.stat().st_mode & 0o077 == 0
    if form == "png":
        assert [qr_text(file.read_bytes()) for file in files] == links
    before = [file.read_bytes() for file in files]
    assert cli.main(["listen-link", *options]) == 1
    assert "File exists" in capsys.readouterr().err
    assert [file.read_bytes() for file in files] == before


def test_secrets_may_be_files(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SECRET_KEYS")
    (tmp_path / "SECRET_KEYS").write_text(SECRET)
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    claims_of(run(capsys, *OTHERS)[0])


def test_without_a_secret_or_an_address_there_is_no_link(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli.main(["listen-link", "stream"]) == 2
    assert "STREAM_DOMAIN" in capsys.readouterr().err
    monkeypatch.delenv("SECRET_KEYS")
    assert cli.main(["listen-link", *OTHERS]) == 2
    err = capsys.readouterr()
    assert "SECRET_KEYS" in err.err
    assert err.out == ""


@pytest.mark.parametrize(
    "wrong",
    [
        ["../up", "--base-url", BASE],
        ["stream", "--base-url", "radio.example.org"],
        [*OTHERS, "--count", "0"],
        [*OTHERS, "--count", "1000001"],
        [*OTHERS, "--expires-in", "soon"],
        [*OTHERS, "--session", "0"],
        [*OTHERS, "--label", "x" * 41],
        [*OTHERS, "--secret-keys", "one-on-the-command-line"],
    ],
)
def test_wrong_options_are_refused(wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["listen-link", *wrong])
    assert ended.value.code == 2


def test_a_reader_that_has_enough_ends_it() -> None:
    """A million links are written as they are made; and a pipe that closes is no error with a traceback."""
    command = [sys.executable, "-m", "audiocast", "listen-link", *OTHERS, "--count", "1000000"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ, text=True
    ) as made:
        assert made.stdout is not None
        assert made.stderr is not None
        first = made.stdout.readline()
        made.stdout.close()
        assert "Traceback" not in made.stderr.read()
        assert made.wait(60) != 0
    claims_of(first.strip())


def test_a_server_takes_them(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with AudiocastServer(tmp_path / "server.log", SECRET_KEYS=SECRET) as server:
        started = server.start_stream(title="Members only", visibility="private")
        (link,) = run(capsys, started.stream_id, "--base-url", server.base)
        page = requests.Session().get(link, timeout=15)
        assert (page.status_code, "Members only" in page.text) == (200, True)
