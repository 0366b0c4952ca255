"""`make cluster`: from the link that it prints, through a member that is ended as it advises, to its end."""

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from audiocast.ogg.silence import silence_packet
from tests.client.demo_process import SCRIPTS, DemoProcess
from tests.support.http.listener import Listener
from tests.support.network.ports import free_ports

pytestmark = pytest.mark.realtime

MEMBERS = 3
# Listeners of a member.
EACH = 2

WHOLE_TABLE = rf"((?:  m\d .* {EACH}\n){{3}}.*  kill (?:-9 )?\d+)"
PATIENCE_SECONDS = 40.0


class ClusterProcess(DemoProcess):
    """`cmd/cluster.py` as a user starts it."""

    script = "cluster.py"

    def table(self) -> dict[str, list[int]]:
        """Give the members in the newest table, each with id, encoders, owned streams, listeners."""
        newest = self.text.rpartition("  member ")[2]
        rows = re.findall(r"^  (m\d) +(\d+) +(\d+) +(\d+) +(\d+)$", newest, re.MULTILINE)
        return {name: list(map(int, numbers)) for name, *numbers in rows}


@pytest.fixture
def port() -> int:
    """A port that is free, as are those after it, which the members get: nobody else is given one of them."""
    return free_ports(1 + 2 * MEMBERS)[0]


def silent_packets(listener: Listener) -> int:
    """Count the packets that a server has put in for a source that was away."""
    capture = listener.capture()
    return sum(packet == silence_packet(capture.head, len(packet)) for packet in capture.packets)


def test_who_ends_the_member_that_it_names_hears_nothing_of_it(port: int) -> None:
    with ClusterProcess("--no-qr", "--port", str(port)) as cluster, ExitStack() as stack:
        link = urlsplit(cluster.link())
        assert link.port == port
        path = link.path.replace("/listen/", "/stream/") + "?latency=low"
        listeners = [stack.enter_context(Listener(port, path)) for _ in range(3 * EACH)]
        for listener in listeners:
            listener.wait_for_audio(3.0)
        advice = cluster.wait_for(WHOLE_TABLE).splitlines()[-1]
        before = cluster.table()
        assert len({pid for pid, *_ in before.values()}) == 3
        assert [sum(column) for column in list(zip(*before.values(), strict=True))[1:]] == [1, 1, 3 * EACH]
        option, pid = re.findall(r"kill (-9 )?(\d+)", advice)[0]
        ended = next(name for name, row in before.items() if row[0] == int(pid))
        assert before[ended][2] == 1, "it names the owner"
        os.kill(int(pid), signal.SIGKILL if option else signal.SIGTERM)
        how = "was ended by SIGKILL" if option else "has left"
        cluster.wait_for(rf"({ended} {how}; it comes back)")
        # Only those whose own member it was are sent away.
        for listener in listeners:
            listener.wait(lambda: sum(each.end is not None for each in listeners) == EACH, "their end")
        staying = [listener for listener in listeners if listener.end is None]
        assert len(staying) == 2 * EACH
        for listener in staying:
            listener.wait_for_audio(listener.capture().seconds + 4, PATIENCE_SECONDS)
            listener.capture().check_one_stream()
            assert silent_packets(listener) == 0
        cluster.wait_for(rf"(?s)comes back in.*\n  ({ended}) +(?!{pid})\d+ +0 +0 +0\n")
        cluster.send_signal(signal.SIGINT)
        assert cluster.wait() == 0, cluster.text
        assert "Traceback" not in cluster.text
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), timeout=5):
        pass


def test_it_ends_by_itself_after_the_seconds_that_were_asked_for(port: int) -> None:
    with ClusterProcess("--no-qr", "--port", str(port), "--seconds", "3") as cluster:
        cluster.link()
        assert cluster.wait() == 0, cluster.text
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), timeout=5):
        pass


def test_a_balancer_that_dies_ends_it_all(port: int) -> None:
    with ClusterProcess("--no-qr", "--port", str(port)) as cluster:
        cluster.link()
        os.kill(cluster.children()["haproxy"], signal.SIGKILL)
        assert cluster.wait() == 1
        assert "The balancer ended with exit code -9. Its last lines:" in cluster.text
        assert "Traceback" not in cluster.text


def test_without_haproxy_it_says_what_to_install(port: int) -> None:
    # Where the program is looked for besides PATH is emptied too.
    lines = [
        "import sys",
        f"sys.path.insert(0, {str(SCRIPTS)!r})",
        "import cluster",
        "cluster.SYSTEM_PATH = ''",
    ]
    command = [sys.executable, "-c", "; ".join([*lines, "sys.exit(cluster.main())"]), "--port", str(port)]
    done = subprocess.run(command, env={"PATH": "/nowhere"}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr == "expected HAProxy for this, found none; on Debian: apt-get install haproxy\n"
