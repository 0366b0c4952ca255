"""kopf's handlers, each a line that leads to the one reconcile. `kopf run --module` loads this module.

The handlers keep no state, neither in memory nor in an object's status, and need no finalizer: the timer
finds whatever they miss.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from typing import Any

import kopf

from audiocast_operator.app import Operator
from audiocast_operator.errors import OperatorError, TryAgain
from audiocast_operator.logs import set_up_logs
from audiocast_operator.names import (
    ANNOTATION_PREFIX,
    CAST_LABEL,
    FINALIZER,
    GROUP,
    MANAGED_LABEL,
    MANAGER,
    VERSION,
    label_selector,
)
from audiocast_operator.probes import metrics_routes, probe_routes
from audiocast_operator.serving import OwnServer
from audiocast_operator.settings import OperatorSettings

OURS = {MANAGED_LABEL: MANAGER}
# Labels only say which AudioCast to look at. Whose an object is, its owner says.
OURS_NAMED: dict[str, Any] = {**OURS, CAST_LABEL: kopf.PRESENT}
REQUEST_SECONDS = 30.0
# A whole number: kopf writes it into the query as it is, and API servers parse an int64 (a float is a 400).
WATCH_SECONDS = 300
# After these attempts only the timer goes on.
RETRIES = 5


@kopf.on.login()
def login(**kwargs: Any) -> kopf.ConnectionInfo | None:
    """Return the credentials of the pod's service account, else those of KUBECONFIG.

    kopf's own choice depends on which client libraries are installed.
    """
    return kopf.login_with_service_account(**kwargs) or kopf.login_with_kubeconfig(**kwargs)


@kopf.on.startup()
async def start(settings: kopf.OperatorSettings, memo: kopf.Memo, **_: Any) -> None:
    """Configure kopf and start the timer."""
    ours = OperatorSettings()
    set_up_logs(ours.log_level)
    settings.persistence.finalizer = FINALIZER
    settings.persistence.progress_storage = kopf.AnnotationsProgressStorage(prefix=ANNOTATION_PREFIX)
    settings.persistence.diffbase_storage = kopf.AnnotationsDiffBaseStorage(prefix=ANNOTATION_PREFIX)
    settings.networking.request_timeout = REQUEST_SECONDS
    settings.networking.connect_timeout = 10.0
    # A watch that is renewed every few minutes cannot be dead for longer than that.
    settings.watching.server_timeout = WATCH_SECONDS
    settings.watching.client_timeout = WATCH_SECONDS + 10
    settings.watching.connect_timeout = 10.0
    # The API server sends nothing of the namespace's other objects.
    settings.watching.label_selectors["pods"] = label_selector(OURS)
    settings.watching.label_selectors["statefulsets"] = label_selector(OURS)
    settings.posting.level = logging.WARNING
    # The CRDs come with the chart. Watching all CRDs and namespaces would need a role in the whole cluster.
    settings.scanning.disabled = True
    memo.operator = Operator(ours)
    probes = probe_routes(memo.operator.timer, silent_seconds=ours.silent_seconds)
    memo.servers = [
        OwnServer(port, routes)
        for port, routes in ((ours.probe_port, probes), (ours.metrics_port, metrics_routes()))
        if port
    ]
    memo.operator.start()


@kopf.on.cleanup()
async def stop(memo: kopf.Memo, **_: Any) -> None:
    """Stop the timer and the servers, if they were started."""
    for server in memo.get("servers", ()):
        await asyncio.to_thread(server.close)
    if "operator" in memo:
        await memo.operator.stop()


@kopf.on.resume(GROUP, VERSION, "audiocasts", retries=RETRIES)
@kopf.on.create(GROUP, VERSION, "audiocasts", retries=RETRIES)
@kopf.on.update(GROUP, VERSION, "audiocasts", field="spec", retries=RETRIES)
async def reconcile(namespace: str | None, name: str, memo: kopf.Memo, **_: Any) -> None:
    """Reconcile an AudioCast that was created, was found at the start, or has changed."""
    with kopf_errors():
        await memo.operator.reconcile(namespace, name)


@kopf.on.event("apps", "v1", "statefulsets", labels=OURS_NAMED)
@kopf.on.event("", "v1", "pods", labels=OURS_NAMED)
async def reconcile_parent(namespace: str | None, labels: kopf.Labels, memo: kopf.Memo, **_: Any) -> None:
    """Reconcile the AudioCast that a changed StatefulSet or pod belongs to."""
    with contextlib.suppress(OperatorError):
        await memo.operator.reconcile(namespace, labels[CAST_LABEL])


@kopf.on.event(GROUP, VERSION, "streams")
async def reconcile_cast(namespace: str | None, spec: kopf.Spec, memo: kopf.Memo, **_: Any) -> None:
    """Reconcile the AudioCast of a Stream that was created, changed or deleted."""
    if cast := spec.get("audioCast"):
        with contextlib.suppress(OperatorError):
            await memo.operator.reconcile(namespace, cast)


@contextlib.contextmanager
def kopf_errors() -> Iterator[None]:
    """Translate the operator's errors into kopf's temporary and permanent ones."""
    try:
        yield
    except TryAgain as error:
        raise kopf.TemporaryError(str(error), delay=error.delay_seconds) from error
    except OperatorError as error:
        raise kopf.PermanentError(str(error)) from error
