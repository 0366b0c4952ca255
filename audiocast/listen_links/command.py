"""`audiocast listen-link`: links to a private stream, signed here and told to nobody.

A link needs no server to be made: whoever has the servers' secret can make as many as a mailing takes.
"""

import argparse
import csv
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from audiocast.stream.access.listen_tokens import (
    MAX_LABEL_CHARACTERS,
    ListenClaims,
    ListenTokens,
    new_number,
)
from audiocast.stream.now_playing import clean_text
from audiocast.web.contract.requests import MAX_LINK_SECONDS, STREAM_ID

MAX_LINKS = 1_000_000

UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


class LinksFailed(Exception):
    """No links, or not all of them.

    Args:
        text: Why.
        is_usage: The options are wrong.
    """

    def __init__(self, text: str, *, is_usage: bool = False) -> None:
        super().__init__(text)
        self.is_usage = is_usage


def write_links(
    arguments: Sequence[str], read_secrets: Callable[[], tuple[list[str], str]], out: TextIO
) -> None:
    """Write links, one a line. Ends the process with 2 if the options are wrong.

    Args:
        arguments: The command line after `audiocast listen-link`.
        read_secrets: Returns SECRET_KEYS of the servers, and STREAM_DOMAIN as an address, empty for none;
            called when the options are known to be good.
        out: Where to.

    Raises:
        LinksFailed: A secret or an address is missing, or a picture cannot be written.
    """
    given = _parser().parse_args(arguments)
    secrets, base_url = read_secrets()
    if not secrets:
        raise LinksFailed(
            "expected SECRET_KEYS in the environment, or as a file in SECRETS_DIR, as the servers have it",
            is_usage=True,
        )
    base = (given.base_url or base_url).rstrip("/")
    if not base:
        raise LinksFailed(
            "expected --base-url or STREAM_DOMAIN: where listeners find the server", is_usage=True
        )
    now = time.time()
    expires_at = int(now + given.expires_in) if given.expires_in else 0
    tokens = ListenTokens(secrets)
    page = f"{base}/listen/{given.stream_id}"

    def links() -> Iterator[tuple[str, str]]:
        for _ in range(given.count):
            claims = ListenClaims(
                int(now * 1000), expires_at, given.session, given.label, number=new_number()
            )
            token = tokens.make(given.stream_id, claims)
            yield f"{page}?token={token}", token

    made = links() if given.qr_folder is None else _drawn(links(), given)
    FORMS[given.form](made, given.label, expires_at, out)


def _write_plain(links: Iterable[tuple[str, str]], _label: str, _expires_at: int, out: TextIO) -> None:
    out.writelines(f"{url}\n" for url, _ in links)


def _write_csv(links: Iterable[tuple[str, str]], label: str, expires_at: int, out: TextIO) -> None:
    table = csv.writer(out)
    table.writerow(["url", "label", "expires_at"])
    until = datetime.fromtimestamp(expires_at, UTC).isoformat() if expires_at else ""
    # A spreadsheet takes what begins with one of these for a formula.
    shown = f"'{label}" if label.startswith(("=", "+", "-", "@")) else label
    table.writerows((url, shown, until) for url, _ in links)


def _write_json(links: Iterable[tuple[str, str]], label: str, expires_at: int, out: TextIO) -> None:
    for url, token in links:
        link = {"url": url, "token": token, "label": label, "expires_at": expires_at or None}
        out.write(json.dumps(link, ensure_ascii=False) + "\n")


FORMS: dict[str, Callable[[Iterable[tuple[str, str]], str, int, TextIO], None]] = {
    "plain": _write_plain,
    "csv": _write_csv,
    "json": _write_json,
}


def _drawn(links: Iterable[tuple[str, str]], given: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Draw the QR code of each link before it is written."""
    from audiocast.web.pages.qr import draw_png, draw_svg

    draw = {"svg": draw_svg, "png": draw_png}[given.qr_format]
    folder: Path = given.qr_folder
    try:
        # Whoever sees a picture has the link.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for number, (url, token) in enumerate(links, 1):
            with (folder / f"{given.stream_id}-{number:06}.{given.qr_format}").open("xb") as file:
                file.write(draw(url))
            yield url, token
    except OSError as error:
        raise LinksFailed(f"{error.filename or folder}: {error.strerror or error}") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="audiocast listen-link",
        description="Make links to a private stream. SECRET_KEYS, as the servers have it, is a variable or a "
        "file in the folder that SECRETS_DIR names.",
    )
    parser.add_argument("stream_id", type=_stream_id, metavar="STREAM_ID")
    parser.add_argument(
        "--base-url",
        type=_base_url,
        metavar="URL",
        help="where listeners find the server; STREAM_DOMAIN unless given",
    )
    parser.add_argument("--count", type=_count, default=1, metavar="N", help=f"1 (default) to {MAX_LINKS:,}")
    parser.add_argument(
        "--expires-in",
        type=_seconds,
        default=0,
        metavar="TIME",
        help="until when a link can be joined, as 90m, 12h, 7d or seconds; for ever unless given",
    )
    parser.add_argument(
        "--session",
        type=_seconds,
        default=0,
        metavar="TIME",
        help="how long who has joined may stay; as long as the broadcast unless given",
    )
    parser.add_argument(
        "--label",
        type=_label,
        default="",
        metavar="TEXT",
        help=f"for your own records, at most {MAX_LABEL_CHARACTERS} characters; readable in the link",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", dest="form", action="store_const", const="csv", help="with label and expiry")
    form.add_argument("--json", dest="form", action="store_const", const="json", help="an object a line")
    parser.set_defaults(form="plain")
    parser.add_argument(
        "--qr-folder", type=Path, metavar="FOLDER", help="draw a QR code of each; files are not replaced"
    )
    parser.add_argument("--qr-format", choices=("svg", "png"), default="svg", help="(default: %(default)s)")
    return parser


def _stream_id(text: str) -> str:
    if STREAM_ID.fullmatch(text) is None:
        raise argparse.ArgumentTypeError("expected letters, digits, - and _, at most 64")
    return text


def _base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise argparse.ArgumentTypeError(
            f"expected an address like https://radio.example.org, got {text[:80]}"
        )
    return text


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:10]) <= MAX_LINKS):
        raise argparse.ArgumentTypeError(f"expected 1 to {MAX_LINKS}, got {text[:40]}")
    return int(text)


def _seconds(text: str) -> int:
    number, unit = (text[:-1], UNITS[text[-1]]) if text[-1:] in UNITS else (text, 1)
    if not (number.isascii() and number.isdecimal() and 0 < int(number[:12]) * unit <= MAX_LINK_SECONDS):
        raise argparse.ArgumentTypeError(f"expected a time like 90m, 12h or 7d, got {text[:40]}")
    return int(number) * unit


def _label(text: str) -> str:
    if len(clean_text(text)) > MAX_LABEL_CHARACTERS:
        raise argparse.ArgumentTypeError(f"expected at most {MAX_LABEL_CHARACTERS} characters")
    return clean_text(text)
