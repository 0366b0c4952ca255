"""`python -m tk_streamer.demo`: puts generated music, or a tone, on the air.

It wires the other modules to a command line and a terminal, and owns the signals. The listen link is all that
it writes to standard output, in one line; everything else goes to standard error. The main thread waits for
signals, a second thread runs the broadcaster and blocks.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from itertools import chain, islice

import requests

from audiocast.ogg.headers import OpusTags
from tk_streamer.broadcaster import Broadcaster
from tk_streamer.connection import open_session
from tk_streamer.encoder import OpusEncoder
from tk_streamer.errors import ClientError
from tk_streamer.music import BLOCK_SECONDS, music, tone
from tk_streamer.pacing import paced
from tk_streamer.streams import Ticket, end_stream, start_stream


def main(arguments: Sequence[str] | None = None) -> int:
    """Broadcast until a signal comes or the time is over; give the exit code."""
    options = _parser().parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    exit_codes: list[int] = []
    # Event.set in a signal handler would wait for ever for an Event.wait that it has interrupted: the two
    # must never be on one thread.
    worker = threading.Thread(target=lambda: exit_codes.append(_broadcast(options, stop)), name="broadcast")
    worker.start()
    worker.join()
    return exit_codes[0] if exit_codes else 1


def _broadcast(options: argparse.Namespace, stop: threading.Event) -> int:
    """Start a stream, feed it and end it. Blocks; runs on the second thread."""
    blocks = _blocks(options.tone, options.seconds)
    tags = OpusTags(vendor="audiocast broadcaster", comments=(f"TITLE={options.title}",))
    with open_session() as session:
        try:
            ticket = start_stream(
                session, options.server, title=options.title, token=os.environ.get("API_TOKEN")
            )
        except (ClientError, ValueError) as error:
            _say(f"Could not start a stream: {error}")
            return 1
        print(ticket.listen_url, flush=True)
        broadcaster = Broadcaster(
            session,
            ticket,
            paced(blocks, block_seconds=BLOCK_SECONDS, wait=stop.wait),
            make_encoder=OpusEncoder,
            tags=tags,
            stop=stop,
            on_trouble=lambda error, seconds: _say(f"{error}. Trying again in {seconds:.1f} s."),
        )
        try:
            broadcaster.run()
        except ClientError as error:
            _say(f"Off the air: {error}")
            return 1
        return _end(session, ticket)


def _blocks(tone_hz: float | None, seconds: float | None) -> Iterator[bytes]:
    """Give the PCM that was asked for. The music is rendered here, before the first listener can come."""
    blocks = music() if tone_hz is None else tone(tone_hz)
    blocks = chain([next(blocks)], blocks)
    return blocks if seconds is None else islice(blocks, max(1, round(seconds / BLOCK_SECONDS)))


def _end(session: requests.Session, ticket: Ticket) -> int:
    try:
        end_stream(session, ticket)
    except ClientError as error:
        _say(f"Stopped, but the stream could not be ended: {error}")
        return 1
    _say("Stopped; the stream is ended.")
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tk_streamer.demo",
        description="Broadcast generated music to an audiocast server and print the link to listen.",
        epilog="A server that asks for a token gets the one in the environment variable API_TOKEN.",
    )
    parser.add_argument("--server", required=True, metavar="URL", help="like http://localhost:8000")
    parser.add_argument("--title", default="audiocast demo", help="title of the stream")
    parser.add_argument("--tone", type=_tone_hz, metavar="HZ", help="a sine in place of the music")
    parser.add_argument("--seconds", type=positive, metavar="N", help="end after N seconds of sound")
    return parser


def positive(text: str) -> float:
    """Read a number above 0, for argparse."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text}")
    return value


def _tone_hz(text: str) -> float:
    value = float(text)
    if not 20 <= value <= 20_000:
        raise argparse.ArgumentTypeError(f"expected 20 to 20000 Hz, got {text}")
    return value


if __name__ == "__main__":
    sys.exit(main())
