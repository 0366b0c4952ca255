"""A source that ticks at each whole second of its sound, in eight tones, over a fainter one.

What is heard says when it was, and silence is a hole.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Self

TONES = 8
LOWEST_HZ = 500
STEP_HZ = 250
TICK_SECONDS = 0.05
BETWEEN_HZ = 440
FRAME_SECONDS = 0.02
"""A frame can be sent when the last of its sound was made, and not before."""


@dataclass(frozen=True)
class Hole:
    """Silence in the sound; milliseconds of the wall clock."""

    from_ms: float
    to_ms: float

    @property
    def lasts_ms(self) -> float:
        """How long it is."""
        return self.to_ms - self.from_ms


@dataclass(frozen=True)
class Heard:
    """What the ear in a page (ear.js) has noted; milliseconds of the wall clock.

    Attributes:
        start_ms: From the click to the first sound.
        ticks: The tone of each tick, and when it was heard.
        holes: In the sound, since it has begun.
    """

    start_ms: float
    ticks: list[tuple[float, float]]
    holes: list[Hole]

    @classmethod
    def of(cls, ear: dict[str, Any]) -> Self:
        """Take what `window.ear` is."""
        return cls(
            start_ms=ear["firstSoundAt"] - ear["clickedAt"],
            ticks=[(tick["hz"], tick["at"]) for tick in ear["ticks"]],
            holes=[Hole(hole["from"], hole["to"]) for hole in ear["holes"]],
        )

    def delays_ms(self, began_at: float, since: float, until: float) -> list[float]:
        """Give how late each tick was heard.

        Args:
            began_at: When the source's sound began.
            since: Earlier ticks are left out.
            until: Later ones too. All of these are unix seconds.
        """
        return [
            _delay_ms(hz, at_ms - began_at * 1000)
            for hz, at_ms in self.ticks
            if since * 1000 <= at_ms < until * 1000
        ]

    def holes_within(self, since: float, until: float) -> list[Hole]:
        """Give the holes that have ended in a time; unix seconds."""
        return [hole for hole in self.holes if since * 1000 <= hole.to_ms < until * 1000]


def ticks_file(folder: Path, seconds: int) -> bytes:
    """Make a stream of them, as a broadcaster with little delay encodes it."""
    path = folder / "ticks.opus"
    tick = f"0.6*sin(2*PI*({LOWEST_HZ}+{STEP_HZ}*mod(floor(t)\\,{TONES}))*t)"
    between = f"0.1*sin(2*PI*{BETWEEN_HZ}*t)"
    sound = f"aevalsrc=if(lt(mod(t\\,1)\\,{TICK_SECONDS})\\,{tick}\\,{between}):s=48000:d={seconds}"
    encoding = "-c:a libopus -b:a 96k -vbr off -application lowdelay -frame_duration 20 -page_duration 20000"
    command = ["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", sound, *encoding.split(), str(path)]
    subprocess.run(command, check=True, timeout=60)
    return path.read_bytes()


def typical_ms(delays: list[float]) -> float:
    """Give the median of some ticks, which there must be."""
    assert len(delays) >= 3, f"expected ticks, heard {delays}"
    return median(delays)


def _delay_ms(hz: float, since_begin_ms: float) -> float:
    """Give a tick's delay, up to as many seconds as there are tones."""
    tone = round((hz - LOWEST_HZ) / STEP_HZ)
    assert 0 <= tone < TONES, f"expected one of the tones, heard {hz} Hz"
    return (since_begin_ms - tone * 1000) % (TONES * 1000)
