"""What the operator's probes say: `/healthz`, `/readyz`, and `/metrics` beside them.

`/healthz` fails when the timer does not tick: a restart may help. `/readyz` fails while the operator cannot
list AudioCasts and Streams, which a restart does not mend: a right is missing, or the API server is away.
"""

import time

from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from audiocast_operator.metrics import REGISTRY
from audiocast_operator.reconcile.resync import ResyncTimer
from audiocast_operator.serving import Answer, Routes


def probe_routes(timer: ResyncTimer, *, silent_seconds: float) -> Routes:
    """Return the answers of probes.

    Args:
        timer: Whose ticks are looked at.
        silent_seconds: A last tick that is older than this is none.
    """

    def healthz() -> Answer:
        silent = timer.silent_seconds
        if silent > silent_seconds:
            return Answer(
                500, f"expected a tick in {silent_seconds:g} s, got none in {silent:.0f} s\n".encode()
            )
        return Answer(200, f"ticked {silent:.1f} s ago\n".encode())

    def readyz() -> Answer:
        if timer.listed_at is None:
            return Answer(503, b"AudioCasts and Streams were not listed yet; the log says why\n")
        since = time.monotonic() - timer.listed_at
        if since > silent_seconds:
            return Answer(503, f"AudioCasts and Streams were listed {since:.0f} s ago\n".encode())
        return Answer(200, f"listed {since:.1f} s ago\n".encode())

    return {"/healthz": healthz, "/readyz": readyz}


def metrics_routes() -> Routes:
    """Return the answer to Prometheus."""
    return {"/metrics": lambda: Answer(200, generate_latest(REGISTRY), CONTENT_TYPE_LATEST)}
