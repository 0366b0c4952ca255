"""`make run`: a server, a demo broadcast to it, and the link to listen with its QR code.

It starts both as processes of its own, waits, and ends both in order: the broadcaster first, so that the
stream gets its end.
"""

import argparse
import sys

from audiocast.settings import Settings
from demo_child import Child, DemoFailed, Ended, Events, Said, StopAsked
from demo_ports import WILDCARD_HOSTS, free_port, public_port
from demo_stage import (
    BROADCASTER,
    Groups,
    broadcaster,
    demo_options,
    is_up,
    perform,
    settings_of_environment,
    show_link,
)

DESCRIPTION = "Run a server and a demo broadcast. The server's settings are taken from the environment."


def main() -> int:
    """Run the demo until Ctrl-C, its end or a failure; give the exit code."""
    settings = settings_of_environment()
    options = demo_options(settings, DESCRIPTION).parse_args()
    return perform(lambda events, groups: _run(options, settings, events, groups))


def _run(options: argparse.Namespace, settings: Settings, events: Events, groups: Groups) -> None:
    """Start both and wait for the end; what has been started is in `groups`.

    Raises:
        DemoFailed: One of them died, or did not start in time.
    """
    print("Starting a server and a demo broadcast ...", flush=True)
    port = public_port(options.port, settings.host)
    internal_port = free_port(port + 1, "127.0.0.1")
    ports = {"PORT": str(port), "INTERNAL_PORT": str(internal_port), "INTERNAL_HOST": "127.0.0.1"}
    log_format = {"LOG_FORMAT": "console"} if settings.log_format == "auto" else {}
    server = [sys.executable, "-m", "audiocast", "serve"]
    groups.append([Child("server", server, ports | log_format, events)])
    if not is_up(f"http://127.0.0.1:{internal_port}/livez", events):
        return
    host = "localhost" if settings.host in WILDCARD_HOSTS else settings.host
    server_url = f"http://{_in_url(host)}:{port}"
    groups.append([broadcaster(server_url, options, settings, events)])
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
                show_link(link, has_lan=has_lan, has_qr=not options.no_qr)
                print("\n  Ctrl-C stops it.", flush=True)
            case Ended(child) if child.name == BROADCASTER and child.exit_code == 0 and options.seconds:
                return
            case Ended(child):
                raise DemoFailed(child.obituary())


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


if __name__ == "__main__":
    sys.exit(main())
