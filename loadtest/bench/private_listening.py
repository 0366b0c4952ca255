"""What private listening costs: a check of each of a million links, and a crowd that joins a private stream.

    python -m loadtest.bench.private_listening [--links N] [--listeners N] [--turns N]

Links are made beforehand and are all different, as those of a crowd are. The crowd joins a public stream and
a private one in turns, each listener of the private one with a link of its own: the ratio is what being
private costs. The time of a crowd is from the first request until the last listener has audio.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from audiocast.stream.access.listen_tokens import ListenClaims, ListenTokens
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer, Started

SECRET = "a-secret-of-the-benchmark"
MOST_CHECK_US = 20.0
MOST_JOIN_SECONDS = 0.5
# More are made, checked, and forgotten.
LINKS_AT_A_TIME = 50_000
AUDIO_SECONDS = 600


def check_us(links: int) -> list[float]:
    """Return what a check takes, microseconds of a processor: the mean of each `LINKS_AT_A_TIME`."""
    tokens, now = ListenTokens([SECRET]), time.time()
    means = []
    for first in range(0, links, LINKS_AT_A_TIME):
        made = [
            tokens.make("morning", ListenClaims(int(now * 1000), int(now) + 3600, 7200, f"Member {number}"))
            for number in range(first, min(first + LINKS_AT_A_TIME, links))
        ]
        began_at = time.process_time()
        good = sum(tokens.check("morning", token, now) is not None for token in made)
        means.append((time.process_time() - began_at) / len(made) * 1e6)
        assert good == len(made)
    return means


async def join_seconds(port: int, paths: list[str]) -> float:
    """Return how long a crowd takes from its first request until each listener has audio."""
    connections = [await asyncio.open_connection("127.0.0.1", port) for _ in paths]

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> None:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        await reader.readexactly(200)

    began_at = time.monotonic()
    pairs = zip(connections, paths, strict=True)
    await asyncio.gather(*(join(reader, writer, path) for (reader, writer), path in pairs))
    seconds = time.monotonic() - began_at
    for _, writer in connections:
        writer.close()
    return seconds


def main() -> int:
    """Measure, print, and return 1 if a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--links", type=int, default=1_000_000)
    parser.add_argument("--listeners", type=int, default=1_000)
    parser.add_argument("--turns", type=int, default=3)
    asked = parser.parse_args()
    means = check_us(asked.links)
    print(
        f"{asked.links} links: {median(means):.1f} µs each, {max(means):.1f} in the slowest {LINKS_AT_A_TIME}"
    )
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings: dict[str, str | int] = {
            "SECRET_KEYS": SECRET,
            "MAX_LISTENERS": 2 * asked.listeners + 1000,
            "MAX_LISTENERS_PER_CLIENT": 0,
            "program": "audiocast",
        }
        server = stack.enter_context(AudiocastServer(folder / "server.log", **settings))
        paths = {
            visibility: _on_air(stack, server, visibility, asked.listeners)
            for visibility in ("public", "private")
        }
        turns = [
            {visibility: asyncio.run(join_seconds(server.port, each)) for visibility, each in paths.items()}
            for _ in range(asked.turns)
        ]
    for turn in turns:
        print(f"{asked.listeners} join: {turn['public']:.2f} s public, {turn['private']:.2f} s private")
    joined = median([turn["private"] for turn in turns])
    ratio = median([turn["private"] / turn["public"] for turn in turns])
    print(f"private, median: {joined:.2f} s, {ratio:.2f} times as long as public")
    promises = {
        f"a check takes at most {MOST_CHECK_US:g} µs": median(means) <= MOST_CHECK_US,
        f"{asked.listeners} private listeners join within {MOST_JOIN_SECONDS:g} s": joined
        <= MOST_JOIN_SECONDS,
    }
    for promise, is_kept in promises.items():
        print(f"{'PASS' if is_kept else 'FAIL'}  {promise}")
    return 0 if all(promises.values()) else 1


def _on_air(stack: ExitStack, server: AudiocastServer, visibility: str, listeners: int) -> list[str]:
    """Put a stream on the air; return what each listener of a crowd asks for."""
    started = server.start_stream(visibility=visibility)
    stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=AUDIO_SECONDS)))
    server.wait_until_live(started)
    return [
        f"/stream/{started.stream_id}{_query(started, visibility, number)}" for number in range(listeners)
    ]


def _query(started: Started, visibility: str, number: int) -> str:
    if visibility == "public":
        return ""
    claims = ListenClaims(int(time.time() * 1000), label=f"Member {number}")
    return f"?token={ListenTokens([SECRET]).make(started.stream_id, claims)}"


if __name__ == "__main__":
    sys.exit(main())
