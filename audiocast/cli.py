"""The `audiocast` command: `serve`, `worker`, `check`, `migrate`, `report`, `notify` and the makers of keys.

Each command imports what it needs when it is known which one it is: those of the server take a third of a
second.
"""

import argparse
import asyncio
import contextlib
import gc
import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from audiocast import __version__

if TYPE_CHECKING:
    from audiocast.settings import Settings

USAGE_ERROR = 2

# What structlog imports where it is installed, for a console that nobody asked for (see telemetry.logs).
NEEDLESS_PACKAGE = "rich"


class _Failed(Exception):
    """The command ends with something on standard error.

    Args:
        text: A line, or several.
        code: What the process exits with.
    """

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: The command line without the program's name; None for that of this process.

    Returns:
        The exit code: 0, 1 when the server cannot start or is not well, 2 for wrong arguments or settings.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if given[:1] in (["serve"], ["worker"]):
            _serve(given[1:], is_worker=given[0] == "worker")
            return 0
        if given[:1] == ["token"]:
            print(_token(given[1:]))
            return 0
        if given[:1] == ["key"]:
            print(_key(given[1:]))
            return 0
        if given[:1] == ["listen-link"]:
            _listen_link(given[1:])
            return 0
        if given[:1] == ["report"]:
            _report(given[1:])
            return 0
        if given[:1] == ["notify"]:
            _notify(given[1:])
            return 0
        known = _parser().parse_args(given)
        if known.command == "check":
            _check(known.server)
        elif known.command == "migrate":
            _migrate(known)
        else:
            print(__version__)
    except _Failed as failed:
        for line in str(failed).splitlines():
            print(f"audiocast: {line}", file=sys.stderr)
        return failed.code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="audiocast", description="Live audio over HTTP, Ogg Opus all the way."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("serve", help="run the server (see: audiocast serve --help)", add_help=False)
    checking = commands.add_parser("check", help="send two seconds of audio to a server and hear them")
    checking.add_argument(
        "server",
        nargs="?",
        help="address, with or without http:// or https://; without it, this host's server at PORT",
    )
    migrating = commands.add_parser(
        "migrate", help="make settings, aliases and keys of an Icecast server's configuration"
    )
    migrating.add_argument("configuration", help="Icecast's configuration, as /etc/icecast2/icecast.xml")
    migrating.add_argument(
        "--to", default="from-icecast", metavar="FOLDER", help="where to write; from-icecast unless given"
    )
    migrating.add_argument(
        "--mount",
        action="append",
        default=[],
        metavar="/LIVE.OGG",
        help="a mount that sources send to and the file does not name; may be given again",
    )
    migrating.add_argument(
        "--force", action="store_true", help="replace files that are there; keys change then"
    )
    commands.add_parser(
        "report", help="add up who has listened (see: audiocast report --help)", add_help=False
    )
    commands.add_parser(
        "notify", help="tell people of webhooks (see: audiocast notify --help)", add_help=False
    )
    commands.add_parser(
        "token", help="make an API token with a share (see: audiocast token --help)", add_help=False
    )
    commands.add_parser("key", help="make an ingest key (see: audiocast key --help)", add_help=False)
    commands.add_parser(
        "listen-link",
        help="make links to a private stream (see: audiocast listen-link --help)",
        add_help=False,
    )
    commands.add_parser("version", help="print the version")
    return parser


@contextlib.contextmanager
def quick_imports() -> Iterator[None]:
    """Import nothing that is not needed, with the garbage collector at rest: it takes a third less.

    What modules make stays as long as the process, and the collector would walk over it ten times. It does
    not look at these objects later, either.
    """
    is_unknown = NEEDLESS_PACKAGE not in sys.modules
    if is_unknown:
        # Python's own word for "cannot be imported".
        sys.modules[NEEDLESS_PACKAGE] = None  # type: ignore[assignment]
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        if is_unknown:
            del sys.modules[NEEDLESS_PACKAGE]


def _settings(arguments: Sequence[str]) -> "Settings":
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from audiocast.setting_groups.port_settings import LAST_CERTIFICATE
    from audiocast.settings import CheckedSettings, Settings

    kind = CheckedSettings if LAST_CERTIFICATE in arguments else Settings
    try:
        return kind.from_arguments(arguments)
    except ValidationError as error:
        from audiocast.setting_errors import setting_errors

        raise _Failed("\n".join(setting_errors(error)), USAGE_ERROR) from error
    except SettingsError as error:
        raise _Failed(str(error).splitlines()[0], USAGE_ERROR) from error


def _serve(arguments: Sequence[str], *, is_worker: bool) -> None:
    with quick_imports():
        from audiocast.app import serve
        from audiocast.telemetry.logs import set_up_logs

        settings = _settings(arguments)
    log = set_up_logs(
        form=settings.log_format,
        level=settings.log_level,
        node=settings.node_name,
        max_repeats=settings.max_log_repeats,
    )
    try:
        with contextlib.closing(log):
            asyncio.run(
                _supervise(settings) if settings.workers > 1 else serve(settings, is_worker=is_worker)
            )
    except OSError as error:
        from audiocast.setting_errors import start_error

        raise _Failed(start_error(error, settings), 1) from error


async def _supervise(settings: "Settings") -> None:
    with quick_imports():
        from audiocast.workers.supervisor import supervise
        from audiocast.workers.worker import WorkerFailed
    try:
        await supervise(settings)
    except WorkerFailed as error:
        raise _Failed(str(error), 1) from error


def _check(server: str | None) -> None:
    with quick_imports():
        from audiocast.check import PACKET_SECONDS, CheckFailed, check

    settings = _settings([])
    server = server or f"http://127.0.0.1:{settings.port}"
    tokens = [token.get_secret_value() for token in settings.api_tokens]
    try:
        result = check(server, *tokens[:1])
    except CheckFailed as error:
        raise _Failed(f"{server}: {error}", 1) from error
    seconds = result.packets * PACKET_SECONDS
    print(f"{server}: {seconds:g} s of audio heard, the first after {result.first_audio_seconds:.3f} s")


def _migrate(given: argparse.Namespace) -> None:
    from audiocast.migrate.command import MigrationFailed, migrate

    try:
        print(migrate(given.configuration, folder=given.to, mounts=given.mount, force=given.force))
    except MigrationFailed as error:
        raise _Failed(str(error), 1) from error


def _report(arguments: Sequence[str]) -> None:
    from audiocast.report.command import ReportFailed, report

    try:
        text = report(arguments)
    except ReportFailed as failed:
        raise _Failed(str(failed), USAGE_ERROR if failed.is_usage else 1) from failed
    print(text, end="")


def _notify(arguments: Sequence[str]) -> None:
    with quick_imports():
        from audiocast.notify.command import NotifyFailed, notify

    try:
        notify(arguments)
    except NotifyFailed as error:
        raise _Failed(str(error), 1) from error


def _token(arguments: Sequence[str]) -> str:
    from audiocast.token_command import BadToken, make_token

    wants_help = "--help" in arguments or "-h" in arguments
    secrets = () if wants_help else _settings([]).secret_keys
    try:
        return make_token(arguments, [secret.get_secret_value() for secret in secrets])
    except BadToken as error:
        raise _Failed(str(error), USAGE_ERROR) from error


def _key(arguments: Sequence[str]) -> str:
    from audiocast.key_command import make_key
    from audiocast.token_command import BadToken

    wants_help = "--help" in arguments or "-h" in arguments
    secrets = () if wants_help else _settings([]).secret_keys
    try:
        return make_key(arguments, [secret.get_secret_value() for secret in secrets])
    except BadToken as error:
        raise _Failed(str(error), USAGE_ERROR) from error


def _listen_link(arguments: Sequence[str]) -> None:
    from audiocast.listen_links.command import LinksFailed, write_links

    def read_secrets() -> tuple[list[str], str]:
        settings = _settings([])
        base = f"{settings.stream_scheme or 'https'}://{settings.stream_domain}"
        return [
            each.get_secret_value() for each in settings.secret_keys
        ], base if settings.stream_domain else ""

    try:
        write_links(arguments, read_secrets, sys.stdout)
        sys.stdout.flush()
    except LinksFailed as failed:
        raise _Failed(str(failed), USAGE_ERROR if failed.is_usage else 1) from failed
    except BrokenPipeError as error:
        # Whoever reads has enough. Python would write what is left at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise _Failed("nobody reads the links any more", 1) from error
