"""The format workers of a server, as the system sees them."""

from pathlib import Path


def worker_pids(server_pid: int) -> list[int]:
    """Return the processes that a server has started to make other formats; those that are gone are none."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            command = (folder / "cmdline").read_bytes().split(b"\0")
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if parent == server_pid and b"audiocast.formats.worker" in command:
            found.append(int(folder.name))
    return found
