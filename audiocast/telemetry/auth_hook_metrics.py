"""Metrics of the programs of a station that are asked who may listen and who may broadcast."""

from prometheus_client import CollectorRegistry, Counter


class AuthHookMetrics:
    """Counts questions without an answer.

    Args:
        metrics: Registry of the count.
    """

    def __init__(self, metrics: CollectorRegistry) -> None:
        self._failures = Counter(
            "audiocast_auth_hook_failures_total",
            "Questions to LISTEN_AUTH_URL and SOURCE_AUTH_URL that got no answer, or none that can be read.",
            ["hook"],
            registry=metrics,
        )
        for hook in ("listen", "source"):
            self._failures.labels(hook)

    def count_listen(self) -> None:
        """Count one of LISTEN_AUTH_URL."""
        self._failures.labels("listen").inc()

    def count_source(self) -> None:
        """Count one of SOURCE_AUTH_URL."""
        self._failures.labels("source").inc()
