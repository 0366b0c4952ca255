"""Spoilt frames end no decoder, and take no more memory than good ones; `tests.fuzz.frames` has more."""

import json
import subprocess
import sys

from tests.support.audio.foreign_sound import FORMATS

FRAMES = 1_700
MOST_BYTES = 300 * 1_048_576


def test_ten_thousand_spoilt_frames_end_no_decoder() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.frames", "--frames", str(FRAMES)],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["format"] for each in told] == list(FORMATS)
    for each in told:
        assert each["frames"] >= FRAMES
        assert each["OpusPacket"] > 100, each
        assert each["peak_bytes"] < MOST_BYTES, each
    assert sum(each.get("Fault", 0) for each in told) > 1000
