"""What a stream in another format costs: a core's share of each format, and the time to first audio.

    python -m loadtest.bench.encoding_cost [--seconds N] [--turns N]

The sound is two chirping tones with noise, which is dearer than one tone. First audio is the time from a
request to the first byte behind the response's head: cold is with no format worker, warm is with one that has
something else to do.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from loadtest.bench.processes import cpu_time
from tests.support.audio.media import music_file
from tests.support.formats.worker_processes import worker_pids
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer, Started

# Each with another format that nobody has asked for by then.
FORMATS = {
    "MP3, 128 kbit/s": (".mp3", ".aac?kbps=64"),
    "AAC, 128 kbit/s": (".aac", ".mp3?kbps=64"),
    "Opus, 48 kbit/s": ("?kbps=48", ".mp3?kbps=64"),
    "Opus, 24 kbit/s": ("?kbps=24", ".mp3?kbps=64"),
}
MOST_SHARE = 0.03
MOST_WARM_SECONDS, MOST_COLD_SECONDS = 0.1, 0.5
PATIENCE_SECONDS = 60.0


def first_audio_seconds(listener: Listener) -> float:
    """Return how long a listener has waited for its first audio."""
    listener.wait(lambda: len(listener.body) > 0, "audio", PATIENCE_SECONDS)
    return next(at for at, count in listener.arrivals if count > listener.head_bytes) - listener.asked_at


def measure(
    server: AudiocastServer, started: Started, paths: tuple[str, str], seconds: float
) -> tuple[float, float, float]:
    """Return the time to first audio cold, a core's share of one format, and the time to first audio warm."""
    path = f"/stream/{started.stream_id}"
    with Listener(server.port, path + paths[0]) as listener:
        cold = first_audio_seconds(listener)
        # What is encoded at once for the first listener is no part of what goes on.
        time.sleep(2)
        [pid] = worker_pids(server.pid)
        before, began_at = cpu_time(pid), time.monotonic()
        time.sleep(seconds)
        used = cpu_time(pid).since(before)
        share = used.total_ns / 1e9 / (time.monotonic() - began_at)
    with Listener(server.port, path + paths[1]) as listener:
        return cold, share, first_audio_seconds(listener)


def main() -> int:
    """Measure, print, and return 1 if a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--turns", type=int, default=1)
    arguments = parser.parse_args()
    shares: dict[str, list[float]] = {name: [] for name in FORMATS}
    times: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        music = music_file(folder, seconds=arguments.seconds + 30).read_bytes()
        for _ in range(arguments.turns):
            for label, paths in FORMATS.items():
                with AudiocastServer(folder / "server.log") as server:
                    started = server.start_stream()
                    with PacedSource(started.keyed_url, music, lead_seconds=5):
                        server.wait_for_state(started.stream_id, "live")
                        cold, share, warm = measure(server, started, paths, arguments.seconds)
                shares[label].append(share)
                times.append((cold, warm))
    for label, measured in shares.items():
        print(f"{label}: {100 * median(measured):.1f} % of a core")
    cold, warm = (median(each) for each in zip(*times, strict=True))
    print(f"first audio: cold {1000 * cold:.0f} ms, warm {1000 * warm:.0f} ms")
    is_cheap = all(median(measured) <= MOST_SHARE for measured in shares.values())
    return 0 if is_cheap and warm <= MOST_WARM_SECONDS and cold <= MOST_COLD_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
