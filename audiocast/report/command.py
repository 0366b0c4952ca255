"""The command's options; logs in, text out."""

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from zoneinfo import ZoneInfo

from audiocast.report.countries import Countries, CountriesUnusable
from audiocast.report.forms.csv_text import csv_text
from audiocast.report.forms.html_page import html_page
from audiocast.report.forms.json_text import json_text
from audiocast.report.forms.sound_exchange import BadCatalogue, read_catalogue, sound_exchange_text
from audiocast.report.forms.table import table_text
from audiocast.report.log_files import LinesRead, read_logs
from audiocast.report.period import BadTime, Period, parse_time
from audiocast.report.result import ReportResult
from audiocast.report.tally import Tally

FORMS: dict[str, Callable[[ReportResult], str]] = {
    "table": table_text,
    "csv": csv_text,
    "json": json_text,
    "html": html_page,
}
# SoundExchange says "one of eleven choices"; a licence names its own.
CATEGORIES = tuple("ABCDEFGHIJK")

LONGEST_PLAY_SECONDS = 3_600


class ReportFailed(Exception):
    """A report cannot be made.

    Args:
        text: Why.
        is_usage: The options are wrong.
    """

    def __init__(self, text: str, *, is_usage: bool = False) -> None:
        super().__init__(text)
        self.is_usage = is_usage


def report(arguments: Sequence[str]) -> str:
    """Return a report of logs. What could not be read is said on standard error.

    Args:
        arguments: The command line after `audiocast report`.

    Raises:
        ReportFailed: An option is wrong, or a file cannot be read.
    """
    given = _parser().parse_args(arguments)
    if given.royalty and not (given.service and given.category):
        raise ReportFailed("--royalty needs --service and --category", is_usage=True)
    try:
        period = _period(given)
        with ExitStack() as stack:
            tally = Tally(
                period,
                streams=given.stream,
                country=_countries(given.country_db, stack),
                longest_play=given.longest_track * 1000 if given.royalty or given.tracks else 0,
            )
            catalogue = read_catalogue(given.catalogue) if given.catalogue else {}
            read = LinesRead()
            for record in read_logs(given.logs, read):
                tally.add(record)
            result = tally.finish(read)
    except (BadTime, BadCatalogue) as error:
        raise ReportFailed(str(error), is_usage=True) from error
    except OSError as error:
        raise ReportFailed(f"{error.filename or 'a file'}: {error.strerror or error}") from error
    except CountriesUnusable as error:
        raise ReportFailed(str(error)) from error
    _warn(read)
    if given.royalty:
        return sound_exchange_text(
            result, service=given.service, category=given.category, catalogue=catalogue
        )
    return FORMS[given.format](result)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="audiocast report", description="Add up who has listened, from audience logs or Icecast's."
    )
    parser.add_argument(
        "logs", nargs="+", type=Path, metavar="LOG", help="a log of a member, plain or gzip; any number"
    )
    parser.add_argument("--format", choices=FORMS, default="table", help="table unless given")
    parser.add_argument("--from", dest="start", metavar="TIME", help="a date, or a time as 2026-11-30T18:00")
    parser.add_argument("--to", dest="end", metavar="TIME", help="the same; a date counts whole")
    parser.add_argument(
        "--timezone", default="UTC", metavar="ZONE", help="as Europe/Berlin; UTC unless given"
    )
    parser.add_argument(
        "--stream", action="append", default=[], metavar="ID", help="only this one; may be given again"
    )
    parser.add_argument(
        "--country-db", type=Path, metavar="FILE", help="a MaxMind database, as GeoLite2-Country.mmdb"
    )
    parser.add_argument("--tracks", action="store_true", help="count performances of each track, too")
    parser.add_argument(
        "--royalty", choices=("soundexchange",), help="write a report of use instead; needs the next two"
    )
    parser.add_argument("--service", metavar="NAME", help="your service, as SoundExchange knows it")
    parser.add_argument("--category", choices=CATEGORIES, help="your category of transmission")
    parser.add_argument(
        "--catalogue", type=Path, metavar="FILE", help="CSV with ISRC, or album and label, of recordings"
    )
    parser.add_argument(
        "--longest-track",
        type=_seconds,
        default=LONGEST_PLAY_SECONDS,
        metavar="SECONDS",
        help=f"after which a track has ended though no other has begun; {LONGEST_PLAY_SECONDS} unless given",
    )
    return parser


def _period(given: argparse.Namespace) -> Period:
    try:
        zone = ZoneInfo(given.timezone)
    except (OSError, ValueError, LookupError) as error:
        # ZoneInfoNotFoundError is a LookupError; names that lead out of its folder are ValueErrors.
        raise BadTime(f"expected a time zone as Europe/Berlin, got {given.timezone[:40]!r}") from error
    start = parse_time(given.start, zone) if given.start else None
    end = parse_time(given.end, zone, is_end=True) if given.end else None
    if start is not None and end is not None and start >= end:
        raise BadTime("expected --from to be before --to")
    return Period(start, end, zone)


def _countries(path: Path | None, stack: ExitStack) -> Callable[[str], str] | None:
    if path is None:
        return None
    countries = Countries(path)
    stack.callback(countries.close)
    return countries.country


def _seconds(text: str) -> int:
    seconds = int(text)
    if not 1 <= seconds <= 86_400:
        raise ValueError
    return seconds


def _warn(read: LinesRead) -> None:
    if read.bad:
        print(
            f"audiocast: {read.bad} of {read.lines} lines could not be used, the first: {read.first_bad}",
            file=sys.stderr,
        )
    for each in read.damaged:
        print(f"audiocast: this file ends in the middle, or is damaged: {each}", file=sys.stderr)
