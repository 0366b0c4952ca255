"""A Debian of its own in a folder, made by debootstrap: nothing in it but what is essential, and apt.

Its programs have their own root, mounts and processes, and this machine's network, so that a server in it
is reached by loopback. They end with the program that was started.
"""

import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

MAKE_SECONDS = 900
RUN_SECONDS = 600
END_SECONDS = 15

# What programs find there of a root's environment, and nothing of this machine's.
ENVIRONMENT = {
    "PATH": "/var/people/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/var/people",
    "LANG": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
}
# In a namespace of mounts and processes of its own: /proc shows these alone.
ENTER = """
mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"
"""


class BareDebian:
    """A tree; a `with` statement ends its programs and removes it.

    Args:
        folder: Of the tree.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._started: list[subprocess.Popen[str]] = []

    @classmethod
    def make(cls, folder: Path, release: str, mirror: str, packages: str) -> Self:
        """Make a tree with debootstrap.

        Args:
            folder: That is not there yet.
            release: Name of the release of Debian.
            mirror: Address; empty: debootstrap's own.
            packages: More to install, with commas between them.
        """
        command = ["debootstrap", "--variant=minbase", *([f"--include={packages}"] if packages else [])]
        command += [release, str(folder), *([mirror] if mirror else [])]
        done = subprocess.run(command, capture_output=True, text=True, timeout=MAKE_SECONDS, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        # Nobody is asked to start services, as in any tree without an init.
        policy = folder / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
        # All else is as apt has it, the recommended packages too.
        (folder / "etc/apt/apt.conf.d/90yes").write_text('APT::Get::Assume-Yes "true";\n')
        return cls(folder)

    def copy(self, folder: Path) -> "BareDebian":
        """Return another tree that is as this one."""
        subprocess.run(["cp", "-a", "--reflink=auto", str(self.folder), str(folder)], check=True)
        # Names are looked up as on this machine.
        shutil.copyfile("/etc/resolv.conf", folder / "etc/resolv.conf")
        shutil.copyfile("/etc/hosts", folder / "etc/hosts")
        return BareDebian(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._started:
            end(process)
        shutil.rmtree(self.folder)

    def run(self, command: str, **environment: str) -> str:
        """Run a shell's command line to its end; return what it has printed."""
        done = subprocess.run(
            self._entering(command),
            env={**ENVIRONMENT, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout[-3000:]}"
        return done.stdout

    def start(self, command: str, environment: Mapping[str, str], log: Path) -> subprocess.Popen[str]:
        """Start a program; its standard output can be read, its errors go to a file of this machine."""
        with log.open("ab") as errors:
            process = subprocess.Popen(
                self._entering(f"exec {command}"),
                env={**ENVIRONMENT, **environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self._started.append(process)
        return process

    def _entering(self, command: str) -> list[str]:
        unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        return [*unshare, "sh", "-c", ENTER.strip(), str(self.folder), "sh", "-c", command]


def end(process: subprocess.Popen[str]) -> None:
    """End a started program, and all that it has started."""
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    process.wait(END_SECONDS)
    if process.stdout:
        process.stdout.close()
