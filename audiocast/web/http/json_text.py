"""Values as JSON text, in UTF-8."""

import json


def encode_json(value: object) -> bytes:
    """Return a value as JSON, in UTF-8 without escapes.

    A half of a surrogate pair, which is no Unicode text, becomes a question mark: one text that slipped
    through must not make an answer about all others fail.
    """
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
