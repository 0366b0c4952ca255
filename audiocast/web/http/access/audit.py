"""One line of the log for each act with a key or a token. Neither is in it, only what tells them apart."""

import contextlib
from collections.abc import Iterator

import structlog

from audiocast.stream.errors import BadKey

log = structlog.get_logger()


def audit(
    act: str, *, stream_id: str = "", token_tag: str = "", tenant: str = "", generation: int = 0
) -> None:
    """Log that something was done.

    Args:
        act: What: `start`, `send`, `edit`, `title`, `cover`, `end`, `listen_links`, `revoke`.
        stream_id: Of which stream.
        token_tag: Of the API token that the key was made for; see `Keys.tag`.
        tenant: Whose token it was.
        generation: Of the key.
    """
    # Names of fields are never those of a secret's: whoever reads logs by them finds none.
    log.info("audit", act=act, **_told(stream_id, token_tag, tenant), generation=generation)


def audit_look(*, stream_id: str = "", token_tag: str = "") -> None:
    """Log that somebody has looked at what only a token or a key shows.

    Args:
        stream_id: At which stream; empty: at all.
        token_tag: As for `audit`.
    """
    # An event of its own: programs that look every second do not fill the bound of lines for what was done.
    log.info("audit_look", act="look", **_told(stream_id, token_tag, ""))


def audit_refusal(error: str, *, stream_id: str = "") -> None:
    """Log that a key or a token was refused.

    Args:
        error: The code of the answer.
        stream_id: Which stream it was for.
    """
    # A level of their own: who tries keys by the thousand does not fill the bound of lines for what was done.
    log.warning("audit", act="refused", error=error, **_told(stream_id, "", ""))


@contextlib.contextmanager
def refusals_audited(stream_id: str) -> Iterator[None]:
    """Log that the key of a stream is refused, if it is in the block."""
    try:
        yield
    except BadKey as error:
        audit_refusal(error.code, stream_id=stream_id)
        raise


def _told(stream_id: str, token_tag: str, tenant: str) -> dict[str, str]:
    fields = {"stream_id": stream_id, "token_tag": token_tag, "tenant": tenant}
    return {name: value for name, value in fields.items() if value}
