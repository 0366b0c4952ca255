"""Settings: names, units and defaults are a contract; a wrong value is said, a secret is not."""

import ipaddress
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from pydantic_settings import SettingsError

from audiocast.secret_sources import SECRET_OPTIONS
from audiocast.settings import Settings

SECRET = "a secret of 16 characters or more"
TOKEN = "a token of 16 characters or more"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no setting of the test machine in the environment."""
    for name in (*Settings.model_fields, "secrets_dir"):
        monkeypatch.delenv(name.upper(), raising=False)


def read(*arguments: str, **variables: str) -> Settings:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        return Settings.from_arguments(arguments)


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("port", 8000),
        ("internal_port", 8001),
        ("stream_domain", ""),
        ("stream_scheme", ""),
        ("secret_keys", ()),
        ("api_tokens", ()),
        ("preroll_seconds", 3.5),
        ("preroll_max_bytes", 262_144),
        ("header_wait_timeout", 5.0),
        ("active_threshold_sec", 2.5),
    ],
)
def test_the_contract_says_these_defaults(name: str, default: Any) -> None:
    assert getattr(read(), name) == default


def test_the_node_is_named_after_its_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "pod-0")
    assert read("--node-name", "mine").node_name == "mine"
    assert read().node_name


@pytest.mark.parametrize("name", ["PORT", "port"])
def test_the_environment_is_read_in_any_case(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "9000")
    assert read().port == 9000


def test_an_option_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREROLL_SECONDS", "1")
    assert read("--preroll-seconds", "2.5").preroll_seconds == 2.5


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    assert read().port == 8000


def test_lists_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEYS", f" {SECRET} , {SECRET}2,")
    monkeypatch.setenv("API_TOKENS", f"{TOKEN},{TOKEN}2")
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.0/8, 2001:db8::/32")
    settings = read()
    assert [each.get_secret_value() for each in settings.secret_keys] == [SECRET, SECRET + "2"]
    assert [each.get_secret_value() for each in settings.api_tokens] == [TOKEN, TOKEN + "2"]
    assert settings.trusted_proxies == (
        ipaddress.ip_network("10.0.0.0/8"),
        ipaddress.ip_network("2001:db8::/32"),
    )


@pytest.mark.parametrize("given", ["", ",", " , "])
def test_a_list_of_nothing_is_empty(given: str) -> None:
    assert read(API_TOKENS=given).api_tokens == ()


@pytest.mark.parametrize("given", [{}, {"API_TOKENS": ""}, {"API_TOKENS": " , "}], ids=str)
def test_where_tokens_are_demanded_a_server_without_any_does_not_start(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="put a token of 16 characters or more into API_TOKENS"):
        read(**given, REQUIRE_API_TOKENS="true")
    assert read(**given, REQUIRE_API_TOKENS="false").api_tokens == ()
    assert len(read(API_TOKENS=TOKEN, REQUIRE_API_TOKENS="true").api_tokens) == 1


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--port", "70000"),
        ("--port", "-1"),
        ("--port", "http"),
        ("--stream-domain", "a b"),
        ("--stream-domain", "https://stream.example"),
        ("--stream-scheme", "ftp"),
        ("--trusted-proxies", "everyone"),
        ("--preroll-seconds", "-1"),
        ("--preroll-seconds", "nan"),
        ("--preroll-max-bytes", "100"),
        ("--source-grace-seconds", "inf"),
        ("--active-threshold-sec", "0"),
        ("--flush-interval-ms", "0.5"),
        ("--max-listeners", "0"),
        ("--log-level", "loud"),
    ],
)
def test_a_wrong_value_is_refused_by_name(option: str, value: str) -> None:
    with pytest.raises(ValidationError) as caught:
        read(option, value)
    assert caught.value.errors()[0]["loc"][0] == option.removeprefix("--").replace("-", "_")


@pytest.mark.parametrize("name", ["SECRET_KEYS", "API_TOKENS"])
def test_a_short_secret_is_refused_and_not_repeated(name: str) -> None:
    with pytest.raises(ValidationError, match="16 characters or more") as caught:
        read(**{name: f"{SECRET},tooshort"})
    assert caught.value.errors()[0]["loc"][0] == name.lower()
    assert "tooshort" not in str(caught.value)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--secret-keys", SECRET],
        [f"--secret-keys={SECRET}"],
        ["--secret_keys", SECRET],
        ["--sec", SECRET],
        ["--port", "8000", "--api-tokens", SECRET],
        [f"--api={SECRET}"],
    ],
)
def test_a_secret_is_no_option(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(
        SettingsError, match=r"expected no secret on the command line.*; set [A-Z_]+ in"
    ) as caught:
        read(*arguments)
    assert SECRET not in str(caught.value)
    with pytest.raises(SystemExit):
        read("--help")
    shown = capsys.readouterr().out
    assert "--max-streams" in shown
    assert "--secret-keys" not in shown
    assert "--api-tokens" not in shown


@pytest.mark.parametrize("name", ["SECRET_KEYS", "secret_keys"])
def test_secrets_can_be_files(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(f"{SECRET},{SECRET}2\n")
    (tmp_path / "API_TOKENS").write_text(TOKEN)
    settings = read(SECRETS_DIR=str(tmp_path))
    assert [each.get_secret_value() for each in settings.secret_keys] == [SECRET, SECRET + "2"]
    assert [each.get_secret_value() for each in settings.api_tokens] == [TOKEN]
    settings = read(SECRETS_DIR=str(tmp_path), SECRET_KEYS=SECRET)
    assert [each.get_secret_value() for each in settings.secret_keys] == [SECRET]


def test_a_folder_of_secrets_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SECRETS_DIR: expected a folder"):
        read(SECRETS_DIR=str(tmp_path / "missing"))


def test_secrets_are_shown_nowhere() -> None:
    settings = read(SECRET_KEYS=SECRET, API_TOKENS=TOKEN)
    for text in (repr(settings), str(settings), settings.model_dump_json()):
        assert SECRET not in text
        assert TOKEN not in text


@pytest.mark.parametrize("arguments", [["--no-such-option", "1"], ["--port"], ["stray"]])
def test_an_unknown_option_ends_the_program(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        read(*arguments)
    assert caught.value.code == 2
    assert "audiocast serve: error" in capsys.readouterr().err


def test_help_names_every_setting_with_its_meaning(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        read("--help")
    assert caught.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for name, field in Settings.model_fields.items():
        is_secret = f"--{name.replace('_', '-')}" in SECRET_OPTIONS
        assert (name.upper() if is_secret else f"--{name.replace('_', '-')} ") in text
        assert field.description
        assert is_secret or field.description.split()[0] in text


def test_a_name_with_a_quantity_says_its_unit() -> None:
    units = ("_seconds", "_sec", "_ms", "_bytes", "_kbps", "_mbps", "_timeout", "_port", "_days")
    unitless = {"port", "workers", "max_listeners", "max_streams", "max_log_repeats"}
    unitless |= {"format_workers", "max_converted_sources"}
    unitless |= {name for name in Settings.model_fields if name.endswith("_per_client")}
    unitless.add("max_waiting_listeners")
    quantities = {name for name, field in Settings.model_fields.items() if field.annotation in (int, float)}
    assert {name for name in quantities - unitless if not name.endswith(units)} == set()


@pytest.mark.parametrize("secret", ["", f"{SECRET},{SECRET}2"])
@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--trusted-proxies", "10.0.0.0/8"],
        ["--trusted-proxies", ",", "--preroll-seconds", "1.25", "--host", "::1", "--node-name", "mine"],
    ],
)
def test_another_process_can_be_given_the_same_settings(
    arguments: list[str], secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("max_listeners", "17")
    monkeypatch.setenv("UNKNOWN_TO_US", "kept")
    settings = read(*arguments, SECRET_KEYS=secret, API_TOKENS=secret)
    environment = settings.environment()
    assert environment["UNKNOWN_TO_US"] == "kept"
    assert "max_listeners" not in environment
    monkeypatch.delenv("max_listeners")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert read() == settings


def test_workers_are_a_cluster_of_their_own() -> None:
    with pytest.raises(ValidationError, match="WORKERS above 1 and PEERS do not go together"):
        read("--workers", "2", "--peers", "10.0.0.1:8001", SECRET_KEYS=SECRET)
    assert read("--workers", "1", "--peers", "10.0.0.1:8001", SECRET_KEYS=SECRET).workers == 1


POD = ["--kubernetes-service-host", "10.0.0.1"]


def test_a_pod_is_told_where_the_api_server_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "6443")
    settings = read("--peers", "k8s+peers", SECRET_KEYS=SECRET)
    assert (settings.kubernetes_service_host, settings.kubernetes_service_port) == ("10.96.0.1", 6443)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--peers", "k8s+peers"], "works in a pod"),
        ([*POD, "--peers", "k8s+peers", "--internal-port", "0"], "needs an INTERNAL_PORT"),
        ([*POD, "--peers", "k8s+peers:0"], "expected SERVICE or SERVICE:PORT"),
        ([*POD, "--peers", "k8s+"], "expected SERVICE or SERVICE:PORT"),
    ],
)
def test_a_watch_needs_a_pod_a_service_and_a_port(arguments: list[str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        read(*arguments, SECRET_KEYS=SECRET)
