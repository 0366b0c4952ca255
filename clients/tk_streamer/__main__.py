"""`python -m tk_streamer`: the same as `audiocast-stream`."""

import sys

from tk_streamer.command.cli import main

if __name__ == "__main__":
    sys.exit(main())
