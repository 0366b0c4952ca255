"""What the operator may do in a simulated cluster: what the Role of its chart says, and no more."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tests.helm.chart import Chart
from tests.repo import tree


@dataclass
class Permissions:
    """The permissions of one account.

    Attributes:
        rules: The rules of its Role.
        used: Group, resource and verb of each allowed request.
        refused: Group, resource and verb of each refused request.
    """

    rules: list[dict[str, Any]]
    used: set[tuple[str, str, str]] = field(default_factory=set)
    refused: set[tuple[str, str, str]] = field(default_factory=set)

    def allow(self, group: str, resource: str, verb: str) -> bool:
        """Return whether the account may do this, and record the answer."""
        may = any(
            group in rule["apiGroups"] and resource in rule["resources"] and verb in rule["verbs"]
            for rule in self.rules
        )
        (self.used if may else self.refused).add((group, resource, verb))
        return may


def of_the_chart() -> Permissions:
    """Return the permissions that the chart gives the operator by default."""
    return Permissions(_rules())


@cache
def _rules() -> list[dict[str, Any]]:
    """Render once: it takes longer than a whole test."""
    rules: list[dict[str, Any]] = Chart(tree.ROOT / "helm" / "audiocast-operator").manifest("Role")["rules"]
    return rules
