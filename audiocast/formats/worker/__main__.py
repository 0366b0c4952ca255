"""A format worker's process. The server starts it, with one end of a pair of sockets as its only argument."""

import socket
import sys

from audiocast.formats.worker.confinement import confine
from audiocast.formats.worker.loop import WorkerLoop


def main() -> int:
    """Do jobs until the server is gone, or wants no more."""
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        confine()
        WorkerLoop(connection).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
