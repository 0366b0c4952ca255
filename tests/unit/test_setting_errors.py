"""What is said of a wrong setting and of a start that fails: a line for people, with the remedy in it."""

import errno
import logging
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from audiocast import cli
from audiocast.secret_sources import SECRET_OPTIONS
from audiocast.settings import Settings
from audiocast.web.http.server import CannotListen
from tests.support.network.certificates import make_pair

# Words of Python's and of its libraries.
FOREIGN = re.compile(
    r"pydantic|Value error|Input should|valid (?:integer|number|string|boolean)|Network\b|Literal"
    r"|None|True|False|\bfloat\b|\bint\b|\bstr\b|\bPath\b|tuple|<class|Traceback|unable to parse"
    r"|or equal to|Errno|[a-z]Error|validation|default: \)"
)
SECRET = "short-secret"

NUMBER = "expected a whole number"
ANY = "0 or more, got '-1'"

# A wrong value for each setting, and what is said of it. Of what may be any text only the start can tell.
WRONG: dict[str, tuple[str, str]] = {
    "kubernetes_service_port": ("https", f"{NUMBER} from 1 to 65535, got 'https'"),
    "stream_rules_file": ("/", "cannot read /: Is a directory"),
    "webhook_targets_file": ("/", "cannot read /: Is a directory"),
    "access_rules_file": ("/none.rules", "cannot read /none.rules: No such file or directory"),
    "aliases_file": ("/none.toml", "cannot read /none.toml: No such file or directory"),
    "port": ("http", f"{NUMBER} from 0 to 65535, got 'http'"),
    "tls_certificate": ("/none.pem", "TLS_CERTIFICATE and TLS_KEY go together: expected both or none"),
    "tls_key": ("/none.pem", "TLS_CERTIFICATE and TLS_KEY go together: expected both or none"),
    "tls_port": ("70000", f"{NUMBER} from 0 to 65535, got '70000'"),
    "https_redirect_port": ("-1", f"{NUMBER} from 0 to 65535, got '-1'"),
    "internal_port": ("8001.5", f"{NUMBER} from 0 to 65535, got '8001.5'"),
    "workers": ("0", f"{NUMBER} from 1 to 256, got '0'"),
    "node_name": ("n" * 254, f"expected at most 253 characters, got '{'n' * 100}...'"),
    "peers": ("a b", "expected host:port, got 'a b'"),
    "stream_domain": (
        "https://radio.example.org",
        "expected a host without http://, as radio.example.org or radio.example.org:8000, "
        "got 'https://radio.example.org'",
    ),
    "stream_scheme": ("ftp", "expected one of http, https, got 'ftp'"),
    "trusted_proxies": (
        "10.0.0.0/8,everyone",
        "expected networks with commas between them, as 10.0.0.0/8,2001:db8::/32, got 'everyone'",
    ),
    "trust_forwarded_host": ("perhaps", "expected true or false, got 'perhaps'"),
    "secret_keys": (SECRET, "expected 16 characters or more in each"),
    "api_tokens": (SECRET, "expected 16 characters or more in each"),
    "preroll_seconds": ("61", "expected a number from 0 to 60, got '61'"),
    "preroll_max_bytes": ("100", f"{NUMBER} from 16384 to 67108864, got '100'"),
    "backlog_seconds": ("long", "expected a number from 1 to 600, got 'long'"),
    "header_wait_timeout": ("nan", "expected a number from 0 to 60, got 'nan'"),
    "active_threshold_sec": ("0", "expected a number above 0, at most 60, got '0'"),
    "source_grace_seconds": ("inf", "expected a number from 0 to 3600, got 'inf'"),
    "fallback_folder": ("/" * 4097, f"expected at most 4096 characters, got '{'/' * 100}...'"),
    "fallback_return_seconds": ("-1", "expected a number from 0 to 3600, got '-1'"),
    "flush_interval_ms": ("0.5", f"{NUMBER} from 0 to 1000, got '0.5'"),
    "listener_lag_seconds": ("0", "expected a number above 0, at most 600, got '0'"),
    "listener_stall_seconds": ("-3", "expected a number above 0, at most 3600, got '-3'"),
    "drain_seconds": ("1 h", "expected a number from 0 to 86400, got '1 h'"),
    "max_listeners": ("0", f"{NUMBER} of 1 or more, got '0'"),
    "max_egress_mbps": ("-1", f"expected a number of {ANY}"),
    "max_loop_lag_ms": ("-1", f"expected a number of {ANY}"),
    "max_waiting_listeners": ("0", f"{NUMBER} of 1 or more, got '0'"),
    "max_streams": ("", ""),
    "max_ingest_kbps": ("-1", f"{NUMBER} of {ANY}"),
    "format_workers": ("-1", f"{NUMBER} from 0 to 256, got '-1'"),
    "ingest_formats": ("mp3,opus", "expected some of mp3, aac, vorbis, ogg-flac, flac, wav, got 'opus'"),
    "ingest_kbps": ("15", f"{NUMBER} from 16 to 510, got '15'"),
    "max_converted_sources": ("0", f"{NUMBER} of 1 or more, got '0'"),
    "ingest_lead_seconds": ("601", "expected a number from 1 to 600, got '601'"),
    "require_api_tokens": ("maybe", "expected true or false, got 'maybe'"),
    "list_streams": ("some", "expected one of opt-in, all, none, got 'some'"),
    "log_format": ("xml", "expected one of auto, json, console, got 'xml'"),
    "log_level": ("loud", "expected one of debug, info, warning, error, got 'loud'"),
    "webhook_urls": ("ftp://hooks.example.org/token", "expected an http or https URL"),
    "webhook_secrets": (
        f"whsec_{SECRET}",
        "expected whsec_ and 24 to 64 bytes as base64",
    ),
    "webhook_events": (
        "stream.died",
        "expected some of stream.live, stream.held, stream.ended, track.changed, source.refused, "
        "listeners.milestone, recording.ready, got 'stream.died'",
    ),
    "webhook_allow_private": (
        "not a network",
        "expected networks or names of hosts, as 10.0.0.0/8,hooks.local; got 'not a network'",
    ),
    "max_log_repeats": ("-1", f"{NUMBER} of {ANY}"),
    "listen_auth_url": ("ftp://users.example", "expected an http or https URL without a user name"),
    "source_auth_url": ("https://user@users.example/", "expected an http or https URL without a user name"),
    "auth_hook_format": ("xml", "expected one of json, icecast, got 'xml'"),
    "auth_hook_timeout_seconds": ("0", "expected a number above 0, at most 30, got '0'"),
    "auth_hook_cache_seconds": ("-1", "expected a number from 0 to 3600, got '-1'"),
    "auth_hook_failure": ("ajar", "expected one of closed, open, got 'ajar'"),
    "listen_jwt_jwks": ("id.example/jwks", "expected an http or https URL without a user name"),
    "listen_jwt_audience": ("a" * 201, f"expected at most 200 characters, got '{'a' * 100}...'"),
    "listen_jwt_issuer": ("a" * 2049, f"expected at most 2048 characters, got '{'a' * 100}...'"),
    "auth_hook_token": ("two words", "expected a text without spaces, in ASCII, of at most 1024 characters"),
    "recordings_url": (
        "s3://key:secret@bucket",
        "expected an absolute path, or s3://bucket/prefix, gs:// or az:// without credentials, as "
        "/var/lib/audiocast/recordings",
    ),
    "record": ("some", "expected one of opt-in, all, none, got 'some'"),
    "recording_chunk_seconds": ("0", "expected a number from 1 to 30, got '0'"),
    "show_gap_seconds": ("1", "expected a number from 30 to 86400, got '1'"),
    "recording_memory_bytes": ("1", f"{NUMBER} of 4194304 or more, got '1'"),
    "recording_spool": ("spool", "expected an absolute path, as /var/spool/audiocast"),
    "recording_spool_bytes": ("-1", f"{NUMBER} of {ANY}"),
    "recordings_keep_days": ("-1", "expected a number from 0 to 36500, got '-1'"),
    "recordings_keep_bytes": ("-1", f"{NUMBER} of {ANY}"),
    "audience_log": ("a" * 4097, f"expected at most 4096 characters, got '{'a' * 100}...'"),
    "audience_format": ("xml", "expected one of json, icecast, got 'xml'"),
    "audience_address": ("half", "expected one of none, prefix, full, got 'half'"),
    "audience_flush_seconds": ("0", "expected a number from 1 to 3600, got '0'"),
}
WRONG["max_streams"] = ("many", f"{NUMBER} of 1 or more, got 'many'")
ANY_TEXT = {"kubernetes_service_host", "kubernetes_account", "host", "internal_host"}
PER_CLIENT = {
    name: ("-1", f"{NUMBER} of {ANY}") for name in Settings.model_fields if name.endswith("_per_client")
}
# Said of two settings together.
OF_TWO = {"tls_certificate", "tls_key"}


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no setting of the test machine in the environment."""
    for name in (*Settings.model_fields, "secrets_dir"):
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    async def serve(_: Settings, *, is_worker: bool) -> None:
        raise AssertionError("expected settings that are refused")

    monkeypatch.setattr("audiocast.app.serve", serve)
    monkeypatch.setattr("audiocast.telemetry.logs.set_up_logs", lambda **_: logging.NullHandler())


def refused(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 2) -> list[str]:
    """Run the command and return the lines of its error, without the program's name."""
    assert cli.main(["serve", *arguments]) == code
    out, err = capsys.readouterr()
    assert (out, FOREIGN.findall(err)) == ("", [])
    lines = err.splitlines()
    assert all(line.startswith("audiocast: ") for line in lines)
    return [line.removeprefix("audiocast: ") for line in lines]


def test_each_setting_has_a_wrong_value_here() -> None:
    assert {*WRONG, *PER_CLIENT, *ANY_TEXT} == set(Settings.model_fields)


@pytest.mark.parametrize("name", [*WRONG, *PER_CLIENT])
def test_a_wrong_value_is_told_by_the_setting_s_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    value, said = {**WRONG, **PER_CLIENT}[name]
    line = said if name in OF_TWO else f"{name.upper()}: {said}"
    if f"--{name.replace('_', '-')}" not in SECRET_OPTIONS:
        assert refused(capsys, f"--{name.replace('_', '-')}={value}") == [line]
    monkeypatch.setenv(name.upper(), value)
    assert refused(capsys) == [line]


def test_all_that_is_wrong_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", "http")
    monkeypatch.setenv("API_TOKENS", SECRET)
    lines = refused(capsys, "--log-level", "loud")
    assert [line.partition(":")[0] for line in lines] == ["PORT", "API_TOKENS", "LOG_LEVEL"]
    assert SECRET not in "".join(lines)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"PEERS": "a:1"}, "PEERS needs SECRET_KEYS: members know each other by them"),
        ({"PEERS": "k8s+peers", "SECRET_KEYS": "x" * 16}, "PEERS with k8s+ works in a pod"),
        (
            {"PEERS": "a:1", "WORKERS": "2", "SECRET_KEYS": "x" * 16},
            "WORKERS above 1 and PEERS do not go together",
        ),
    ],
)
def test_settings_that_do_not_go_together_are_named(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    settings: dict[str, str],
    said: str,
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    (line,) = refused(capsys)
    assert line.startswith(said)


def test_bad_files_of_tls_are_named_with_their_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair, other = make_pair(tmp_path), make_pair(tmp_path, "other")
    for certificate, key, said in (
        (tmp_path / "none.pem", pair.key, f"cannot read {tmp_path}/none.pem: No such file or directory"),
        (pair.key, pair.key, f"expected a certificate in PEM, {pair.key} has none"),
        (
            pair.certificate,
            other.key,
            f"expected the key of {pair.certificate}, {other.key} is another one's",
        ),
    ):
        lines = refused(capsys, "--tls-certificate", str(certificate), "--tls-key", str(key))
        assert lines == [f"TLS_CERTIFICATE and TLS_KEY: {said}"]


def test_files_of_secrets_that_cannot_be_read_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path / "none"))
    assert refused(capsys) == [f"SECRETS_DIR: expected a folder, got '{tmp_path}/none'"]
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    (tmp_path / "API_TOKENS").mkdir()
    assert refused(capsys) == [f"SECRETS_DIR: expected {tmp_path}/API_TOKENS to be a file, it is a folder"]
    (tmp_path / "API_TOKENS").rmdir()
    (tmp_path / "API_TOKENS").write_bytes(b"\xff" * 20)
    assert refused(capsys) == [f"SECRETS_DIR: expected UTF-8 in {tmp_path}/API_TOKENS"]
    (tmp_path / "API_TOKENS").write_text("x" * 16)

    def refuse(path: Path) -> bytes:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert refused(capsys) == [f"SECRETS_DIR: cannot read {tmp_path}/API_TOKENS: Permission denied"]


def test_a_file_of_short_tokens_is_told_without_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "API_TOKENS").write_text(SECRET)
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    assert refused(capsys) == ["API_TOKENS: expected 16 characters or more in each"]


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


@pytest.mark.parametrize("name", ["PORT", "TLS_PORT", "INTERNAL_PORT"])
def test_a_port_that_is_taken_is_named_with_its_setting(tmp_path: Path, taken_port: int, name: str) -> None:
    settings = {
        **dict.fromkeys(("HOST", "INTERNAL_HOST"), "127.0.0.1"),
        **dict.fromkeys(("PORT", "TLS_PORT", "INTERNAL_PORT"), "0"),
        **make_pair(tmp_path).settings,
        name: str(taken_port),
    }
    done = subprocess.run(
        [sys.executable, "-m", "audiocast", "serve"],
        env=settings,
        capture_output=True,
        text=True,
        timeout=180,
    )
    option = f"--{name.lower().replace('_', '-')}"
    said = f"{name}: port {taken_port} is taken by another program; stop that one, or choose another port"
    assert done.returncode == 1
    assert re.fullmatch(rf"audiocast: {said}: {option} \d+", done.stderr.splitlines()[-1])
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        (
            {"port": 80},
            CannotListen(80, PermissionError(errno.EACCES, "Permission denied")),
            "PORT: this user may not listen on port 80; choose one from 1024 on (--port 8080), or give the "
            "service CAP_NET_BIND_SERVICE",
        ),
        (
            {"host": "192.0.2.1"},
            CannotListen(8000, OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")),
            "HOST: expected an address of this machine, or none for all of them, got '192.0.2.1'",
        ),
        (
            {"internal_host": "no.such"},
            CannotListen(8001, socket.gaierror(socket.EAI_NONAME, "Name or service not known")),
            "INTERNAL_HOST: expected an address of this machine, or none for all of them, got 'no.such'",
        ),
        (
            {"port": 8001},
            CannotListen(8001, OSError(errno.EADDRINUSE, "Address already in use")),
            "PORT and INTERNAL_PORT are both 8001: each needs a port of its own",
        ),
        (
            {},
            CannotListen(8000, OSError(errno.EMFILE, "Too many open files")),
            "PORT: cannot listen on port 8000: Too many open files",
        ),
        ({}, OSError(errno.EMFILE, "Too many open files"), "cannot start: Too many open files"),
    ],
)
def test_why_a_port_cannot_be_listened_on_is_told_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    settings: dict[str, str | int],
    error: OSError,
    said: str,
) -> None:
    async def serve(_: Settings, *, is_worker: bool) -> None:
        raise error

    monkeypatch.setattr("audiocast.app.serve", serve)
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
    assert refused(capsys, *arguments, code=1) == [said]


@pytest.mark.parametrize(
    "arguments", [["--help"], ["serve", "--help"], ["check", "--help"], ["migrate", "--help"]]
)
def test_the_help_has_no_word_of_python_s(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    assert FOREIGN.findall(" ".join(shown.split())) == []


def test_the_help_says_kinds_and_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["serve", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    for part in (
        "--port NUMBER Public port. 0: a free one. (default: 8000)",
        "--tls-key FILE PEM file with its key, without a passphrase.",
        "--log-format auto|json|console ",
        "--stream-scheme http|https Scheme of links; empty: that of the request.",
        "(default: 127.0.0.0/8,::1/128)",
        "--trust-forwarded-host true|false ",
    ):
        assert part in shown


def test_an_unknown_option_is_told_in_two_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["serve", "--prot", "1"])
    assert caught.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "audiocast serve --help" in lines[0]
    assert lines[1] == "audiocast serve: error: unrecognized arguments: --prot 1"
