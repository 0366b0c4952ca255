"""The paths of the server's internal HTTP API that the operator requests. No other module has one as text.

All but the status want a signature, and answer with one (`request_signature`).
"""

# GET: what a pod reports about itself, without a signature.
STATUS = "/internal/status"

# POST starts a drain, DELETE undoes it.
DRAIN = "/internal/drain"

# GET: the streams that are on the air at a pod, and the newest ends of streams.
STREAMS = "/internal/streams"
STREAMS_AND_ENDS = f"{STREAMS}?ends=1"


def rules_path(stream_id: str) -> str:
    """Return the path that POST tells a pod the rules of a stream at, with a `StreamRules` as its body."""
    return f"{STREAMS}/{stream_id}/rules"
