"""What the operator may do in a simulated cluster: what the Role of its chart says, and no more."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tests.helm.chart import Chart
from tests.repo import tree


@dataclass
class Permissions:
    """Of one account.

    Attributes:
        rules: Of its Role.
        used: Group, resource and verb of what was asked for and allowed.
        refused: The same of what was not.
    """

    rules: list[dict[str, Any]]
    used: set[tuple[str, str, str]] = field(default_factory=set)
    refused: set[tuple[str, str, str]] = field(default_factory=set)

    def allow(self, group: str, resource: str, verb: str) -> bool:
        """Say whether it may, and take note."""
        may = any(
            group in rule["apiGroups"] and resource in rule["resources"] and verb in rule["verbs"]
            for rule in self.rules
        )
        (self.used if may else self.refused).add((group, resource, verb))
        return may


def of_the_chart() -> Permissions:
    """Give what the chart gives the operator by default."""
    return Permissions(_rules())


@cache
def _rules() -> list[dict[str, Any]]:
    """Render once: it takes longer than a whole test."""
    rules: list[dict[str, Any]] = Chart(tree.ROOT / "helm" / "audiocast-operator").manifest("Role")["rules"]
    return rules
