"""Both dashboards of the chart, and what their panels ask Prometheus for."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from tests.helm.monitoring.prometheus import Prometheus
from tests.repo import tree

FOLDER = tree.ROOT / "helm" / "audiocast" / "files"
DASHBOARDS: list[dict[str, Any]] = [
    json.loads((FOLDER / name).read_text()) for name in ("dashboard.json", "programme.json")
]


def asked_by_panels(
    substitutes: Mapping[str, str], dashboards: Sequence[dict[str, Any]] = DASHBOARDS
) -> list[str]:
    """Give all that panels ask for, as Grafana would send it.

    Args:
        substitutes: For the variables of the dashboards, and for Grafana's own.
        dashboards: Whose panels.
    """
    found = []
    for dashboard in dashboards:
        for panel in dashboard["panels"]:
            for target in panel.get("targets", ()):
                expression = target["expr"]
                for variable, value in substitutes.items():
                    expression = expression.replace(variable, value)
                found.append(expression)
    return found


def has_data(prometheus: Prometheus, expression: str) -> bool:
    """Say whether an expression has values, and one that is a number."""
    return any(not math.isnan(value) for value in prometheus.values(expression))
