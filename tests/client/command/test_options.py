"""The command line becomes settings."""

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
