"""The operator's own metrics, served at `/metrics` on the port of the settings."""

from collections import Counter as Tally
from collections.abc import Hashable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge

REGISTRY = CollectorRegistry()

TICKS = Counter("audiocast_operator_ticks", "Ticks of the timer.", registry=REGISTRY)
FAILED_TICKS = Counter(
    "audiocast_operator_failed_ticks",
    "Ticks in which the AudioCasts or Streams could not be listed.",
    registry=REGISTRY,
)
LAST_TICK = Gauge(
    "audiocast_operator_last_tick_timestamp_seconds",
    "When the timer has listed all AudioCasts and Streams last.",
    registry=REGISTRY,
)
RECONCILES = Counter(
    "audiocast_operator_reconciles",
    "Reconciles of AudioCasts, by how they ended.",
    ["result"],
    registry=REGISTRY,
)
RESULTS = ("ok", "bad_spec", "name_taken", "refused", "try_again", "bug")
for _result in RESULTS:
    RECONCILES.labels(_result)


class ProblemGauge:
    """How many AudioCasts and Streams have a problem now, by reason."""

    def __init__(self) -> None:
        self._gauge = Gauge(
            "audiocast_operator_problems",
            "AudioCasts and Streams whose last reconcile left something undone, by the condition's reason.",
            ["kind", "reason"],
            registry=REGISTRY,
        )
        self._found: dict[tuple[Hashable, str], Tally[str]] = {}

    def put(self, cast: Hashable, kind: str, reasons: Iterable[str]) -> None:
        """Remember the problems of an AudioCast, or of all its Streams, in place of those before.

        Args:
            cast: The AudioCast.
            kind: "AudioCast" or "Stream".
            reasons: A reason for each problem.
        """
        self._found[cast, kind] = Tally(reasons)
        self._show()

    def forget(self, cast: Hashable) -> None:
        """Forget an AudioCast that is gone."""
        self._found = {key: found for key, found in self._found.items() if key[0] != cast}
        self._show()

    def _show(self) -> None:
        self._gauge.clear()
        for (_, kind), found in self._found.items():
            for reason, count in found.items():
                self._gauge.labels(kind, reason).inc(count)


PROBLEMS = ProblemGauge()
