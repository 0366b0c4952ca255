"""`make cluster`: three members behind one HAProxy on this machine, a demo broadcast, and a member to kill.

It starts them, says which member does what whenever that changes, and starts again what was killed. HAProxy
runs with the rules of deploy/haproxy/cluster.cfg; only addresses are others.
"""

import argparse
import contextlib
import os
import re
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty

from audiocast.settings import Settings
from demo_child import Child, DemoFailed, Ended, Events, Said, StopAsked
from demo_ports import free_port, public_port
from demo_stage import (
    BROADCASTER,
    Groups,
    broadcaster,
    demo_options,
    get,
    is_up,
    perform,
    settings_of_environment,
    show_link,
)

DESCRIPTION = (
    "Run a cluster of three members with a demo broadcast. Their settings are taken from the environment."
)
CONFIGURATION = Path(__file__).parents[1] / "deploy" / "haproxy" / "cluster.cfg"
HOST = "127.0.0.1"
NAMES = ("m1", "m2", "m3")
BALANCER = "balancer"
# Where Debian has HAProxy, and the path of ordinary users does not lead.
SYSTEM_PATH = "/usr/sbin:/sbin"

# HAProxy refuses to start when the limit of descriptors is below twice as many.
MOST_CONNECTIONS = 1000

DRAIN_SECONDS = 5.0
LOOK_SECONDS = 0.5
# A killed member stays away for so long: time to see that the others go on.
AWAY_SECONDS = 6.0


@dataclass(slots=True)
class Member:
    """A place in the cluster; its process may be another one after a kill."""

    name: str
    port: int
    internal_port: int
    child: Child | None = None
    starts_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Part:
    """What a process does: encoders that it fronts, streams that it owns, listeners that it has."""

    pid: int
    encoders: int
    streams: int
    listeners: int

    @classmethod
    def read(cls, pid: int, metrics: str) -> "Part":
        """Take it from a member's metrics."""
        names = ("audiocast_fronts", "audiocast_owned_streams", "audiocast_listeners")
        return cls(pid, *(_sample(metrics, name) for name in names))


class Cluster:
    """The demo.

    Args:
        options: Of the command line.
        settings: Of the environment; each member has them.
        events: What its programs report.
        groups: Where it puts them.
    """

    def __init__(
        self, options: argparse.Namespace, settings: Settings, events: Events, groups: Groups
    ) -> None:
        self._options = options
        self._settings = settings
        self._events = events
        self._groups = groups
        self._running: list[Child] = []
        self._shown: dict[str, Part] = {}
        self._port = public_port(options.port, "")
        ports = [self._port]
        for _ in range(2 * len(NAMES)):
            ports.append(free_port(ports[-1] + 1, HOST))
        self._members = [Member(*each) for each in zip(NAMES, ports[1::2], ports[2::2], strict=True)]
        self._secret = ",".join(key.get_secret_value() for key in settings.secret_keys) or secrets.token_hex(
            16
        )

    def run(self, folder: Path) -> None:
        """Start all and wait for the end.

        Args:
            folder: For HAProxy's configuration.

        Raises:
            DemoFailed: A program could not be started, or one ended that should not have.
        """
        program = shutil.which("haproxy", path=f"{os.environ.get('PATH', os.defpath)}:{SYSTEM_PATH}")
        if program is None:
            raise DemoFailed("expected HAProxy for this, found none; on Debian: apt-get install haproxy")
        print("Starting three members, HAProxy and a demo broadcast ...", flush=True)
        path = folder / "haproxy.cfg"
        path.write_text(configuration(CONFIGURATION.read_text(), self._port, self._members))
        balancers: list[Child] = []
        self._groups += [balancers, self._running]
        for member in self._members:
            self._start(member)
        if not all(
            is_up(f"http://{HOST}:{each.internal_port}/readyz", self._events) for each in self._members
        ):
            return
        balancers.append(Child(BALANCER, [program, "-db", "-f", str(path)], {}, self._events))
        if not is_up(f"http://{HOST}:{self._port}/api/streams", self._events):
            return
        url = f"http://localhost:{self._port}"
        self._groups.append([broadcaster(url, self._options, self._settings, self._events)])
        self._follow()

    def _follow(self) -> None:
        """Tell what happens, and come back when the demo is to end."""
        is_on_air = False
        while True:
            try:
                event = self._events.get(timeout=LOOK_SECONDS)
            except Empty:
                self._start_again()
                if is_on_air:
                    self._show_parts()
                continue
            match event:
                case StopAsked():
                    print("\nStopping ...", flush=True)
                    return
                case Said(Child(name="broadcaster"), link):
                    show_link(link, has_lan=not self._settings.stream_domain, has_qr=not self._options.no_qr)
                    print("\n  Ctrl-C stops it.", flush=True)
                    is_on_air = True
                case Ended(child) if (
                    child.name == BROADCASTER and not child.exit_code and self._options.seconds
                ):
                    return
                case Ended(child) if child in self._running:
                    self._lose(child)
                case Ended(child):
                    raise DemoFailed(child.obituary())

    def _start(self, member: Member) -> None:
        settings = {
            "HOST": HOST,
            "PORT": str(member.port),
            "INTERNAL_HOST": HOST,
            "INTERNAL_PORT": str(member.internal_port),
            "NODE_NAME": member.name,
            "PEERS": ",".join(f"{HOST}:{each.internal_port}" for each in self._members),
            "SECRET_KEYS": self._secret,
        }
        if "drain_seconds" not in self._settings.model_fields_set:
            settings["DRAIN_SECONDS"] = str(DRAIN_SECONDS)
        if self._settings.log_format == "auto":
            settings["LOG_FORMAT"] = "console"
        command = [sys.executable, "-m", "audiocast", "serve"]
        member.child = Child(member.name, command, settings, self._events)
        self._running.append(member.child)

    def _lose(self, child: Child) -> None:
        """Take note of a member's end; unless it is one of its own, the member comes again."""
        member = next(member for member in self._members if member.child is child)
        self._running.remove(child)
        member.child = None
        if child.exit_code is None or child.exit_code > 0:
            raise DemoFailed(child.obituary())
        member.starts_at = time.monotonic() + AWAY_SECONDS
        how = f"was ended by {signal.Signals(-child.exit_code).name}" if child.exit_code else "has left"
        print(f"\n  {member.name} {how}; it comes back in {AWAY_SECONDS:.0f} s.", flush=True)

    def _start_again(self) -> None:
        for member in self._members:
            if member.child is None and time.monotonic() >= member.starts_at:
                self._start(member)

    def _show_parts(self) -> None:
        """Print who does what, when that has changed."""
        parts = {}
        for member in self._members:
            if member.child is not None:
                with contextlib.suppress(OSError):
                    metrics = get(f"http://{HOST}:{member.internal_port}/metrics")
                    parts[member.name] = Part.read(member.child.pid, metrics)
        if parts == self._shown:
            return
        self._shown = parts
        print("\n  member  pid       encoders  owned streams  listeners")
        for name, part in parts.items():
            print(f"  {name:6}  {part.pid:<8}  {part.encoders:<8}  {part.streams:<13}  {part.listeners}")
        print(f"  {_advice(parts)}", flush=True)


def configuration(shipped: str, port: int, members: Sequence[Member]) -> str:
    """Give HAProxy's shipped configuration with this machine's addresses, for a process without rights.

    Args:
        shipped: Text of deploy/haproxy/cluster.cfg.
        port: The public one.
        members: Their names are those of the servers.

    Raises:
        DemoFailed: It is not as it was when this was written.
    """
    changes = [
        (r"^    user haproxy\n    group haproxy\n    chroot .*\n", ""),
        (r"^    log /dev/log local0\n", ""),
        (r"^    maxconn \d+$", f"    maxconn {MOST_CONNECTIONS}"),
        (r"^    bind :::80 v4v6$", f"    bind *:{port}"),
    ]
    changes += [
        (
            rf"^    server {each.name} .*$",
            f"    server {each.name} {HOST}:{each.port} port {each.internal_port}",
        )
        for each in members
    ]
    for pattern, replacement in changes:
        shipped, count = re.subn(pattern, replacement, shipped, flags=re.MULTILINE)
        if not count:
            raise DemoFailed(f"expected {pattern!r} in {CONFIGURATION.name}, found it nowhere")
    return shipped


def _advice(parts: dict[str, Part]) -> str:
    """Say who can be ended so that nobody hears it."""
    owner = next((name for name, part in parts.items() if part.streams), None)
    if owner is None:
        return "The stream is on its way to a new owner."
    pid = parts[owner].pid
    if parts[owner].encoders:
        return f"{owner} has the encoder too. Tell it to leave, and nobody hears it:  kill {pid}"
    others = " and ".join(name for name in parts if name != owner)
    return f"Kill the owner, and who listens at {others} hears nothing of it:  kill -9 {pid}"


def _sample(metrics: str, name: str) -> int:
    found = re.search(rf"^{name} (\S+)$", metrics, re.MULTILINE)
    return int(float(found[1])) if found else 0


def main() -> int:
    """Run the demo until Ctrl-C, its end or a failure; give the exit code."""
    settings = settings_of_environment()
    options = demo_options(settings, DESCRIPTION).parse_args()
    with tempfile.TemporaryDirectory(prefix="audiocast-cluster-") as folder:
        return perform(lambda events, groups: Cluster(options, settings, events, groups).run(Path(folder)))


if __name__ == "__main__":
    sys.exit(main())
