"""The PodMonitor, by which the Prometheus Operator finds the pods."""

from audiocast_operator.manifests.owner import Json, Owner
from audiocast_operator.models.audio_cast import AudioCastSpec
from audiocast_operator.names import INTERNAL_PORT_NAME, labels, selector_labels


def build_pod_monitor(owner: Owner, spec: AudioCastSpec) -> Json | None:
    """Return the PodMonitor; None when the spec wants none."""
    if not spec.monitoring.pod_monitor:
        return None
    interval = f"{spec.monitoring.interval_seconds}s"
    return owner.build_child(
        "monitoring.coreos.com/v1",
        "PodMonitor",
        owner.name,
        {**spec.monitoring.labels, **labels(owner.name)},
        spec={
            "selector": {"matchLabels": selector_labels(owner.name)},
            "podMetricsEndpoints": [{"port": INTERNAL_PORT_NAME, "path": "/metrics", "interval": interval}],
        },
    )
