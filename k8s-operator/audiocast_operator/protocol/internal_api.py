"""The paths of the server's internal HTTP API that the operator requests. No other module has one as text.

All but the status want a signature, and answer with one (`request_signature`).
"""

# GET: what a pod reports about itself, without a signature.
STATUS = "/internal/status"

# POST starts a drain, DELETE undoes it.
DRAIN = "/internal/drain"

# GET: the streams that are on the air at a pod.
STREAMS = "/internal/streams"


def stream_path(stream_id: str) -> str:
    """Return the path of a stream; DELETE ends it and refuses its encoders."""
    return f"{STREAMS}/{stream_id}"


def reopen_path(stream_id: str) -> str:
    """Return the path that POST reopens an ended stream at, with `{"title": …}` as its body."""
    return f"{STREAMS}/{stream_id}/reopen"
