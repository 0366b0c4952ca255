"""`audiocast token`: makes an API token with a share of the server, for somebody who makes streams there."""

import argparse
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from audiocast.stream.access.tenant_tokens import (
    MAX_NAME_CHARACTERS,
    MAX_PREFIX_CHARACTERS,
    TenantClaims,
    TenantTokens,
)
from audiocast.web.contract.requests import STREAM_ID


class BadToken(ValueError):
    """No token can be made like that; the message says why."""


def make_token(arguments: Sequence[str], secrets: Sequence[str]) -> str:
    """Return a token.

    Args:
        arguments: The command line after `audiocast token`.
        secrets: Those of the server, from its environment or its files; never from the command line.

    Raises:
        BadToken: There is no secret, or an option is wrong.
    """
    given = _parser().parse_args(arguments)
    check_secrets(secrets)
    if not given.tenant.strip() or len(given.tenant) > MAX_NAME_CHARACTERS:
        raise BadToken(f"--tenant: expected a name of at most {MAX_NAME_CHARACTERS} characters")
    if not STREAM_ID.fullmatch(given.id_prefix) or len(given.id_prefix) > MAX_PREFIX_CHARACTERS:
        raise BadToken(
            f"--id-prefix: expected letters, digits, - and _, at most {MAX_PREFIX_CHARACTERS}, as acme-"
        )
    claims = TenantClaims(
        given.tenant, given.id_prefix, given.streams, given.listeners, given.kbps, read_expiry(given.expires)
    )
    return TenantTokens(secrets).make(claims)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="audiocast token",
        description="Make an API token with a share of the server. It is signed with the first of "
        "SECRET_KEYS, which this command reads as the server does.",
    )
    parser.add_argument("--tenant", required=True, metavar="NAME", help="whose it is; the log has the name")
    parser.add_argument(
        "--id-prefix",
        required=True,
        metavar="PREFIX",
        help="what ids of streams begin with, as acme-",
    )
    bounds = (
        ("--streams", "streams that are on at a time"),
        ("--listeners", "listeners of each stream at a time"),
        ("--kbps", "rate of each source, kbit/s"),
    )
    for option, meaning in bounds:
        parser.add_argument(
            option, type=count, default=0, metavar="N", help=f"{meaning}; no bound of its own unless given"
        )
    add_expiry(parser)
    return parser


def check_secrets(secrets: Sequence[str]) -> None:
    """Check that there is something to sign with.

    Raises:
        BadToken: There is no secret.
    """
    if not secrets:
        raise BadToken("SECRET_KEYS is empty; run this with the server's own, from its environment or files")


def count(text: str) -> int:
    """Return the number that an option gives, 0 to a thousand million.

    Raises:
        ValueError: It is none.
    """
    number = int(text)
    if not 0 <= number <= 1_000_000_000:
        raise ValueError
    return number


def add_expiry(parser: argparse.ArgumentParser) -> None:
    """Add `--expires`, which `read_expiry` reads."""
    parser.add_argument(
        "--expires", default="", metavar="TIME", help="a date, or a time as 2027-01-31T18:00Z; else never"
    )


def read_expiry(text: str) -> int:
    """Return the Unix seconds of `--expires`, 0 for none; a date is that day's end, by UTC.

    Raises:
        BadToken: It is no time to come.
    """
    if not text:
        return 0
    try:
        if len(text) == len("2027-01-31"):
            day = date.fromisoformat(text) + timedelta(days=1)
            moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
        else:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = int(moment.timestamp())
    except (ValueError, OverflowError):
        raise BadToken(
            f"--expires: expected a date, or a time as 2027-01-31T18:00Z, got {text[:40]!r}"
        ) from None
    if seconds <= time.time():
        raise BadToken(f"--expires: expected a time to come, got {text[:40]!r}")
    return seconds
