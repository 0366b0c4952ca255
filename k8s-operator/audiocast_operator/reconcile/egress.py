"""The rate at which pods send to listeners, from the counters that they report."""

from collections.abc import Sequence

from audiocast_operator.decide.pod_state import PodState


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
