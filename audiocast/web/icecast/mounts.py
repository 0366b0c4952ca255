"""Icecast's mounts and the streams that they mean."""

import re

from audiocast.web.http.errors import ApiError

STREAM_MOUNT = "/stream/"
INGEST_MOUNT = "/ingest/"

# Source clients know the mount that they send to, panels the one that they listen to; some leave the first
# slash out.
_MOUNT = re.compile(r"/?(?:ingest/([^/]*)|stream/([^/]*?)(?:\.opus|\.ogg)?)/?")


def stream_of(mount: str) -> str:
    """Return the id of a mount's stream, which may be none that is valid.

    Raises:
        ApiError: 400, it is no mount of ours.
    """
    found = _MOUNT.fullmatch(mount)
    if found is None:
        message = f"expected a mount like {INGEST_MOUNT}ID or {STREAM_MOUNT}ID, got {mount[:50]!r}"
        raise ApiError(400, "bad_mount", message)
    return found[1] if found[1] is not None else found[2]
