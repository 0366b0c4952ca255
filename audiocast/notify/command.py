"""The command `audiocast notify`. Secrets and URLs come from the environment or from files, no options."""

import argparse
import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog
from tornado.httpserver import HTTPServer

from audiocast.notify.receiver import MAX_BODY_BYTES, application
from audiocast.notify.texts import LANGUAGES, USUAL_EVENTS, Wishes
from audiocast.telemetry.logs import set_up_logs
from audiocast.webhooks.event import EventType
from audiocast.webhooks.signature import parse_secret

log = structlog.get_logger()

DEFAULT_PORT = 8010

MAX_FILE_BYTES = 65_536
MAX_HEAD_BYTES = 16_384
IDLE_SECONDS = 30.0
STOP_SECONDS = 2.0


class NotifyFailed(Exception):
    """It cannot start; the message says what to do, and has nothing of a secret."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="audiocast notify",
        description="Receives webhooks and tells people. NOTIFY_SECRETS has the receiver's secrets "
        "(whsec_..., with commas between them), NOTIFY_URLS the services as apprise names them, one a line; "
        "or NOTIFY_SECRETS_FILE and NOTIFY_URLS_FILE name files that have them.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; 127.0.0.1 unless given")
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help=f"{DEFAULT_PORT} unless given; 0: a free one"
    )
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of what people read")
    parser.add_argument(
        "--events",
        default=",".join(USUAL_EVENTS),
        metavar="TYPES",
        help=f"what is told, of {', '.join(EventType)}; %(default)s unless given",
    )
    parser.add_argument("--unlisted", action="store_true", help="tell of streams that are not public, too")
    return parser


def notify(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> None:
    """Receive webhooks until SIGTERM or SIGINT.

    Raises:
        NotifyFailed: Something is missing or wrong.
    """
    given = _parser().parse_args(arguments)
    events = tuple(each.strip() for each in given.events.split(",") if each.strip())
    if not events or not set(events) <= set(EventType):
        raise NotifyFailed(f"--events: expected some of {', '.join(EventType)}")
    secrets = _secrets(_value(environment, "NOTIFY_SECRETS"))
    urls = [line.strip() for line in _value(environment, "NOTIFY_URLS").splitlines()]
    urls = [line for line in urls if line and not line.startswith("#")]
    if not urls:
        raise NotifyFailed("NOTIFY_URLS: expected services as apprise names them, one a line, got none")
    wishes = Wishes(given.language, frozenset(events), given.unlisted)
    with contextlib.closing(set_up_logs(form="auto", level="info", node="notify", max_repeats=20)):
        asyncio.run(_serve(given.host, given.port, urls, secrets, wishes))


async def _serve(host: str, port: int, urls: list[str], secrets: tuple[bytes, ...], wishes: Wishes) -> None:
    try:
        from audiocast.notify.messengers import BadService, Messengers
    except ImportError:
        raise NotifyFailed("apprise is not there; install it with: pip install 'audiocast[notify]'") from None
    try:
        messengers = Messengers(urls)
    except BadService as error:
        raise NotifyFailed(f"NOTIFY_URLS: {error}") from None
    server = HTTPServer(
        application(messengers, secrets, wishes),
        max_body_size=MAX_BODY_BYTES,
        max_buffer_size=2 * MAX_BODY_BYTES,
        max_header_size=MAX_HEAD_BYTES,
        idle_connection_timeout=IDLE_SECONDS,
        body_timeout=IDLE_SECONDS,
    )
    try:
        server.listen(port, host)
    except OSError as error:
        raise NotifyFailed(f"cannot listen on {host} port {port}: {error.strerror}") from None
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    bound = next(iter(server._sockets.values())).getsockname()[1]
    log.info("notifying", host=host, port=bound, services=messengers.count, language=wishes.language)
    await stop.wait()
    server.stop()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STOP_SECONDS):
            await server.close_all_connections()
    messengers.close()
    log.info("stopped")


def _value(environment: Mapping[str, str], name: str) -> str:
    """Return a variable, or what is in the file that another one names.

    Raises:
        NotifyFailed: The file cannot be read.
    """
    path = environment.get(f"{name}_FILE", "")
    if not path:
        return environment.get(name, "")
    try:
        with Path(path).open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            raise NotifyFailed(f"{name}_FILE: expected at most {MAX_FILE_BYTES} bytes in {path}")
        return content.decode()
    except OSError as error:
        raise NotifyFailed(f"{name}_FILE: cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise NotifyFailed(f"{name}_FILE: expected UTF-8 in {path}") from None


def _secrets(text: str) -> tuple[bytes, ...]:
    """Return the secrets in a list.

    Raises:
        NotifyFailed: There is none, or one is none.
    """
    try:
        secrets = tuple(
            parse_secret(each.strip()) for each in text.replace("\n", ",").split(",") if each.strip()
        )
    except ValueError as error:
        raise NotifyFailed(f"NOTIFY_SECRETS: {error}") from None
    if not secrets:
        raise NotifyFailed("NOTIFY_SECRETS: expected what the server has in WEBHOOK_SECRETS, got none")
    return secrets
