"""Icecast's mounts and the streams that they mean."""

import re

from audiocast.web.http.aliases import Aliases
from audiocast.web.http.errors import ApiError

STREAM_MOUNT = "/stream/"
INGEST_MOUNT = "/ingest/"

# Source clients know the mount that they send to, panels the one that they listen to; some leave the first
# slash out.
_MOUNT = re.compile(r"/?(?:ingest/([^/]*)|stream/([^/]*?)(?:\.opus|\.ogg)?)/?")


def mount_of(stream_id: str, aliases: Aliases) -> str:
    """Return the mount that programs are told for a stream: the path that it had, if it had one."""
    return aliases.path_of(stream_id) or f"{STREAM_MOUNT}{stream_id}"


def stream_of(mount: str, aliases: Aliases) -> str:
    """Return the id of a mount's stream, which may be none that is valid.

    Raises:
        ApiError: 400, it is no mount of ours.
    """
    alias = aliases.find(mount if mount.startswith("/") else f"/{mount}")
    if alias is not None and alias.stream_id:
        return alias.stream_id
    found = _MOUNT.fullmatch(mount)
    if found is None:
        message = f"expected a mount like {INGEST_MOUNT}ID or {STREAM_MOUNT}ID, got {mount[:50]!r}"
        raise ApiError(400, "bad_mount", message)
    return found[1] if found[1] is not None else found[2]
