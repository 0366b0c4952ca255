"""Handshakes of TLS, and the certificate in use. Only a server that has a certificate has these metrics."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge

EXPIRES = "audiocast_certificate_expires_timestamp_seconds"
REFUSED = "audiocast_certificate_refused"

HANDSHAKE_RESULTS = ("done", "failed", "late", "dropped")


class TlsMetrics:
    """Counts handshakes, and shows the certificate.

    Args:
        metrics: Registry.
        expires_at: Returns when the certificate in use expires, unix seconds.
        is_refused: Returns whether the files have a newer one that cannot be used.
    """

    def __init__(
        self, metrics: CollectorRegistry, *, expires_at: Callable[[], float], is_refused: Callable[[], bool]
    ) -> None:
        Gauge(EXPIRES, "When the certificate in use expires, unix seconds.", registry=metrics).set_function(
            expires_at
        )
        Gauge(
            REFUSED, "1 while the certificate's files cannot be used, and an older one is.", registry=metrics
        ).set_function(lambda: float(is_refused()))
        self._handshakes = Counter(
            "audiocast_tls_handshakes_total", "Handshakes of TLS by result.", ["result"], registry=metrics
        )
        for result in HANDSHAKE_RESULTS:
            self._handshakes.labels(result)

    def count_handshake(self, result: str) -> None:
        """Count a handshake that is over, by one of `HANDSHAKE_RESULTS`."""
        self._handshakes.labels(result).inc()
