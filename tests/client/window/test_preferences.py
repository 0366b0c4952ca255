"""What the window remembers, and how carefully: damaged files, modes, the token."""

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from tk_streamer.window.preferences import PREFERENCES_FILE, TOKEN_FILE, Preferences, PreferenceStore

CHOSEN = Preferences(
    server_url="https://radio.example.org",
    title="Вечер",
    device_name="USB Microphone: Audio (hw:1,0)",
    channels=1,
    bitrate_kbps=128,
    frame_ms=40,
    keeps_copy=True,
    copy_folder="/music/copies",
    remembers_token=True,
    language="ru",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "not" / "yet" / "there"


def test_nothing_saved_gives_the_defaults(folder: Path) -> None:
    store = PreferenceStore(folder)
    assert store.load() == Preferences()
    assert store.load_token() == ""
    assert not folder.exists()


def test_what_was_saved_comes_back(folder: Path) -> None:
    PreferenceStore(folder).save(CHOSEN, "the token")
    assert PreferenceStore(folder).load() == CHOSEN
    assert PreferenceStore(folder).load_token() == "the token"


def test_the_token_is_in_its_own_file_for_its_owner_alone(folder: Path) -> None:
    PreferenceStore(folder).save(CHOSEN, "the token")
    assert stat.S_IMODE((folder / TOKEN_FILE).stat().st_mode) == 0o600
    assert "the token" not in (folder / PREFERENCES_FILE).read_text()


def test_a_token_file_that_others_could_read_is_replaced(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / TOKEN_FILE).write_text("old")
    (folder / TOKEN_FILE).chmod(0o644)
    PreferenceStore(folder).save(CHOSEN, "new")
    assert stat.S_IMODE((folder / TOKEN_FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize(("remembers_token", "token"), [(False, "the token"), (True, "")])
def test_a_token_that_is_not_to_be_remembered_leaves_the_disk(
    folder: Path, remembers_token: bool, token: str
) -> None:
    store = PreferenceStore(folder)
    store.save(CHOSEN, "the token")
    store.save(replace(CHOSEN, remembers_token=remembers_token), token)
    assert [path.name for path in folder.iterdir()] == [PREFERENCES_FILE]


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"{" * 100_000, b'"a"'])
def test_a_damaged_file_is_as_good_as_none(folder: Path, damage: bytes) -> None:
    folder.mkdir(parents=True)
    (folder / PREFERENCES_FILE).write_bytes(damage)
    assert PreferenceStore(folder).load() == Preferences()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("channels", 3),
        ("channels", True),
        ("bitrate_kbps", 1_000),
        ("bitrate_kbps", "96"),
        ("frame_ms", 2.5),
        ("server_url", None),
        ("keeps_copy", 1),
        ("language", "xx"),
    ],
)
def test_a_wrong_value_is_replaced_and_the_rest_kept(folder: Path, name: str, value: object) -> None:
    folder.mkdir(parents=True)
    values = {"title": "kept", "unknown": 1, name: value}
    (folder / PREFERENCES_FILE).write_text(json.dumps(values))
    assert PreferenceStore(folder).load() == Preferences(title="kept")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = PreferenceStore(folder)
    store.save(replace(CHOSEN, remembers_token=False), "")

    def refuse(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        store.save(Preferences(), "")
    assert store.load() == replace(CHOSEN, remembers_token=False)
    assert [path.name for path in folder.iterdir()] == [PREFERENCES_FILE]
