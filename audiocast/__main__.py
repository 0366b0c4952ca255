"""`python -m audiocast`."""

import sys

from audiocast.cli import main

sys.exit(main())
