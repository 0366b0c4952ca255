"""Spoilt frames of each format through a transcoder, in a process that is bounded as a format worker is.

As in `python -m tests.fuzz.frames --frames 1000000`: so many frames of each format. It prints what came of
them, a line for each format. The process ends badly if a decoder does.
"""

import argparse
import json
import random
import resource
import time
from collections import Counter
from pathlib import Path

from audiocast.formats.decoding.transcoder import Transcoder
from audiocast.formats.decoding.units import NotTheFormat
from audiocast.formats.worker.confinement import MAX_ADDRESS_BYTES
from tests.fuzz.foreign import spoilt_sound
from tests.support.audio.foreign_sound import FORMATS

KIB = 1024


def main() -> None:
    """Run, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=1_000_000, help="of each format (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--formats", default=",".join(FORMATS))
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MAX_ADDRESS_BYTES, MAX_ADDRESS_BYTES))
    for name in options.formats.split(","):
        print(json.dumps(run(name, options.frames, options.seed)), flush=True)


def run(name: str, frames: int, seed: int) -> dict[str, object]:
    """Transcode spoilt sounds of a format until there were so many frames; return what came of it."""
    began_at = time.monotonic()
    outcomes: Counter[str] = Counter()
    number = 0
    while outcomes["frames"] < frames:
        dice = random.Random(f"{seed} {name} {number}")
        number += 1
        sound, count = spoilt_sound(dice, name)
        outcomes["frames"] += count
        transcoder = Transcoder(name, 64)
        try:
            half = dice.randrange(len(sound) + 1)
            for piece in (sound[:half], sound[half:]):
                outcomes.update(type(output).__name__ for output in transcoder.feed(piece))
            outcomes.update(type(output).__name__ for output in transcoder.finish())
        except NotTheFormat:
            outcomes["refused"] += 1
    return {
        "format": name,
        "sounds": number,
        **outcomes,
        "peak_bytes": peak_bytes(),
        "seconds": round(time.monotonic() - began_at, 1),
    }


def peak_bytes() -> int:
    """Return the most memory that this program has had; `ru_maxrss` begins with what its parent had."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * KIB for line in status.splitlines() if line.startswith("VmHWM:"))


if __name__ == "__main__":
    main()
