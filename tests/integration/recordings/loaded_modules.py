"""A server that says at its end what it has loaded of recordings."""

import sys

from audiocast.cli import main

try:
    sys.exit(main())
finally:
    names = ("audiocast.recordings", "obstore")
    loaded = sorted(name for name in sys.modules if name.startswith(names))
    print("loaded:", " ".join(loaded) or "none", file=sys.stderr)
