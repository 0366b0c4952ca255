"""The services where something is said, by apprise. Their URLs hold tokens: they are never logged whole."""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import apprise
import structlog

from audiocast.notify.texts import Message

log = structlog.get_logger()

MAX_SERVICES = 20

# apprise asks services one after the other, and waits for each.
THREADS = 4


class BadService(ValueError):
    """A URL names no service that apprise knows; the message has nothing of it but its scheme."""


class Messengers:
    """Says things at all services.

    Args:
        urls: One for each service, as apprise has them.
    """

    def __init__(self, urls: Sequence[str]) -> None:
        # It would log URLs, with their tokens.
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
        if len(urls) > MAX_SERVICES:
            raise BadService(f"expected at most {MAX_SERVICES} services, got {len(urls)}")
        self._services = [_service(number, url) for number, url in enumerate(urls, start=1)]
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="say")

    @property
    def count(self) -> int:
        """How many services there are."""
        return len(self._services)

    async def publish(self, message: Message, said: set[int]) -> bool:
        """Say something wherever it was not said yet; return whether it has been everywhere by now.

        Args:
            message: What.
            said: The numbers of the services where it was; added to.
        """
        loop = asyncio.get_running_loop()
        left = [number for number in range(len(self._services)) if number not in said]
        calls = (
            loop.run_in_executor(self._threads, _say, self._services[number], message) for number in left
        )
        for number, is_said in zip(left, await asyncio.gather(*calls), strict=True):
            if is_said:
                said.add(number)
            else:
                name = str(self._services[number].service_name or "")
                log.warning("notification_failed", service=name, number=number + 1)
        return len(said) == len(self._services)

    def close(self) -> None:
        """Say nothing more; what is under way ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _service(number: int, url: str) -> Any:
    service = apprise.Apprise.instantiate(url, suppress_exceptions=True)
    if service is None:
        scheme = url.partition("://")[0][:20] if "://" in url else "no scheme"
        raise BadService(f"URL {number} ({scheme}): expected one that apprise knows, with all that it needs")
    return service


def _say(service: Any, message: Message) -> bool:
    try:
        return bool(
            service.notify(
                title=message.title,
                body=message.body,
                notify_type=apprise.NotifyType.INFO,
                body_format=apprise.NotifyFormat.TEXT,
            )
        )
    except Exception as error:
        # Whatever a plug-in raises: its text may have the URL in it.
        log.warning("notification_raised", error=type(error).__name__)
        return False
