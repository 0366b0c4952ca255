"""What stays in memory of an AudioCast from one reconcile to the next.

It only saves work: after a restart the operator finds everything out again from the cluster.
"""

from dataclasses import dataclass, field

from audiocast_operator.reconcile.egress import EgressMeter


@dataclass(slots=True)
class CastMemory:
    """Memory of one AudioCast.

    Attributes:
        egress: Meter of what the pods send.
        pruned_generation: Generation of the spec for which unwanted children were deleted last.
        secrets_written: By uid of a Stream: a hash of URL and key in its Secret, and when the Secret was last
            applied, in monotonic seconds.
        suspensions_sent: By id of a suspended stream: the process ids of the pods that have ended it.
    """

    egress: EgressMeter = field(default_factory=EgressMeter)
    pruned_generation: int = 0
    secrets_written: dict[str, tuple[str, float]] = field(default_factory=dict)
    suspensions_sent: dict[str, set[str]] = field(default_factory=dict)

    def forget_streams(self, present: set[str]) -> None:
        """Forget deleted Streams.

        Args:
            present: The uids of all Streams that exist.
        """
        for uid in self.secrets_written.keys() - present:
            del self.secrets_written[uid]
