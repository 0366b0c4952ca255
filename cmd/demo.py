"""`make run`: a server, a demo broadcast to it, and the link to listen with its QR code.

It starts both as processes of its own, waits, and ends both in order: the broadcaster first, so that the
stream gets its end. The main thread alone decides; other threads only read what the processes say and report
to its queue.
"""

import argparse
import errno
import os
import signal
import socket
import sys
import time
import urllib.request
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

from pydantic import ValidationError

from audiocast.settings import Settings
from demo_child import Child, Ended, Events, Said, StopAsked
from tk_streamer.options import TOKEN_VARIABLE, positive
from tk_streamer.terminal_qr import terminal_qr

START_SECONDS = 30.0
POLL_SECONDS = 0.1
WILDCARD_HOSTS = ("", "0.0.0.0", "::")


class DemoFailed(Exception):
    """The demo cannot go on; the message is for people."""


def main() -> int:
    """Run the demo until Ctrl-C, its end or a failure; give the exit code."""
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        print(f"{str(first['loc'][0]).upper()}: {first['msg']}", file=sys.stderr)
        return 2
    options = _parser(settings).parse_args()
    events: Events = SimpleQueue()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: events.put(StopAsked()))
    children: list[Child] = []
    exit_code = 0
    try:
        _run(options, settings, events, children)
    except DemoFailed as error:
        print(error, file=sys.stderr, flush=True)
        exit_code = 1
    # The last one started, the broadcaster, ends first.
    for child in reversed(children):
        was_running = child.exit_code is None
        if child.end() != 0 and was_running:
            print(child.obituary(), file=sys.stderr, flush=True)
            exit_code = 1
    return exit_code


def _run(options: argparse.Namespace, settings: Settings, events: Events, children: list[Child]) -> None:
    """Start both and wait for the end; what has been started is in `children`.

    Raises:
        DemoFailed: One of them died, or did not start in time.
    """
    print("Starting a server and a demo broadcast ...", flush=True)
    port = _free_port(options.port, settings.host)
    if port != options.port:
        print(f"Port {options.port} is taken, so this is port {port}.")
    internal_port = _free_port(port + 1, "127.0.0.1")
    ports = {"PORT": str(port), "INTERNAL_PORT": str(internal_port), "INTERNAL_HOST": "127.0.0.1"}
    log_format = {"LOG_FORMAT": "console"} if settings.log_format == "auto" else {}
    children.append(Child("server", ["-m", "audiocast", "serve"], ports | log_format, events))
    if not _is_up(f"http://127.0.0.1:{internal_port}/livez", events):
        return
    host = "localhost" if settings.host in WILDCARD_HOSTS else settings.host
    environment = {TOKEN_VARIABLE: settings.api_tokens[0].get_secret_value()} if settings.api_tokens else {}
    server_url = f"http://{_in_url(host)}:{port}"
    arguments = ["-m", "tk_streamer", "--server", server_url, "--title", options.title, "--music"]
    if options.seconds:
        arguments += ["--seconds", str(options.seconds)]
    children.append(Child("broadcaster", arguments, environment, events))
    _follow(options, events, has_lan=settings.host in WILDCARD_HOSTS and not settings.stream_domain)


def _follow(options: argparse.Namespace, events: Events, *, has_lan: bool) -> None:
    """Show the link when the broadcaster says it, and come back when the demo is to end.

    Raises:
        DemoFailed: A child ended that should not have.
    """
    while True:
        match events.get():
            case StopAsked():
                print("\nStopping ...", flush=True)
                return
            case Said(Child(name="broadcaster"), link):
                _show(link, _lan_link(link) if has_lan else None, has_qr=not options.no_qr)
            case Ended(child) if child.name == "broadcaster" and child.exit_code == 0 and options.seconds:
                return
            case Ended(child):
                raise DemoFailed(child.obituary())


def _is_up(url: str, events: Events) -> bool:
    """Wait until the server answers; give False when a signal came first.

    Raises:
        DemoFailed: It died, or took longer than `START_SECONDS`.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            # Straight to the port: a proxy from the environment has no business on this machine's loopback.
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=2):
                return True
        except OSError:
            pass
        try:
            match events.get(timeout=POLL_SECONDS):
                case StopAsked():
                    return False
                case Ended(child):
                    raise DemoFailed(child.obituary())
        except Empty:
            pass
    raise DemoFailed(f"expected the server to answer within {START_SECONDS:.0f} s, it did not")


def _show(link: str, lan_link: str | None, *, has_qr: bool) -> None:
    print(f"\n  On the air. Listen:      {link}")
    if lan_link:
        print(f"  From the same network:   {lan_link}")
    # Half blocks exist in Unicode only.
    if has_qr and sys.stdout.encoding.lower().startswith("utf"):
        is_coloured = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        print(f"\n{terminal_qr(lan_link or link, colour=is_coloured)}")
    print("\n  Ctrl-C stops it.", flush=True)


def _lan_link(link: str) -> str | None:
    """Give `link` with this machine's address in the local network, if it has one."""
    address = _lan_address()
    parts = urlsplit(link)
    return parts._replace(netloc=f"{address}:{parts.port}").geturl() if address else None


def _lan_address() -> str | None:
    """Give the IPv4 address that packets to elsewhere would have.

    Connecting a UDP socket chooses the way and sends nothing; the destination is one of RFC 5737, nobody's.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))
        except OSError:
            return None
        address: str = probe.getsockname()[0]
    return None if address.startswith("127.") or address == "0.0.0.0" else address


def _free_port(first: int, host: str) -> int:
    """Give the first port from `first` up that nobody listens on.

    Raises:
        DemoFailed: There is none, or `host` is no address of this machine.
    """
    try:
        addresses = socket.getaddrinfo(host or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for port in range(first, 65_536):
            if all(_is_free(family, (address[0], port, *address[2:])) for family, *_, address in addresses):
                return port
    except OSError as error:
        raise DemoFailed(f"cannot listen on {host!r}: {error.strerror}") from error
    raise DemoFailed(f"expected a free port from {first} up, there is none")


def _is_free(family: int, address: tuple[object, ...]) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
        return True


def _port(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 65_535:
        raise argparse.ArgumentTypeError(f"expected a port from 1 to 65535, got {text}")
    return value


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _parser(settings: Settings) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Run a server and a demo broadcast. The server's settings are taken from the environment."
    )
    parser.add_argument(
        "--port",
        type=_port,
        default=settings.port or 8000,
        help="public port, or the next free one (default: %(default)s)",
    )
    parser.add_argument("--title", default="audiocast demo", help="title of the stream")
    parser.add_argument("--seconds", type=positive, metavar="N", help="end after N seconds of sound")
    parser.add_argument("--no-qr", action="store_true", help="print no QR code")
    return parser


if __name__ == "__main__":
    sys.exit(main())
