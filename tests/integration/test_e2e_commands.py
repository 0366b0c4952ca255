"""The commands of `make e2e`, with stand-ins for kubectl and helm: what they are told, and how they fail.

Whether a cluster does what they say is for `make e2e` alone.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cluster import OWN_LABEL, Cluster, CommandFailed
from tests.e2e.forward import Forward
from tests.e2e.image import Image
from tests.e2e.release import Release

UID = "the-uid-that-was-given"
SECONDS = 20.0

STAND_IN = """\
#!{python}
import json, os, pathlib, sys, time
folder = pathlib.Path(__file__).parent
program, arguments = pathlib.Path(__file__).name, sys.argv[1:]
said = sys.stdin.read() if "--filename=-" in arguments else ""
with (folder / "log").open("a") as log:
    log.write(json.dumps([program, arguments, said, os.getpid()]) + "\\n")
if "port-forward" in arguments:
    port = arguments[-1].partition(":")[0] or "40123"
    print(f"Forwarding from 127.0.0.1:{{port}} -> 8000", flush=True)
    print(f"Forwarding from [::1]:{{port}} -> 8000", flush=True)
    time.sleep(60)
elif "create" in arguments:
    print(json.dumps({{"metadata": {{"uid": "{uid}"}}}}))
elif "get" in arguments:
    # Pods drain on after Helm's end, and are gone at the third look.
    _, uninstalled, since = (folder / "log").read_text().partition('"uninstall"')
    is_gone = uninstalled and since.count('"get"') >= 3
    pods = [] if is_gone else [{{"metadata": {{"name": "audiocast-0", "uid": "u0"}}}}]
    print(json.dumps({{"items": pods}}))
elif "test" in arguments:
    sys.exit("the test has failed: no tone")
"""


class StandIns:
    """Programs in a folder that note what they are told.

    Args:
        folder: For them and their notes.
    """

    def __init__(self, folder: Path) -> None:
        self._log = folder / "log"
        for program in ("kubectl", "helm"):
            path = folder / program
            path.write_text(STAND_IN.format(python=sys.executable, uid=UID))
            path.chmod(0o755)
        self.environment = {"KUBECONFIG": "/nowhere/config", "PATH": f"{folder}:{os.environ['PATH']}"}

    def told(self) -> list[tuple[str, list[str], str]]:
        """Give program, arguments and standard input of each call."""
        return [(program, arguments, said) for program, arguments, said, _ in self._calls()]

    def pids(self) -> list[int]:
        """Give the process of each call."""
        return [pid for *_, pid in self._calls()]

    def _calls(self) -> list[Any]:
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        return [json.loads(line) for line in lines]


@pytest.fixture
def stand_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIns:
    stand_ins = StandIns(tmp_path)
    # Python looks for programs in its own PATH.
    monkeypatch.setenv("PATH", stand_ins.environment["PATH"])
    return stand_ins


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not in {SECONDS} s: {what}"
        time.sleep(0.02)


@pytest.mark.parametrize("environment", [{}, {"KUBECONFIG": ""}])
def test_no_cluster_is_taken_by_accident(environment: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="expected KUBECONFIG"):
        Cluster(environment)


def test_only_the_namespace_that_was_made_is_deleted_and_that_always(stand_ins: StandIns) -> None:
    with pytest.raises(CommandFailed, match="no tone"), Cluster(stand_ins.environment) as cluster:
        cluster.helm("test", "audiocast")
    make, _, delete, wait = stand_ins.told()
    made = json.loads(make[2])
    assert make[1][0] == "create"
    assert (made["kind"], made["metadata"]["name"]) == ("Namespace", cluster.namespace)
    assert made["metadata"]["labels"][OWN_LABEL] == cluster.namespace
    assert made["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert delete[1] == ["delete", f"--raw=/api/v1/namespaces/{cluster.namespace}", "--filename=-"]
    assert json.loads(delete[2])["preconditions"] == {"uid": UID}
    assert wait[1][:3] == ["wait", "--for=delete", f"namespace/{cluster.namespace}"]


def test_two_runs_have_two_namespaces(stand_ins: StandIns) -> None:
    assert Cluster(stand_ins.environment).namespace != Cluster(stand_ins.environment).namespace


def test_every_command_of_a_release_names_the_namespace(stand_ins: StandIns, tmp_path: Path) -> None:
    with Cluster(stand_ins.environment) as cluster:
        release = Release(cluster, "a-chart", tmp_path)
        release.install(Image.parse("audiocast:1"), replicas=3)
        assert list(release.pods()) == ["audiocast-0"]
        assert release.uids() == {"u0"}
        release.uninstall()
    commands = [(program, arguments) for program, arguments, _ in stand_ins.told()[1:-2]]
    first_looks = ["kubectl", "kubectl", "kubectl"]
    assert [program for program, _ in commands] == [
        "helm",
        *first_looks,
        "helm",
        "kubectl",
        "kubectl",
        "kubectl",
    ]
    # `helm uninstall --wait` returns while pods drain: seen with Helm 4.3.1 on Kubernetes 1.36.2.
    assert [arguments[1] for _, arguments in commands[-3:]] == ["get"] * 3
    assert all(f"--namespace={cluster.namespace}" in arguments for _, arguments in commands)
    install, *_ = commands
    values = next(each.removeprefix("--values=") for each in install[1] if each.startswith("--values="))
    assert json.loads(Path(values).read_text())["image"]["tag"] == "1"
    # A token on a command line would be everybody's to see.
    assert release.token not in json.dumps(commands)


def test_a_way_to_a_pod_stays_at_its_port_when_its_process_ends(stand_ins: StandIns) -> None:
    cluster = Cluster(stand_ins.environment)
    with Forward(cluster, "pod/audiocast-0", 8000) as way:
        assert way.base == "http://127.0.0.1:40123"
        os.kill(stand_ins.pids()[0], signal.SIGKILL)
        until(lambda: len(stand_ins.pids()) == 2, "a second way")
        assert way.port == 40123
    forwards = [arguments[1:] for _, arguments, _ in stand_ins.told()]
    assert forwards == [
        ["port-forward", "pod/audiocast-0", ":8000"],
        ["port-forward", "pod/audiocast-0", "40123:8000"],
    ]
    for pid in stand_ins.pids():
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
