"""The documents' own commands and configurations, for tests that run them as they stand.

What a reader replaces is replaced here too: the server's name and port, the stream's id, its key.
"""

import re
from pathlib import Path

from tests.support.processes.server import AudiocastServer, Started

DOCS = Path(__file__).parents[2] / "docs"
HOST = "radio.example.org"
PORT = "8000"


def block(page: str, heading: str, language: str = "sh") -> str:
    """Give the first fenced block of a language under a heading.

    Args:
        page: Path below docs/.
        heading: The text of the heading, without its `#`.
        language: What stands behind the opening fence.
    """
    text = (DOCS / page).read_text()
    sections = re.split(r"^#+ +(.+)$", text, flags=re.MULTILINE)
    section = dict(zip(sections[1::2], sections[2::2], strict=True)).get(heading)
    assert section is not None, f"docs/{page} has no heading {heading!r}"
    found = re.search(rf"^```{re.escape(language)}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert found, f"docs/{page}, {heading!r} has no {language} block"
    return found[1]


def filled(text: str, server: AudiocastServer, stream: Started, *, port: int = 0, key: str = "") -> str:
    """Put a stream's own values into a block.

    Args:
        text: The block.
        server: Where the stream is.
        stream: Its id and key.
        port: Another port than the server's: that of a proxy.
        key: Another key than the stream's: a wrong one.
    """
    text = re.sub(rf"\b{PORT}\b", str(port or server.port), text.replace(HOST, "127.0.0.1"))
    return text.replace("STREAM_ID", stream.stream_id).replace("INGEST_KEY", key or stream.ingest_key)
