"""When a load test has failed: bounds on what Locust has counted."""

from collections.abc import Iterator
from dataclasses import dataclass

from locust.stats import RequestStats

FIRST_AUDIO = "first audio"
SECOND = "second of audio"
# Names of what listeners report: what was measured, and the kind that Locust calls a method.
LISTENER = "listener"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The bounds.

    Attributes:
        delay_p99_ms: Of the seconds of audio: 99 of 100 have no page that came later.
        first_audio_p99_ms: Of joins.
        failed_share: Of all that was counted, 0 to 1.
    """

    delay_p99_ms: float
    first_audio_p99_ms: float
    failed_share: float

    def broken(self, stats: RequestStats) -> Iterator[str]:
        """Give a sentence for each bound that does not hold; a test in which nobody hears has failed."""
        seconds = stats.get(SECOND, LISTENER)
        if not seconds.num_requests:
            yield "expected listeners that hear a second of audio, got none"
        if stats.total.fail_ratio > self.failed_share:
            yield (
                f"expected failures of at most {self.failed_share:.2%}, got {stats.total.fail_ratio:.2%} "
                f"({stats.total.num_failures} of {stats.total.num_requests})"
            )
        for name, most_ms in ((SECOND, self.delay_p99_ms), (FIRST_AUDIO, self.first_audio_p99_ms)):
            p99_ms = stats.get(name, LISTENER).get_response_time_percentile(0.99)
            if p99_ms > most_ms:
                yield f"expected {name} within {most_ms:g} ms in 99 of 100, got {p99_ms:g} ms"
