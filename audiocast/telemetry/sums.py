"""Metrics of several processes as those of one: samples with the same name and labels are added up."""

from collections.abc import Iterable, Iterator

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from audiocast.telemetry import rules_metrics
from audiocast.telemetry.cluster_metrics import GAUGES
from audiocast.telemetry.metrics import BUILD_INFO
from audiocast.telemetry.tls_metrics import EXPIRES, REFUSED

# What all processes tell of the same thing is not added up: the highest number stands for all.
SHARED = frozenset(
    {
        BUILD_INFO,
        EXPIRES,
        REFUSED,
        rules_metrics.COUNT,
        rules_metrics.REFUSED,
        *(name for name, gauge in GAUGES.items() if gauge.is_shared),
        # prometheus_client's own.
        "process_start_time_seconds",
        "python_info",
    }
)

Series = tuple[str, tuple[tuple[str, str], ...]]


class SummedMetrics(Collector):
    """Collects the sums of several processes' metrics.

    Args:
        texts: `/metrics` of each process, in Prometheus' text format; an empty one counts for nothing.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._families: dict[str, Metric] = {}
        self._values: dict[str, dict[Series, float]] = {}
        for text in texts:
            for family in text_string_to_metric_families(text):
                self._add(family)

    def collect(self) -> Iterator[Metric]:
        for name, family in self._families.items():
            family.samples = [
                Sample(series, dict(labels), value) for (series, labels), value in self._values[name].items()
            ]
            yield family

    def _add(self, family: Metric) -> None:
        self._families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
        values = self._values.setdefault(family.name, {})
        for sample in family.samples:
            series = (sample.name, tuple(sorted(sample.labels.items())))
            before = values.get(series, 0.0)
            value = float(sample.value)
            values[series] = max(before, value) if family.name in SHARED else before + value
