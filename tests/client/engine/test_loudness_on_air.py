"""What the program says of its loudness, and what the judge says of what listeners decode.

The sound is a file without a pace: nothing here is in real time.
"""

import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.client.audio.encoded import encoded_file
from tests.client.audio.loud_sound import blocks, drums, speech, tune
from tests.client.engine.fake_server import SECONDS, FakeServer
from tests.client.judge import judge
from tk_streamer.audio.encoder import OpusEncoder
from tk_streamer.audio.files import FileSource
from tk_streamer.audio.level_control import LevelControl
from tk_streamer.audio.presets import PRESETS, PresetName
from tk_streamer.engine.station import Station, StationSettings

MAX_DBTP = -1.0
WITHIN_LU = 1.0


@pytest.mark.parametrize("gain_db", [0.0, 20.0])
@pytest.mark.parametrize(("sound", "preset"), [(speech, "voice"), (speech, "music"), (tune, "music")])
def test_the_meter_of_the_program_agrees_with_the_judge_and_no_peak_is_heard(
    sound: Callable[[], bytes], preset: PresetName, gain_db: float, tmp_path: Path
) -> None:
    said = tmp_path / "said.wav"
    with wave.open(str(said), "wb") as file:
        file.setparams((2, 2, 48_000, 0, "NONE", ""))
        file.writeframes(sound())
    settings = PRESETS[preset]
    with FakeServer() as server:
        station = Station(
            StationSettings(
                server.url,
                channels=settings.channels,
                bitrate_bps=settings.bitrate_kbps * 1_000,
                preset=preset,
                gain_db=gain_db,
            ),
            FileSource(said, is_paced=False),
        )
        station.start()
        assert station.wait(SECONDS)
        status = station.status()
        (body,) = server.bodies
    heard = tmp_path / "heard.opus"
    heard.write_bytes(body)
    judged = judge(heard, channels=settings.channels)
    print(f"{sound.__name__}, {preset}, {gain_db:+g} dB: {judged.true_peak_dbtp} dBTP", end=", ")
    print(f"{status.level.short_term_lufs:.1f} LUFS, the judge: {judged.short_term_lufs[-1]}")
    assert status.level.short_term_lufs == pytest.approx(judged.short_term_lufs[-1], abs=WITHIN_LU)
    assert judged.true_peak_dbtp <= MAX_DBTP
    assert (status.level.limited_db > 0) == (gain_db > 0) or sound is speech


@pytest.mark.parametrize("bitrate_kbps", [48, 96, 256])
def test_drums_at_full_gain_have_no_peak_above_what_is_allowed(bitrate_kbps: int, tmp_path: Path) -> None:
    encoder = OpusEncoder(bitrate_bps=bitrate_kbps * 1_000)
    control = LevelControl(2, gain_db=20.0)
    limited = [*(control.process(block, 0.0) for block in blocks(drums())), control.flush()]
    assert judge(encoded_file(tmp_path / "drums.opus", encoder, limited)).true_peak_dbtp <= MAX_DBTP
