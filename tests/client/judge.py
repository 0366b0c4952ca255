"""The judge of loudness and peaks: the program ffmpeg's `ebur128`, over a file as listeners get it."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

_MOMENT = re.compile(r"t: *([\d.]+) .*?M: *(-?[\d.]+|-?inf|nan) +S: *(-?[\d.]+|-?inf|nan)")
_PEAK = re.compile(r"Peak: +(-?[\d.]+|-inf) dBFS")
_INTEGRATED = re.compile(r"I: +(-?[\d.]+) LUFS")


@dataclass(frozen=True)
class Judgement:
    """What the judge says of a file.

    Attributes:
        true_peak_dbtp: The highest point of the wave.
        integrated_lufs: Loudness of the whole.
        momentary_lufs: Ten times a second, of 400 ms.
        short_term_lufs: Ten times a second, of 3 s.
    """

    true_peak_dbtp: float
    integrated_lufs: float
    momentary_lufs: list[float]
    short_term_lufs: list[float]


def judge(path: Path, *, channels: int = 2) -> Judgement:
    """Decode a file and measure it; raw PCM is 16 bits at 48 kHz, of that many channels."""
    raw = ["-f", "s16le", "-ar", "48000", "-ac", str(channels)] if path.suffix == ".raw" else []
    # A single channel is heard from two loudspeakers.
    measure = f"ebur128=peak=true:dualmono={int(channels == 1)}:framelog=info"
    command = ["ffmpeg", "-hide_banner", "-nostdin", "-nostats", *raw, "-i", str(path), "-af", measure]
    done = subprocess.run([*command, "-f", "null", "-"], capture_output=True, timeout=60, check=True)
    log = done.stderr.decode()
    moments = _MOMENT.findall(log)
    assert moments, log[-1000:]
    return Judgement(
        true_peak_dbtp=float(_PEAK.findall(log)[-1]),
        integrated_lufs=float(_INTEGRATED.findall(log)[-1]),
        momentary_lufs=[float(momentary) for _, momentary, _ in moments],
        short_term_lufs=[float(short_term) for *_, short_term in moments],
    )
