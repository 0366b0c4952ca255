"""The command line becomes settings."""

from datetime import datetime
from pathlib import Path

import pytest

from tests.support.http.pictures import make_picture
from tk_streamer.command.options import parse, station_settings
from tk_streamer.engine.station import StationSettings

SERVER = ["--server", "radio.example.org"]


def settings(*arguments: str) -> StationSettings:
    return station_settings(parse([*SERVER, *arguments]), "")


def test_without_options_it_is_music() -> None:
    made = settings()
    assert (made.preset, made.channels, made.bitrate_bps) == ("music", 2, 96_000)
    assert (made.gain_db, made.limits) == (0.0, True)


def test_a_preset_is_overridden_by_what_is_said() -> None:
    made = settings("--preset", "voice")
    assert (made.preset, made.channels, made.bitrate_bps) == ("voice", 1, 64_000)
    made = settings("--preset", "voice", "--bitrate", "48", "--channels", "2")
    assert (made.preset, made.channels, made.bitrate_bps) == ("voice", 2, 48_000)


def test_gain_and_limiter() -> None:
    made = settings("--gain", "-6.5", "--no-limiter")
    assert (made.gain_db, made.limits) == (-6.5, False)


def test_what_is_said_of_a_show(tmp_path: Path) -> None:
    picture = tmp_path / "cover.png"
    picture.write_bytes(make_picture("image/png"))
    said = ["--accent", "#117733", "--starts-at", "2027-01-31T20:00", "--picture", str(picture)]
    made = settings(*said)
    assert (made.accent, made.picture) == ("#117733", picture.read_bytes())
    # In this computer's zone, and said so.
    at = datetime.fromisoformat(made.starts_at)
    assert at.tzinfo is not None
    assert at.replace(tzinfo=None) == datetime(2027, 1, 31, 20)
    assert settings("--starts-at", "2027-01-31T20:00+01:00").starts_at != ""
    nothing = settings()
    assert (nothing.accent, nothing.starts_at, nothing.picture) == ("", "", b"")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("--accent", "red", "expected a colour like #b5400f"),
        ("--starts-at", "tomorrow", "expected a time like"),
        ("--picture", "no-such-file.png", "cannot read no-such-file.png"),
        ("--picture", __file__, "expected a JPEG, PNG or WebP"),
        ("--picture", "/dev/zero", "expected at most 256 KiB"),
    ],
)
def test_what_no_server_would_take_is_said_at_once(
    capsys: pytest.CaptureFixture[str], name: str, value: str, told: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        settings(name, value)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("said", "variable", "visibility", "code"),
    [
        ([], "", "", ""),
        ([], "from-the-variable", "", ""),
        (["--public"], "", "public", ""),
        (["--visibility", "unlisted"], "", "unlisted", ""),
        (["--visibility", "private"], "", "private", "auto"),
        (["--visibility", "private"], "from-the-variable", "private", "from-the-variable"),
        (["--visibility", "private", "--access-code", "open sesame"], "another", "private", "open sesame"),
    ],
)
def test_who_may_listen(said: list[str], variable: str, visibility: str, code: str) -> None:
    made = station_settings(parse([*SERVER, *said]), "", variable)
    assert (made.visibility, made.access_code) == (visibility, code)
    assert not code or code not in repr(made).replace("'private'", "")


@pytest.mark.parametrize("said", [["--access-code", "open sesame"], ["--public", "--visibility", "private"]])
def test_a_code_is_of_a_private_stream_which_nobody_lists(said: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse([*SERVER, *said])
    assert ended.value.code == 2
