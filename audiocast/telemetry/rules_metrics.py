"""The rules of streams in a file. Only a server that has such a file has these metrics."""

from typing import Protocol

from prometheus_client import CollectorRegistry, Gauge

COUNT = "audiocast_stream_rules"
REFUSED = "audiocast_stream_rules_refused"


class Rules(Protocol):
    """A file with rules.

    Attributes:
        count: How many it had when it could be used last.
        is_refused: It is missing, or cannot be used.
    """

    @property
    def count(self) -> int: ...

    @property
    def is_refused(self) -> bool: ...


def show_rules(rules: Rules, metrics: CollectorRegistry) -> None:
    """Show how many rules there are, and whether the file can be used."""
    Gauge(COUNT, "Rules of streams in STREAM_RULES_FILE.", registry=metrics).set_function(lambda: rules.count)
    refused = Gauge(
        REFUSED, "1 while STREAM_RULES_FILE cannot be used, and what it said before holds.", registry=metrics
    )
    refused.set_function(lambda: float(rules.is_refused))
