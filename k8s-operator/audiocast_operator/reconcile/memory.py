"""What stays in memory of an AudioCast from one reconcile to the next.

It only saves work: after a restart the operator finds everything out again from the cluster.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from audiocast_operator.decide.pod_state import PodState
from audiocast_operator.decide.stream_facts import StreamFacts
from audiocast_operator.protocol.member_status import StreamRules
from audiocast_operator.protocol.webhook_targets import WebhookTarget


class EgressMeter:
    """Meter of one AudioCast. It remembers the last counter of each pod."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[float, int]] = {}

    def measure(self, pods: Sequence[PodState], now_seconds: float) -> float | None:
        """Return what all pods send, in bit/s; None until a pod has reported twice.

        Args:
            pods: All pods of the StatefulSet.
            now_seconds: The present time of a monotonic clock.
        """
        rates = []
        counts = {pod.uid: (now_seconds, pod.reported.egress_bytes) for pod in pods if pod.reported}
        for uid, (at, count) in counts.items():
            before, last = self._last.get(uid, (at, count))
            if at > before:
                # A counter that is lower than before comes from a new process.
                rates.append(max(0, count - last) * 8 / (at - before))
        self._last = counts
        return sum(rates) if rates else None


class KnownCode(NamedTuple):
    """An access code.

    Attributes:
        source: What it is for, or where it was read.
        code: The code.
        at: When it was made or read, in monotonic seconds.
    """

    source: str
    code: str
    at: float


class KnownLinks(NamedTuple):
    """What is known of a Secret with links.

    Attributes:
        terms: A hash of what they were made of.
        ends_at: When the last of them can be joined, in Unix seconds; 0: for ever.
        at: When it was last seen, or applied, in monotonic seconds.
    """

    terms: str
    ends_at: int
    at: float


class KnownWebhooks(NamedTuple):
    """The targets of a Stream's webhooks.

    Attributes:
        terms: What they were made of.
        targets: Those whose Secrets are there.
        missing: What the others lack; empty: nothing.
        at: When the Secrets were read, in monotonic seconds.
    """

    terms: str
    targets: tuple[WebhookTarget, ...]
    missing: str
    at: float


@dataclass(slots=True)
class CastMemory:
    """Memory of one AudioCast.

    Attributes:
        egress: Meter of what the pods send.
        pruned_generation: Generation of the spec for which unwanted children were deleted last.
        secrets_written: By uid of a Stream: a hash of URL and key in its Secret, and when the Secret was last
            applied, in monotonic seconds.
        access_codes: By uid of a Stream: its access code.
        links_known: By uid of a Stream: what is known of its Secret with links.
        webhooks: By uid of a Stream: the targets of its webhooks.
        webhooks_written: A hash of all targets in the Secret, and when it was last applied, in monotonic
            seconds.
        rules_told: By id of a stream: what each process of a pod was told of it last.
        rules_written: The data of the ConfigMap of rules, and when it was last applied, in monotonic seconds.
        facts: By id of a stream: what has happened to it. The status may be written later.
    """

    egress: EgressMeter = field(default_factory=EgressMeter)
    pruned_generation: int = 0
    secrets_written: dict[str, tuple[str, float]] = field(default_factory=dict)
    access_codes: dict[str, KnownCode] = field(default_factory=dict)
    links_known: dict[str, KnownLinks] = field(default_factory=dict)
    webhooks: dict[str, KnownWebhooks] = field(default_factory=dict)
    webhooks_written: tuple[str, float] = ("", 0.0)
    rules_told: dict[str, dict[str, StreamRules]] = field(default_factory=dict)
    rules_written: tuple[dict[str, str], float] = ({}, 0.0)
    facts: dict[str, StreamFacts] = field(default_factory=dict)

    def forget_streams(self, uids: set[str], ids: set[str]) -> None:
        """Forget deleted Streams.

        Args:
            uids: Those of all Streams that exist.
            ids: Their streams' ids.
        """
        for known in (self.secrets_written, self.access_codes, self.links_known, self.webhooks):
            for uid in known.keys() - uids:
                del known[uid]
        for stream_id in self.facts.keys() - ids:
            del self.facts[stream_id]
