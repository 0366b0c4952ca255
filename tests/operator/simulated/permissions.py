"""What the operator may do in a simulated cluster: what the Role of its chart says, and no more."""

from collections.abc import Callable
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
        name: The account.
        forbids: Called with group, resource and verb; what it returns true for is refused, whatever the rules
            say, and does not count as asked for in vain.
        used: Group, resource and verb of each allowed request.
        refused: Group, resource and verb of each refused request.
    """

    rules: list[dict[str, Any]]
    name: str = "system:serviceaccount:radio:audiocast-operator"
    forbids: Callable[[str, str, str], bool] = lambda group, resource, verb: False
    used: set[tuple[str, str, str]] = field(default_factory=set)
    refused: set[tuple[str, str, str]] = field(default_factory=set)

    def allow(self, group: str, resource: str, verb: str) -> bool:
        """Return whether the account may do this, and record the answer."""
        if self.forbids(group, resource, verb):
            return False
        may = any(
            _holds(rule["apiGroups"], group)
            and _holds(rule["resources"], resource)
            and _holds(rule["verbs"], verb)
            for rule in self.rules
        )
        (self.used if may else self.refused).add((group, resource, verb))
        return may


def of_the_chart() -> Permissions:
    """Return the permissions that the chart gives the operator by default."""
    return Permissions(_rules())


def of_an_admin() -> Permissions:
    """Return the permission to do all."""
    return Permissions([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}], "admin")


def of_nobody(name: str) -> Permissions:
    """Return no permissions."""
    return Permissions([], name)


def _holds(allowed: list[str], asked: str) -> bool:
    return asked in allowed or "*" in allowed


@cache
def _rules() -> list[dict[str, Any]]:
    """Render once: it takes longer than a whole test."""
    rules: list[dict[str, Any]] = Chart(tree.ROOT / "helm" / "audiocast-operator").manifest("Role")["rules"]
    return rules
