"""What pods report of streams, put together, and what follows for the keys of a stream. Pure."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from audiocast_operator.models.stream import EndStatus, StreamSpec, StreamStatus
from audiocast_operator.protocol.member_status import EndReport, StreamReport, StreamRules

ON_THE_AIR = frozenset({"live", "held"})


class StreamFacts(NamedTuple):
    """What has happened to a stream, and holds for its keys whichever pods there are.

    Attributes:
        used_generation: Keys of a lower generation are refused.
        end: By its broadcaster; None: encoders may send.
    """

    used_generation: int = 0
    end: EndStatus | None = None

    def as_rules(self, stream: StreamSpec) -> StreamRules:
        """Return what pods are told. The first key was always good: nothing has to be said of it."""
        least = self.used_generation if self.used_generation > 1 else 0
        return StreamRules(least, stream.suspended, self.end is not None, stream.links_revoked_at_ms)


def facts_before(status: StreamStatus, remembered: StreamFacts | None) -> StreamFacts:
    """Return what was known before this reconcile.

    Args:
        status: The Stream's, as it was written last.
        remembered: What was found out since then; None: nothing.
    """
    if remembered is None:
        return StreamFacts(status.used_generation, status.ended)
    return StreamFacts(max(status.used_generation, remembered.used_generation), remembered.end)


def find_facts(
    before: StreamFacts, stream: StreamSpec, report: StreamReport | None, newest: EndReport | None
) -> StreamFacts:
    """Return what is known now.

    An end by a key that was replaced is none. A key that comes after an end lets the stream begin anew, so
    it replaces the one that has ended it at once.

    Args:
        before: What was known before.
        stream: The Stream's spec.
        report: What is on the air; None: nothing.
        newest: What a broadcaster has done last, as far as the pods know; None: nothing.
    """
    used = max(before.used_generation, report.generation if report is not None else 0)
    end = before.end
    if newest is not None:
        # A status has whole seconds.
        at = datetime.fromtimestamp(int(newest.at), UTC)
        if newest.reopened and (end is None or at >= end.at):
            end = None
        elif not newest.reopened and newest.generation >= used and (end is None or at > end.at):
            end = EndStatus(at=at, key_generation=newest.generation)
    if end is not None and end.key_generation < stream.key_generation:
        used = max(used, stream.key_generation)
    return StreamFacts(used, end if end is not None and end.key_generation >= used else None)


def newest_ends(reports: Iterable[EndReport]) -> Mapping[str, EndReport]:
    """Return by id of a stream the newest of what pods report: one may have missed what the others know."""
    newest: dict[str, EndReport] = {}
    for report in sorted(reports, key=lambda each: each.at):
        newest[report.stream_id] = report
    return newest


def merge_reports(reports: Iterable[StreamReport]) -> dict[str, StreamReport]:
    """Return one report for each stream on the air: its owner's, with the listeners of all pods."""
    merged: dict[str, StreamReport] = {}
    # Those of pods first that have the stream: others may have listeners of it as HLS.
    for report in sorted(reports, key=lambda each: each.state not in ON_THE_AIR):
        if report.state not in ON_THE_AIR and report.stream_id not in merged:
            continue
        known = merged.get(report.stream_id)
        best = report if known is None or (report.is_owner and not known.is_owner) else known
        listeners = report.listeners + (known.listeners if known else 0)
        generation = max(report.generation, known.generation if known else 0)
        merged[report.stream_id] = best.model_copy(update={"listeners": listeners, "generation": generation})
    return merged
