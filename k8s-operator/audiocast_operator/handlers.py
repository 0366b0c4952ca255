"""kopf's handlers: each is a line that leads to the one reconcile. Run by `kopf run --module`.

Nothing is chained through the status, nothing is remembered in it, and no handler needs a finalizer: whatever
is missed here the timer finds.
"""

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

import kopf
from prometheus_client import start_http_server

from audiocast_operator.app import Operator
from audiocast_operator.errors import OperatorError, TryAgain
from audiocast_operator.logs import set_up_logs
from audiocast_operator.metrics import REGISTRY
from audiocast_operator.names import (
    ANNOTATION_PREFIX,
    FINALIZER,
    GROUP,
    INSTANCE_LABEL,
    MANAGED_LABEL,
    MANAGER,
    VERSION,
    selector_text,
)
from audiocast_operator.settings import OperatorSettings

OURS = {MANAGED_LABEL: MANAGER}
REQUEST_SECONDS = 30.0
WATCH_SECONDS = 300.0
RETRIES = 5
"""After these the timer goes on alone."""


@kopf.on.login()
def login(**kwargs: Any) -> kopf.ConnectionInfo | None:
    """Log in as a pod, or by KUBECONFIG; kopf's own way depends on which client library is installed."""
    return kopf.login_with_service_account(**kwargs) or kopf.login_with_kubeconfig(**kwargs)


@kopf.on.startup()
async def start(settings: kopf.OperatorSettings, memo: kopf.Memo, **_: Any) -> None:
    """Set kopf up and begin to tick."""
    ours = OperatorSettings()
    set_up_logs(ours.log_level)
    settings.persistence.finalizer = FINALIZER
    settings.persistence.progress_storage = kopf.AnnotationsProgressStorage(prefix=ANNOTATION_PREFIX)
    settings.persistence.diffbase_storage = kopf.AnnotationsDiffBaseStorage(prefix=ANNOTATION_PREFIX)
    settings.networking.request_timeout = REQUEST_SECONDS
    settings.networking.connect_timeout = 10.0
    # A watch that is renewed every few minutes cannot be dead for longer.
    settings.watching.server_timeout = WATCH_SECONDS
    settings.watching.client_timeout = WATCH_SECONDS + 10.0
    settings.watching.connect_timeout = 10.0
    # Whatever else is in the namespace stays with the API server.
    settings.watching.label_selectors["pods"] = selector_text(OURS)
    settings.watching.label_selectors["statefulsets"] = selector_text(OURS)
    settings.posting.level = logging.WARNING
    # The CRDs come with the chart. Watching all CRDs and namespaces would need a role in the whole cluster.
    settings.scanning.disabled = True
    if ours.metrics_port:
        start_http_server(ours.metrics_port, registry=REGISTRY)
    memo.operator = Operator(ours)
    memo.silent_seconds = ours.silent_seconds
    memo.operator.start()


@kopf.on.cleanup()
async def stop(memo: kopf.Memo, **_: Any) -> None:
    """End the timer, if it has begun."""
    if "operator" in memo:
        await memo.operator.stop()


@kopf.on.probe(id="silent_seconds")
async def tell_silence(memo: kopf.Memo, **_: Any) -> float:
    """Answer the liveness probe: with an error before the first tick can come, and when none comes any more.

    A permanent one: kopf tries others again, for a minute, while the probe waits.
    """
    if "operator" not in memo:
        raise kopf.PermanentError("expected an operator that runs, got one that starts")
    silent_seconds = float(memo.operator.timer.silent_seconds)
    if silent_seconds > memo.silent_seconds:
        expected = f"expected a tick in {memo.silent_seconds:g} s"
        raise kopf.PermanentError(f"{expected}, got none in {silent_seconds:.0f} s")
    return silent_seconds


@kopf.on.resume(GROUP, VERSION, "audiocasts", retries=RETRIES)
@kopf.on.create(GROUP, VERSION, "audiocasts", retries=RETRIES)
@kopf.on.update(GROUP, VERSION, "audiocasts", field="spec", retries=RETRIES)
async def reconcile(namespace: str | None, name: str, memo: kopf.Memo, **_: Any) -> None:
    """Reconcile an AudioCast that came, was there, or has changed."""
    with told_apart():
        await memo.operator.reconcile(namespace, name)


@kopf.on.event("apps", "v1", "statefulsets", labels=OURS)
@kopf.on.event("", "v1", "pods", labels=OURS)
async def reconcile_parent(namespace: str | None, labels: kopf.Labels, memo: kopf.Memo, **_: Any) -> None:
    """Reconcile the AudioCast whose child has changed."""
    with contextlib.suppress(OperatorError):
        await memo.operator.reconcile(namespace, labels[INSTANCE_LABEL])


@kopf.on.event(GROUP, VERSION, "streams")
async def reconcile_cast(namespace: str | None, spec: kopf.Spec, memo: kopf.Memo, **_: Any) -> None:
    """Reconcile the AudioCast that carries a Stream which came, has changed or went."""
    with contextlib.suppress(OperatorError):
        await memo.operator.reconcile(namespace, spec["audioCast"])


@contextlib.contextmanager
def told_apart() -> Iterator[None]:
    """Tell kopf which errors pass."""
    try:
        yield
    except TryAgain as error:
        raise kopf.TemporaryError(str(error), delay=error.delay_seconds) from error
    except OperatorError as error:
        raise kopf.PermanentError(str(error)) from error
