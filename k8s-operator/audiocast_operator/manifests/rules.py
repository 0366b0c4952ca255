"""The rules of streams, as the servers read them at their start: a ConfigMap that is mounted into the pods.

The form is the server's (audiocast/rules_file.py); tests/operator/test_contract.py holds this to it. Revoked
links have an entry of their own: a server of an older version refuses what it does not know in the first one,
and reads no other.
"""

from collections.abc import Mapping

from audiocast_operator.errors import BadSpec
from audiocast_operator.manifests.owner import Json, Owner
from audiocast_operator.names import REVOKED_LINKS_FILE, RULES_FILE, labels, rules_config
from audiocast_operator.protocol.member_status import NO_RULES, StreamRules

FIRST_LINE = "audiocast-rules 1"
LINKS_FIRST_LINE = "audiocast-revoked-links 1"
# The API server takes no more in a ConfigMap, and the server no more in a file.
MAX_BYTES = 1_048_576


def build_rules_config(owner: Owner, rules: Mapping[str, StreamRules]) -> Json:
    """Return the ConfigMap with the rules of an AudioCast's streams.

    Args:
        owner: The AudioCast.
        rules: By stream id; those that say nothing are left out.

    Raises:
        BadSpec: They are too many for one object.
    """
    lines = [
        _line(stream_id, each)
        for stream_id, each in sorted(rules.items())
        if each._replace(links_revoked_at_ms=0) != NO_RULES
    ]
    revoked = [
        f"{stream_id} {each.links_revoked_at_ms}"
        for stream_id, each in sorted(rules.items())
        if each.links_revoked_at_ms
    ]
    data = {RULES_FILE: _text(FIRST_LINE, lines)}
    if revoked:
        data[REVOKED_LINKS_FILE] = _text(LINKS_FIRST_LINE, revoked)
    size = sum(map(len, data.values()))
    if size > MAX_BYTES:
        raise BadSpec(
            f"expected Streams with rules (suspended, ended, another key, revoked links) of {MAX_BYTES} "
            f"bytes together, got {size}; delete some, or move them to another AudioCast"
        )
    return owner.build_child("v1", "ConfigMap", rules_config(owner.name), labels(owner.name), data=data)


def _text(first_line: str, lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in (first_line, *lines))


def _line(stream_id: str, rules: StreamRules) -> str:
    words = [stream_id, str(rules.generation)]
    words += ["suspended"] if rules.is_suspended else []
    words += ["ended"] if rules.is_ended else []
    return " ".join(words)
