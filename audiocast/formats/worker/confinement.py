"""What a format worker gives up before the first byte: its decoders read what strangers have made.

The environment was made empty by the server. Where the system refuses one of these (systemd's filter of
system calls does), the process goes on: the unit bounds it then.
"""

import contextlib
import ctypes
import os
import resource
import signal
import sys

# PyAV with its libraries maps 190 MiB before it does anything.
MAX_ADDRESS_BYTES = 1_024 * 1_048_576

# Standard streams, the socket, and what Python opens to import a module.
MAX_DESCRIPTORS = 32

# The server's loop goes first.
NICE = 5

# <linux/prctl.h>
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38


def confine() -> None:
    """Give up rights, memory and descriptors, and die when the server does."""
    parent = os.getppid()
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:
        # It was gone before the request was made.
        sys.exit(0)
    _bound(resource.RLIMIT_AS, MAX_ADDRESS_BYTES)
    _bound(resource.RLIMIT_NOFILE, MAX_DESCRIPTORS)
    _bound(resource.RLIMIT_CORE, 0)
    _bound(resource.RLIMIT_FSIZE, 0)
    with contextlib.suppress(OSError):
        os.nice(NICE)
    # Ctrl+C goes to all processes of a terminal; this one ends with its server.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _bound(limit: int, most: int) -> None:
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(limit, (most, most))
