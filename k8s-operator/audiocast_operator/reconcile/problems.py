"""What went wrong in one reconcile. A step that fails does not hold the others."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

import structlog

from audiocast_operator.decide.conditions import Failures
from audiocast_operator.errors import (
    ApiRefused,
    BadSpec,
    NameTaken,
    NotInstalled,
    OperatorError,
    TryAgain,
    Unplanned,
)

log = structlog.get_logger()

Result = TypeVar("Result")

# Of several problems the first of these names the whole.
BY_WEIGHT = (Unplanned, BadSpec, NameTaken, ApiRefused, TryAgain)


@dataclass(slots=True)
class Problems:
    """The problems of one AudioCast or Stream.

    Attributes:
        name: Whose they are, for the log.
        found: All of them, in order.
    """

    name: str
    found: list[OperatorError] = field(default_factory=list)

    async def attempt(self, step: Awaitable[Result]) -> Result | None:
        """Take a step; return None when it fails, and remember why."""
        try:
            return await step
        except Exception as error:
            self._remember(error)
        return None

    def check(self, step: Callable[[], Result]) -> Result | None:
        """Do something that waits for nothing; return None when it fails, and remember why."""
        try:
            return step()
        except Exception as error:
            self._remember(error)
        return None

    @property
    def failures(self) -> Failures:
        """What conditions say of them. A kind that is not installed is no fault: only extras are of such."""
        weighed = self._by_weight()
        return Failures(
            lasting=_summary([each for each in weighed if not isinstance(each, TryAgain)]),
            passing=_summary([each for each in weighed if isinstance(each, TryAgain)]),
            absent=told([each for each in self.found if isinstance(each, NotInstalled)]),
        )

    @property
    def reasons(self) -> list[str]:
        """The reason of each fault."""
        return [each.reason for each in self._by_weight()]

    @property
    def worst(self) -> OperatorError | None:
        """The one that the reconcile is counted as; None when all went well."""
        return next(iter(self._by_weight()), None)

    def _remember(self, error: Exception) -> None:
        """Whatever it is, it must not stop what comes after it, and somebody has to be told."""
        if isinstance(error, OperatorError):
            self.found.append(error)
            return
        log.exception("bug", object=self.name)
        self.found.append(Unplanned(f"{type(error).__name__}: {str(error)[:200]}"))

    def _by_weight(self) -> list[OperatorError]:
        found = [each for each in self.found if not isinstance(each, NotInstalled)]
        return sorted(
            found, key=lambda each: next(i for i, kind in enumerate(BY_WEIGHT) if isinstance(each, kind))
        )


def _summary(found: list[OperatorError]) -> tuple[str, str] | None:
    return (found[0].reason, told(found)) if found else None


def told(problems: list[OperatorError]) -> str:
    """Return problems as one message."""
    return "; ".join(dict.fromkeys(map(str, problems)))[:1000]
