"""What the pods send, as a rate: they tell a counter since their start, and this remembers the last one."""

from collections.abc import Sequence

from audiocast_operator.decide.pod_state import PodState


class EgressMeter:
    """Of one AudioCast."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[float, int]] = {}

    def measure(self, pods: Sequence[PodState], now_seconds: float) -> float | None:
        """Give what all pods send, bit/s; None until there are two counts of any.

        Args:
            pods: With what they tell.
            now_seconds: Of a clock that only goes forward.
        """
        rates = []
        counts = {pod.uid: (now_seconds, pod.told.egress_bytes) for pod in pods if pod.told}
        for uid, (at, count) in counts.items():
            before, last = self._last.get(uid, (at, count))
            if at > before:
                # A counter that went back is that of a process that has started anew.
                rates.append(max(0, count - last) * 8 / (at - before))
        self._last = counts
        return sum(rates) if rates else None
