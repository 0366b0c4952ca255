"""A source that ticks at each whole second of its sound, in eight tones: what is heard says when it was."""

import subprocess
from pathlib import Path
from statistics import median
from typing import Any

TONES = 8
LOWEST_HZ = 500
STEP_HZ = 250
TICK_SECONDS = 0.05
FRAME_SECONDS = 0.02
"""A frame can be sent when the last of its sound was made, and not before."""


def ticks_file(folder: Path, seconds: int) -> bytes:
    """Make a stream of them, as a broadcaster with little delay encodes it."""
    path = folder / "ticks.opus"
    tone = f"sin(2*PI*({LOWEST_HZ}+{STEP_HZ}*mod(floor(t)\\,{TONES}))*t)"
    sound = f"aevalsrc=0.5*{tone}*lt(mod(t\\,1)\\,{TICK_SECONDS}):s=48000:d={seconds}"
    encoding = "-c:a libopus -b:a 96k -vbr off -application lowdelay -frame_duration 20 -page_duration 20000"
    command = ["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", sound, *encoding.split(), str(path)]
    subprocess.run(command, check=True, timeout=60)
    return path.read_bytes()


def delays_ms(heard: list[dict[str, Any]], began_at: float) -> list[float]:
    """Give how late each tick was heard.

    Args:
        heard: What the page's ear has noted.
        began_at: When the source's sound began; unix seconds.
    """
    return [_delay_ms(each["hz"], each["atMs"] - began_at * 1000) for each in heard]


def typical_ms(delays: list[float]) -> float:
    """Give the median of some ticks, which there must be."""
    assert len(delays) >= 5, f"expected ticks, heard {delays}"
    return median(delays)


def _delay_ms(hz: float, since_begin_ms: float) -> float:
    """Give a tick's delay, up to as many seconds as there are tones."""
    tone = round((hz - LOWEST_HZ) / STEP_HZ)
    assert 0 <= tone < TONES, f"expected one of the tones, heard {hz} Hz"
    return (since_begin_ms - tone * 1000) % (TONES * 1000)
