"""`audiocast key`: makes an ingest key, as the server would, beside it."""

import argparse
from collections.abc import Sequence

from audiocast.stream.keys import Claims, Keys, Visibility
from audiocast.stream.standby.rank import BEST_PRIORITY, WORST_PRIORITY
from audiocast.token_command import BadToken, add_expiry, check_secrets, count, read_expiry
from audiocast.web.contract.requests import STREAM_ID


def make_key(arguments: Sequence[str], secrets: Sequence[str]) -> str:
    """Return an ingest key.

    Args:
        arguments: The command line after `audiocast key`.
        secrets: Those of the server, from its environment or its files; never from the command line.

    Raises:
        BadToken: There is no secret, or an option is wrong.
    """
    given = _parser().parse_args(arguments)
    check_secrets(secrets)
    if not STREAM_ID.fullmatch(given.id):
        raise BadToken("--id: expected letters, digits, - and _, at most 64, as evening-show")
    claims = Claims(
        title=given.title,
        expires_at=read_expiry(given.expires),
        generation=given.generation,
        max_kbps=given.kbps,
        visibility=given.visibility,
        priority=given.priority,
        fallback=given.fallback,
    )
    return Keys(secrets).make(given.id, claims)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="audiocast key",
        description="Make an ingest key. It is signed with the first of SECRET_KEYS, which this command "
        "reads as the server does.",
    )
    parser.add_argument("--id", required=True, metavar="ID", help="the stream's id")
    parser.add_argument("--title", default="", help="the stream's title")
    parser.add_argument(
        "--priority",
        type=int,
        choices=range(BEST_PRIORITY, WORST_PRIORITY + 1),
        default=BEST_PRIORITY,
        metavar="0-9",
        help="of several sources the best one is heard, 0 before 9; 0 unless given",
    )
    parser.add_argument(
        "--fallback",
        default="",
        metavar="FILE",
        help="name of a file in FALLBACK_FOLDER, played while there is no source",
    )
    parser.add_argument(
        "--generation", type=count, default=0, metavar="N", help="keys of a lower one are refused after it"
    )
    parser.add_argument("--kbps", type=count, default=0, metavar="N", help="bound of the source's rate")
    parser.add_argument("--visibility", type=Visibility, choices=list(Visibility), default=None)
    add_expiry(parser)
    return parser
