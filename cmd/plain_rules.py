"""`plain_rules.py deploy/prometheus/audiocast-rules.yml`: the chart's alerts for servers without Kubernetes.

The chart's rules are rendered by Helm itself, and what they say of pods in a namespace is said of the targets
of Prometheus' job `audiocast`. A test compares the file with what this makes.
"""

import sys
from pathlib import Path
from typing import Any

import helm_python
import yaml

CHART = Path(__file__).parents[1] / "helm" / "audiocast"
RELEASE, NAMESPACE = "audiocast", "audiocast"

HEAD = """\
# Made by cmd/plain_rules.py from the chart's alerts: for Prometheus without Kubernetes, docs/metrics.md.
# What to do about each: docs/runbook.md.
"""

VALUES = {"metrics": {"prometheusRule": {"enabled": True, "aggregationLabels": ["job"]}}}

# In this order. What is left of Kubernetes after it is refused.
SAID_OTHERWISE = {
    f'namespace="{NAMESPACE}",pod=~"{RELEASE}-[0-9]+"': 'job="audiocast"',
    f'namespace="{NAMESPACE}",release="{RELEASE}"': f'release="{RELEASE}"',
    "by (namespace, job)": "by (job)",
    f"from the pods of {RELEASE} in {NAMESPACE}": "from the targets of the job audiocast",
    "sees no audiocast pod": "sees no audiocast server",
    "{{ $labels.namespace }}": "job {{ $labels.job }}",
    "{{ with $labels.cluster }} (cluster {{ . }}){{ end }}": "",
    "$labels.pod": "$labels.instance",
    "A pod's": "A server's",
    "A pod": "A server",
    "a pod": "a server",
}
OF_KUBERNETES = ("namespace", "pod", "cluster")


def plain_rules() -> str:
    """Return the file.

    Raises:
        ValueError: A rule says something of Kubernetes for which there is no other word yet.
    """
    rendered = helm_python.Chart.load(CHART).render(VALUES, name=RELEASE, namespace=NAMESPACE)
    made = yaml.safe_load(rendered["audiocast/templates/prometheusrule.yaml"])
    spec = _otherwise(made["spec"])
    return HEAD + yaml.safe_dump(spec, sort_keys=False, width=110)


def _otherwise(node: Any) -> Any:
    if isinstance(node, dict):
        return {name: _otherwise(each) for name, each in node.items()}
    if isinstance(node, list):
        return [_otherwise(each) for each in node]
    if not isinstance(node, str):
        return node
    for before, after in SAID_OTHERWISE.items():
        node = node.replace(before, after)
    left = [word for word in OF_KUBERNETES if word in node]
    if left:
        raise ValueError(f"expected another word for {left} in cmd/plain_rules.py, got none: {node}")
    return node


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(plain_rules())
