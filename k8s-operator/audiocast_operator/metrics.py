"""The operator's own metrics, served at `/metrics` on the port of the settings."""

from prometheus_client import CollectorRegistry, Counter, Gauge

REGISTRY = CollectorRegistry()

TICKS = Counter("audiocast_operator_ticks", "Ticks of the timer.", registry=REGISTRY)
LAST_TICK = Gauge(
    "audiocast_operator_last_tick_timestamp_seconds", "When the timer has ticked last.", registry=REGISTRY
)
RECONCILES = Counter(
    "audiocast_operator_reconciles",
    "Reconciles of AudioCasts, by how they ended.",
    ["result"],
    registry=REGISTRY,
)
RESULTS = ("ok", "bad_spec", "refused", "try_again", "bug")
for _result in RESULTS:
    RECONCILES.labels(_result)
