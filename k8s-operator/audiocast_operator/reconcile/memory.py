"""What the operator remembers of an AudioCast from one reconcile to the next.

It only saves work: without it everything is found out again from the cluster.
"""

from dataclasses import dataclass, field

from audiocast_operator.reconcile.egress import EgressMeter


@dataclass(slots=True)
class CastMemory:
    """Of one AudioCast.

    Attributes:
        egress: What its pods send.
        tidied: Generation of the spec for which children were looked for that are no longer wanted.
        secrets_written: Hash of what each Stream's Secret was last made of, and when (monotonic seconds),
            by uid.
        told_suspended: Pods (uid and address) that were told of each suspended stream, by stream id.
    """

    egress: EgressMeter = field(default_factory=EgressMeter)
    tidied: int = 0
    secrets_written: dict[str, tuple[str, float]] = field(default_factory=dict)
    told_suspended: dict[str, set[str]] = field(default_factory=dict)

    def forget_streams(self, present: set[str]) -> None:
        """Forget all Streams but these.

        Args:
            present: Their uids.
        """
        for uid in self.secrets_written.keys() - present:
            del self.secrets_written[uid]
