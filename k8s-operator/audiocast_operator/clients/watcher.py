"""Watches of the Kubernetes API, by kopf.

kopf lists what there is, then watches, and goes on after a break. But it ends for good when a request is
refused with 400, 404, 409 or 422, or for a minute with 403 or 500, and says nothing while requests are
refused with 429 or not answered (kopf 1.45). So each of its requests is looked at here: the first that fails
ends kopf, and the caller is told why. A watch fails, too, when it is not answered in time, and when it goes
on for longer than the API server was asked to let it.

It runs in a thread with an event loop of its own: when it ends, it cancels all tasks of its loop that are
younger than it is, and in the main thread it would take the signals for itself.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any

import aiohttp
import kopf

from audiocast_operator.clients.kube import BUSY_SECONDS, PLURALS, Json, Kind, refusal
from audiocast_operator.errors import OperatorError, TryAgain, WatchSilent
from audiocast_operator.names import MANAGER

# The API server ends a watch after this time, so that none is dead for much longer. A whole number: it parses
# an int64, and answers a float with 400.
WATCH_SECONDS = 300
CONNECT_SECONDS = 10.0
REQUEST_SECONDS = 30.0
# A watch after which no other one has begun by then is dead: kopf may list in between. kopf itself waits for
# longer, since it would begin the next one without a word.
LATE_SECONDS = 40.0
KOPF_LATE_SECONDS = 60.0

# How long kopf may take to stop; a quiet one takes less than a second.
STOP_SECONDS = 3.0
STOP_POLL_SECONDS = 0.25

# kopf would ask for the name of the user, and the image's has none.
IDENTITY: Any = MANAGER

Opened = Callable[[Kind], object]
Tell = Callable[[Kind, str, Json], object]


class KopfWatcher:
    """Watches several kinds at a time."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="kopf")

    def close(self) -> None:
        """End the thread, which has nothing to do any more."""
        self._thread.shutdown()

    async def watch(self, selectors: Mapping[Kind, str], namespace: str, opened: Opened, tell: Tell) -> None:
        """Tell of all objects with some labels, then of each that changes, until cancelled.

        Args:
            selectors: For each kind the labels, in the syntax of queries; empty: any.
            namespace: Where they are; empty: in all namespaces.
            opened: Called with each kind of which the API server agrees to tell.
            tell: Called with the kind, "ADDED", "MODIFIED" or "DELETED", and the object, as it was last.

        Raises:
            OperatorError: The API server refuses a request, breaks it off or is away.
        """
        loop = asyncio.get_running_loop()
        run = _Run(
            selectors,
            namespace,
            lambda kind: loop.call_soon_threadsafe(opened, kind),
            lambda *told: loop.call_soon_threadsafe(tell, *told),
        )
        running = loop.run_in_executor(self._thread, run)
        try:
            await asyncio.shield(running)
        finally:
            run.stopped.set()
            await asyncio.wait([running])


class _Run:
    """One run of kopf, which ends with the first request that fails, or when it is stopped.

    Attributes:
        stopped: Set by any thread, to end it.
    """

    def __init__(self, selectors: Mapping[Kind, str], namespace: str, opened: Opened, tell: Tell) -> None:
        self.stopped = threading.Event()
        self._selectors = selectors
        self._namespace = namespace
        self._opened = opened
        self._tell = tell
        self._kinds = {PLURALS[name]: (version, name) for version, name in selectors}
        self._failure: OperatorError | None = None
        # By kind: when its watch has failed, unless that is put off by then.
        self._alarms: dict[Kind, asyncio.TimerHandle] = {}

    def __call__(self) -> None:
        """Run kopf in a new event loop.

        Raises:
            OperatorError: See `KopfWatcher.watch`.
        """
        asyncio.run(self._run())

    async def _run(self) -> None:
        operator = asyncio.create_task(
            kopf.operator(
                registry=self._registry(),
                settings=self._settings(),
                identity=IDENTITY,
                standalone=True,
                clusterwide=not self._namespace,
                namespaces=[self._namespace] if self._namespace else [],
                stop_flag=self.stopped,
            )
        )
        try:
            await self._until_ended(operator)
        except Exception as error:
            self._note_failure(
                TryAgain(f"could not watch: {str(error)[:200] or type(error).__name__}", BUSY_SECONDS)
            )
        finally:
            self.stopped.set()
        if self._failure is not None:
            raise self._failure

    async def _until_ended(self, operator: asyncio.Task[None]) -> None:
        """Wait for kopf; cancel it if it does not stop when told to: it may wait for a watch that hangs."""
        waits = 0
        while not operator.done():
            await asyncio.wait([operator], timeout=STOP_POLL_SECONDS)
            waits += self.stopped.is_set()
            if waits * STOP_POLL_SECONDS > STOP_SECONDS:
                operator.cancel()
                await asyncio.wait([operator], timeout=STOP_SECONDS)
                return
        await operator

    def _registry(self) -> kopf.OperatorRegistry:
        registry = kopf.OperatorRegistry()
        kopf.on.login(registry=registry)(self._log_in)
        for kind in self._selectors:
            group, _, version = kind[0].rpartition("/")
            kopf.on.event(group, version, PLURALS[kind[1]], registry=registry, param=kind)(self._note)
        return registry

    def _settings(self) -> kopf.OperatorSettings:
        settings = kopf.OperatorSettings()
        settings.networking.request_timeout = REQUEST_SECONDS
        settings.networking.connect_timeout = CONNECT_SECONDS
        settings.networking.error_backoffs = ()
        settings.watching.server_timeout = WATCH_SECONDS
        settings.watching.client_timeout = WATCH_SECONDS + KOPF_LATE_SECONDS
        settings.watching.inactivity_timeout = WATCH_SECONDS + KOPF_LATE_SECONDS
        for (_, name), selector in self._selectors.items():
            if selector:
                settings.watching.label_selectors[PLURALS[name]] = selector
        # The CRDs come with the chart. To watch all CRDs and namespaces needs a role in the whole cluster.
        settings.scanning.disabled = True
        settings.posting.enabled = False
        # What is told is done at once.
        settings.queueing.exit_timeout = 0.1
        return settings

    async def _log_in(self, **kwargs: Any) -> kopf.AiohttpSession | None:
        """Return a session with the credentials of the pod's service account, else those of KUBECONFIG.

        kopf's own choice depends on which client libraries are installed.
        """
        info = kopf.login_with_service_account(**kwargs) or kopf.login_with_kubeconfig(**kwargs)
        if info is None:
            return None
        looking = aiohttp.TraceConfig()
        looking.on_request_start.append(self._wait_for_answer)
        looking.on_request_end.append(self._look)
        looking.on_request_exception.append(self._look_at_exception)
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=info.as_ssl_context()),
            headers=info.as_http_headers(),
            proxy=info.proxy_url,
            trace_configs=[looking],
        )
        return kopf.AiohttpSession(
            server=info.server, default_namespace=info.default_namespace, aiohttp_session=session
        )

    async def _note(self, *, event: kopf.RawEvent, param: Any = None, **_: Any) -> None:
        # What kopf has found in a list is of no type.
        self._tell(param, event["type"] or "ADDED", dict(event["object"]))

    async def _wait_for_answer(self, _: object, __: object, request: aiohttp.TraceRequestStartParams) -> None:
        """Let a watch fail that is not answered; all other requests have a time-out of their own."""
        kind = self._watched(request)
        if kind is not None:
            message = f"{_could_not(kind)}: no answer for {REQUEST_SECONDS:.0f} s"
            self._set_alarm(kind, REQUEST_SECONDS, TryAgain(message, BUSY_SECONDS))

    def _watched(
        self, request: aiohttp.TraceRequestStartParams | aiohttp.TraceRequestEndParams
    ) -> Kind | None:
        """Return the kind that a request watches; None: it watches none."""
        is_watch = request.url.query.get("watch") == "true"
        return self._kinds.get(request.url.name) if is_watch else None

    def _set_alarm(self, kind: Kind, seconds: float, error: OperatorError) -> None:
        if kind in self._alarms:
            self._alarms[kind].cancel()
        self._alarms[kind] = asyncio.get_running_loop().call_later(seconds, self._note_failure, error)

    async def _look(self, _: object, __: object, request: aiohttp.TraceRequestEndParams) -> None:
        kind = self._kinds.get(request.url.name)
        status = request.response.status
        if status == HTTPStatus.NOT_FOUND:
            await self._fail(TryAgain(f"{_could_not(kind)}: the API server does not serve it", BUSY_SECONDS))
        elif status >= HTTPStatus.BAD_REQUEST:
            retry_after = request.response.headers.get("Retry-After", "")
            await self._fail(refusal(_could_not(kind), status, request.response.reason or "", retry_after))
        elif (watched := self._watched(request)) is not None:
            seconds = WATCH_SECONDS + LATE_SECONDS
            message = f"{_could_not(watched)}: the API server has not ended a watch of {WATCH_SECONDS} s"
            self._set_alarm(watched, seconds, WatchSilent(message, BUSY_SECONDS))
            self._opened(watched)

    async def _look_at_exception(
        self, _: object, __: object, request: aiohttp.TraceRequestExceptionParams
    ) -> None:
        if not isinstance(request.exception, asyncio.CancelledError):
            reason = str(request.exception)[:200] or type(request.exception).__name__
            kind = self._kinds.get(request.url.name)
            await self._fail(TryAgain(f"{_could_not(kind)}: {reason}", BUSY_SECONDS))

    async def _fail(self, error: OperatorError) -> None:
        """End kopf, which never gets the answer: its own end after an error can last for ever."""
        self._note_failure(error)
        await asyncio.Event().wait()

    def _note_failure(self, error: OperatorError) -> None:
        if self._failure is None and not self.stopped.is_set():
            self._failure = error
        self.stopped.set()


def _could_not(kind: Kind | None) -> str:
    return f"could not watch {kind[1]}" if kind is not None else "could not watch: the API's kinds"
