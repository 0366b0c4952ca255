"""The rules of streams, as the servers read them at their start: a ConfigMap that is mounted into the pods.

The form is the server's (audiocast/rules_file.py); tests/operator/test_contract.py holds this to it.
"""

from collections.abc import Mapping

from audiocast_operator.errors import BadSpec
from audiocast_operator.manifests.owner import Json, Owner
from audiocast_operator.names import RULES_FILE, labels, rules_config
from audiocast_operator.protocol.member_status import NO_RULES, StreamRules

FIRST_LINE = "audiocast-rules 1"
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
    lines = [_line(stream_id, each) for stream_id, each in sorted(rules.items()) if each != NO_RULES]
    text = "".join(f"{line}\n" for line in (FIRST_LINE, *lines))
    if len(text) > MAX_BYTES:
        raise BadSpec(
            f"expected Streams with rules (suspended, ended, another key) of {MAX_BYTES} bytes together, got "
            f"{len(text)}; delete some, or move them to another AudioCast"
        )
    return owner.build_child(
        "v1", "ConfigMap", rules_config(owner.name), labels(owner.name), data={RULES_FILE: text}
    )


def _line(stream_id: str, rules: StreamRules) -> str:
    words = [stream_id, str(rules.generation)]
    words += ["suspended"] if rules.is_suspended else []
    words += ["ended"] if rules.is_ended else []
    return " ".join(words)
