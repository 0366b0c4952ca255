"""`python -m tests.fuzz.observed_server serve`: the server, which writes how many tasks it has on SIGUSR1.

Nothing else shows the number, and of a task that never ends, memory shows little.
"""

import asyncio
import gc
import os
import signal
import sys
from pathlib import Path

from audiocast.cli import main

# Folder where each process writes a file by the name of its process id.
FOLDER_VARIABLE = "OBSERVED_TASKS"


def write_count(*_: object) -> None:
    """Collect what is garbage, and write how many tasks the loop has that are not done."""
    gc.collect()
    file = Path(os.environ[FOLDER_VARIABLE], str(os.getpid()))
    unfinished = file.with_suffix(".new")
    unfinished.write_text(str(len(asyncio.all_tasks())))
    unfinished.rename(file)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, write_count)
    sys.exit(main())
