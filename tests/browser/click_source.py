"""A source with a click at each whole second of its sound, in eight tones, over a fainter tone.

The pitch of a click tells when it was made, and silence between clicks is a gap.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Self

TONES = 8
LOWEST_HZ = 500
STEP_HZ = 250
CLICK_SECONDS = 0.05
BETWEEN_HZ = 440
# A frame can be sent when the last of its sound was made, and not before.
FRAME_SECONDS = 0.02


@dataclass(frozen=True)
class Gap:
    """Silence in the sound; milliseconds of the wall clock."""

    from_ms: float
    to_ms: float

    @property
    def lasts_ms(self) -> float:
        """How long it is."""
        return self.to_ms - self.from_ms


@dataclass(frozen=True)
class ProbeRecording:
    """The record of the probe in a page (audio_probe.js); milliseconds of the wall clock.

    Attributes:
        start_ms: From the click to the first sound.
        clicks: The tone of each click, and when it was heard. What a hole has cut so that it has none of the
            tones is no click: who counts them finds one too few.
        gaps: Silence after the first sound.
        missed: Sound that the probe has not looked at, since the machine did not let it.
    """

    start_ms: float
    clicks: list[tuple[float, float]]
    gaps: list[Gap]
    missed: list[Gap]

    @classmethod
    def of(cls, probe: dict[str, Any]) -> Self:
        """Return the record in `window.audioProbe`."""
        return cls(
            start_ms=probe["firstSoundAt"] - probe["pressedAt"],
            clicks=[
                (click["hz"], click["at"]) for click in probe["clicks"] if 0 <= _tone(click["hz"]) < TONES
            ],
            gaps=[Gap(gap["from"], gap["to"]) for gap in probe["gaps"]],
            missed=[Gap(gap["from"], gap["to"]) for gap in probe["missed"]],
        )

    def delays_ms(self, began_at: float, since: float, until: float) -> list[float]:
        """Return how late each click was heard.

        Args:
            began_at: When the source's sound began.
            since: Earlier clicks are left out.
            until: Later ones too. All of these are unix seconds.
        """
        return [
            _delay_ms(hz, at_ms - began_at * 1000)
            for hz, at_ms in self.clicks
            if since * 1000 <= at_ms < until * 1000
        ]

    def gaps_within(self, since: float, until: float) -> list[Gap]:
        """Return the gaps that ended in a time; unix seconds."""
        return [gap for gap in self.gaps if since * 1000 <= gap.to_ms < until * 1000]


def click_track(folder: Path, seconds: int) -> bytes:
    """Return a stream of clicks, encoded as a broadcaster with little delay does."""
    path = folder / "clicks.opus"
    click = f"0.6*sin(2*PI*({LOWEST_HZ}+{STEP_HZ}*mod(floor(t)\\,{TONES}))*t)"
    between = f"0.1*sin(2*PI*{BETWEEN_HZ}*t)"
    sound = f"aevalsrc=if(lt(mod(t\\,1)\\,{CLICK_SECONDS})\\,{click}\\,{between}):s=48000:d={seconds}"
    encoding = "-c:a libopus -b:a 96k -vbr off -application lowdelay -frame_duration 20 -page_duration 20000"
    command = ["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", sound, *encoding.split(), str(path)]
    subprocess.run(command, check=True, timeout=60)
    return path.read_bytes()


def median_ms(delays: list[float]) -> float:
    """Return the median delay of some clicks, of which there must be three."""
    assert len(delays) >= 3, f"expected clicks, heard {delays}"
    return median(delays)


def _delay_ms(hz: float, since_begin_ms: float) -> float:
    """Return the delay of a click; the tones tell up to eight seconds."""
    return (since_begin_ms - _tone(hz) * 1000) % (TONES * 1000)


def _tone(hz: float) -> int:
    return round((hz - LOWEST_HZ) / STEP_HZ)
