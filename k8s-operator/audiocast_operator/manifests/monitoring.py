"""The PodMonitor, by which the Prometheus Operator finds the pods."""

from audiocast_operator.manifests.owner import Json, Owner
from audiocast_operator.manifests.parts import given, plain
from audiocast_operator.models.audio_cast import AudioCastSpec
from audiocast_operator.names import INTERNAL_PORT_NAME, labels, selector_labels


def build_pod_monitor(owner: Owner, spec: AudioCastSpec) -> Json | None:
    """Return the PodMonitor; None when the spec wants none."""
    if not spec.monitoring.pod_monitor:
        return None
    wanted = spec.monitoring
    endpoint = {"port": INTERNAL_PORT_NAME, "path": "/metrics", "interval": f"{wanted.interval_seconds}s"}
    if wanted.scrape_timeout_seconds is not None:
        endpoint["scrapeTimeout"] = f"{wanted.scrape_timeout_seconds}s"
    return owner.build_child(
        "monitoring.coreos.com/v1",
        "PodMonitor",
        owner.name,
        {**wanted.labels, **labels(owner.name)},
        spec={
            "selector": {"matchLabels": selector_labels(owner.name)},
            "podMetricsEndpoints": [
                endpoint
                | given(
                    relabelings=plain(wanted.relabelings), metricRelabelings=plain(wanted.metric_relabelings)
                )
            ],
            **given(jobLabel=wanted.job_label, sampleLimit=wanted.sample_limit),
        },
    )
