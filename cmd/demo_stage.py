"""What demos do alike: wait for a server, broadcast to it, show the link, end all that was started in order.

The main thread alone decides; other threads only read what the processes say and report to its queue.
"""

import argparse
import os
import signal
import sys
import time
import urllib.request
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeAlias
from urllib.parse import urlsplit

from pydantic import ValidationError

from audiocast.settings import Settings
from demo_child import Child, DemoFailed, Ended, Events, StopAsked
from demo_ports import lan_address, port_number
from tk_streamer.command.options import TOKEN_VARIABLE, positive
from tk_streamer.command.terminal_qr import terminal_qr

START_SECONDS = 30.0
POLL_SECONDS = 0.1
BROADCASTER = "broadcaster"
# Exit codes of a program that was asked to end. HAProxy ends by the signal itself.
PROPER_ENDS = (0, -signal.SIGTERM)

# What has been started, and is still of interest.
Groups: TypeAlias = list[list[Child]]


def settings_of_environment() -> Settings:
    """Read the server's settings.

    Raises:
        SystemExit: One of them is wrong; it has been told.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        print(f"{str(first['loc'][0]).upper()}: {first['msg']}", file=sys.stderr)
        raise SystemExit(2) from None


def demo_options(settings: Settings, description: str) -> argparse.ArgumentParser:
    """Give a parser that knows the options of every demo."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--port",
        type=port_number,
        default=settings.port or 8000,
        help="public port, or the next free one (default: %(default)s)",
    )
    parser.add_argument("--title", default="audiocast demo", help="title of the stream")
    parser.add_argument("--seconds", type=positive, metavar="N", help="end after N seconds of sound")
    parser.add_argument("--no-qr", action="store_true", help="print no QR code")
    return parser


def perform(play: Callable[[Events, Groups], None]) -> int:
    """Run a demo until Ctrl-C, its end or a failure.

    Args:
        play: Starts its programs and puts them into groups; returns when the demo is to end. Groups are ended
            one after the other, the last one first; who is in the same one need not wait for the others.

    Returns:
        The exit code.
    """
    events: Events = SimpleQueue()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: events.put(StopAsked()))
    groups: Groups = []
    exit_code = 0
    try:
        play(events, groups)
    except DemoFailed as error:
        print(error, file=sys.stderr, flush=True)
        exit_code = 1
    for group in reversed(groups):
        running = [child for child in group if child.exit_code is None]
        for child in running:
            child.ask_to_end()
        for child in running:
            if child.end() not in PROPER_ENDS:
                print(child.obituary(), file=sys.stderr, flush=True)
                exit_code = 1
    return exit_code


def broadcaster(server_url: str, options: argparse.Namespace, settings: Settings, events: Events) -> Child:
    """Start the demo broadcast: generated music, by the real broadcaster."""
    environment = {TOKEN_VARIABLE: settings.api_tokens[0].get_secret_value()} if settings.api_tokens else {}
    command = [
        sys.executable,
        "-m",
        "tk_streamer",
        "--server",
        server_url,
        "--title",
        options.title,
        "--music",
    ]
    if options.seconds:
        command += ["--seconds", str(options.seconds)]
    return Child(BROADCASTER, command, environment, events)


def is_up(url: str, events: Events) -> bool:
    """Wait until a server answers; give False when a signal came first.

    Raises:
        DemoFailed: A child died, or it took longer than `START_SECONDS`.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            get(url)
        except OSError:
            pass
        else:
            return True
        try:
            match events.get(timeout=POLL_SECONDS):
                case StopAsked():
                    return False
                case Ended(child):
                    raise DemoFailed(child.obituary())
        except Empty:
            pass
    raise DemoFailed(f"expected the server to answer within {START_SECONDS:.0f} s, it did not")


def get(url: str) -> str:
    """Give what a server of this machine answers.

    Raises:
        OSError: It does not answer, or not with success.
    """
    # Straight to the port: a proxy from the environment has no business on this machine's loopback.
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=2) as answer:
        text: str = answer.read().decode()
        return text


def show_link(link: str, *, has_lan: bool, has_qr: bool) -> None:
    """Print the listen link, for here and for the local network, and its QR code."""
    print(f"\n  On the air. Listen:      {link}")
    elsewhere = _lan_link(link) if has_lan else None
    if elsewhere:
        print(f"  From the same network:   {elsewhere}")
    # Half blocks exist in Unicode only.
    if has_qr and sys.stdout.encoding.lower().startswith("utf"):
        is_coloured = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        print(f"\n{terminal_qr(elsewhere or link, colour=is_coloured)}")


def _lan_link(link: str) -> str | None:
    """Give `link` with this machine's address in the local network, if it has one."""
    address = lan_address()
    parts = urlsplit(link)
    return parts._replace(netloc=f"{address}:{parts.port}").geturl() if address else None
