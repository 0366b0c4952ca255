"""The file with targets of webhooks, as the server reads it; see audiocast/webhook_targets_file.py.

tests/operator/test_webhook_contract.py holds both to each other.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable
from typing import NamedTuple

FORM = "audiocast-webhooks"
VERSION = 1
# A Secret holds no more.
MAX_BYTES = 1_048_576
MAX_TARGETS = 1_000

PREFIX = "whsec_"
MIN_SECRET_BYTES, MAX_SECRET_BYTES = 24, 64
MAX_SECRETS = 10
MAX_URL_CHARACTERS = 2_000

# As the CRD has it, and with a user and a password before the host: those stay in Secrets.
URL = re.compile(
    r"https?://(?:[!-.0-9;-?A-~]+:[!-.0-9;-?A-~]+@)?(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
    r"(?:[/?][!\"$-~]*)?"
)


class WebhookTarget(NamedTuple):
    """Who is told of one stream.

    Attributes:
        stream_id: The stream.
        name: Tells it apart from other targets of the stream.
        url: Where it is told.
        secrets: What is signed with, the current one first.
        events: Types that it is told; empty: all.
    """

    stream_id: str
    name: str
    url: str
    secrets: tuple[str, ...]
    events: tuple[str, ...] = ()


def is_secret(text: str) -> bool:
    """Return whether a text is a secret of Standard Webhooks."""
    try:
        secret = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return False
    return text.startswith(PREFIX) and MIN_SECRET_BYTES <= len(secret) <= MAX_SECRET_BYTES


def is_url(text: str) -> bool:
    """Return whether a text is a URL that the server takes."""
    return len(text) <= MAX_URL_CHARACTERS and URL.fullmatch(text) is not None


def build_targets_file(targets: Iterable[WebhookTarget]) -> str:
    """Return the file's text, the same for the same targets."""
    told = [
        {
            "stream": each.stream_id,
            "id": each.name,
            "url": each.url,
            "secrets": list(each.secrets),
            **({"events": list(each.events)} if each.events else {}),
        }
        for each in sorted(targets)
    ]
    return json.dumps({FORM: VERSION, "targets": told}, separators=(",", ":"))
