"""The `audiocast` command: `serve`, `check`, `version`. And `worker`, which `serve` starts for WORKERS."""

import argparse
import asyncio
import contextlib
import sys
from collections.abc import Sequence

from pydantic import ValidationError
from pydantic_settings import SettingsError

from audiocast import __version__
from audiocast.app import serve
from audiocast.check import PACKET_SECONDS, CheckFailed, check
from audiocast.settings import Settings
from audiocast.telemetry.logs import set_up_logs
from audiocast.workers.supervisor import supervise
from audiocast.workers.worker import WorkerFailed

USAGE_ERROR = 2


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
            return _serve(Settings.from_arguments(given[1:]), is_worker=given[0] == "worker")
        known = _parser().parse_args(given)
        if known.command == "check":
            return _check(known.server, Settings.from_arguments([]))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0]).upper() if first["loc"] else "settings"
        return _fail(f"{name}: {first['msg']}", USAGE_ERROR)
    except SettingsError as error:
        return _fail(str(error).splitlines()[0], USAGE_ERROR)
    print(__version__)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="audiocast", description="Live audio over HTTP, Ogg Opus all the way."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("serve", help="run the server (see: audiocast serve --help)", add_help=False)
    checking = commands.add_parser("check", help="send two seconds of audio to a server and hear them")
    checking.add_argument("server", nargs="?", help="URL; without it, this host's server at PORT")
    commands.add_parser("version", help="print the version")
    return parser


def _serve(settings: Settings, *, is_worker: bool) -> int:
    log = set_up_logs(
        form=settings.log_format,
        level=settings.log_level,
        node=settings.node_name,
        max_repeats=settings.max_log_repeats,
    )
    try:
        with contextlib.closing(log):
            asyncio.run(supervise(settings) if settings.workers > 1 else serve(settings, is_worker=is_worker))
    except WorkerFailed as error:
        return _fail(str(error), 1)
    except OSError as error:
        public = f"{settings.port}, {settings.tls_port}" if settings.tls_certificate else f"{settings.port}"
        ports = f"{public} and {settings.internal_port}"
        return _fail(f"cannot listen on ports {ports}: {error.strerror}", 1)
    return 0


def _check(server: str | None, settings: Settings) -> int:
    server = server or f"http://127.0.0.1:{settings.port}"
    tokens = [token.get_secret_value() for token in settings.api_tokens]
    try:
        result = check(server, *tokens[:1])
    except CheckFailed as error:
        return _fail(f"{server}: {error}", 1)
    seconds = result.packets * PACKET_SECONDS
    print(f"{server}: {seconds:g} s of audio heard, the first after {result.first_audio_seconds:.3f} s")
    return 0


def _fail(text: str, code: int) -> int:
    print(f"audiocast: {text}", file=sys.stderr)
    return code
