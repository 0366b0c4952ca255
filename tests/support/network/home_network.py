"""A computer, its server and a phone in one network, each with a network stack of its own.

`unshare --map-root-user --net python -m tests.support.network.home_network LOG` asks the server for a stream
as a browser on the computer does, decodes the QR code, opens what it says from the phone, and prints what
came as JSON.
"""

import json
import subprocess
import sys
from pathlib import Path

import requests

from tests.support.processes.server import AudiocastServer

COMPUTER, PHONE = "192.168.77.2", "192.168.77.3"

# What a computer of today has besides: containers, and a way into an office.
OTHERS = {"docker0": "172.17.0.1/16", "br-5f2a": "172.18.0.1/16", "wg0": "10.9.0.2/24"}


def main(log: Path) -> None:
    """Do all of it."""
    _run("ip link set lo up")
    for name, address in OTHERS.items():
        _run(f"ip link add {name} type bridge")
        _run(f"ip address add {address} dev {name}")
        _run(f"ip link set {name} up")
    with subprocess.Popen(["unshare", "--net", "sleep", "60"]) as phone:
        try:
            _wait_for_own_network(phone.pid)
            _run(f"ip link add wlan0 type veth peer name wlan0 netns {phone.pid}")
            _run(f"ip address add {COMPUTER}/24 dev wlan0")
            _run("ip link set wlan0 up")
            in_phone = f"nsenter --target {phone.pid} --net"
            _run(f"{in_phone} ip address add {PHONE}/24 dev wlan0")
            _run(f"{in_phone} ip link set wlan0 up")
            print(json.dumps(_share(log, in_phone)))
        finally:
            phone.kill()


def _share(log: Path, in_phone: str) -> dict[str, object]:
    with AudiocastServer(log, HOST="0.0.0.0") as server:
        base = f"http://localhost:{server.port}"
        started = requests.post(f"{base}/api/start", json={"title": "Kitchen"}, timeout=10).json()
        state = requests.get(f"{base}/api/streams/{started['stream_id']}", timeout=10).json()
        picture = log.with_name("code.png")
        picture.write_bytes(requests.get(f"{base}/listen/{started['stream_id']}/qr.png", timeout=10).content)
        link = _run(f"zbarimg --quiet --raw {picture}").strip()
        page = _run(f"{in_phone} curl --silent --fail --max-time 10 {link}")
    return {
        "port": server.port,
        "start": started,
        "local_url": state["local_url"],
        "link": link,
        "has_page": "<h1" in page and "Kitchen" in page,
    }


def _wait_for_own_network(pid: int) -> None:
    ours = Path("/proc/self/ns/net").readlink()
    while Path(f"/proc/{pid}/ns/net").readlink() == ours:
        pass


def _run(command: str) -> str:
    return subprocess.run(command.split(), check=True, capture_output=True, text=True, timeout=20).stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]))
