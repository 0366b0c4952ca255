"""What was measured, by trial: samples, their medians, and their range. It measures nothing itself."""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields
from pathlib import Path
from statistics import median

from loadtest.bench.trial import Sample, Trial

LOSSES = ("gaps", "disconnects")


class Results:
    """The samples of one run."""

    def __init__(self) -> None:
        self._samples: dict[Trial, list[Sample]] = {}
        self.failures: dict[Trial, str] = {}

    def add(self, trial: Trial, sample: Sample) -> None:
        """Take one more sample of a trial."""
        self._samples.setdefault(trial, []).append(sample)

    def fail(self, trial: Trial, message: str) -> None:
        """Note that a trial came to no end, and why."""
        self.failures[trial] = message

    def summaries(self) -> Iterator[tuple[Trial, Sample]]:
        """Give each trial with the medians of its samples (of losses: the most), as they were measured."""
        for trial, samples in self._samples.items():
            yield trial, _summary(samples)

    def find(self, trial: Trial) -> Sample | None:
        """Give the summary of the trial of this kind; None when there is none, or it has failed once."""
        samples = self._samples_of(trial)
        return _summary(samples) if samples else None

    def failure(self, trial: Trial) -> str | None:
        """Give why a trial of this kind has come to no end; None when none has failed."""
        return next((said for other, said in self.failures.items() if other.kind == trial.kind), None)

    def cost_ratio(self, trial: Trial, other: Trial) -> float | None:
        """Give how many times the cost of `other` the cost of `trial` is; None when one is not there.

        The median of the ratios within each turn: a shared machine is slower in one minute than in another by
        more than what is compared, and the samples of one turn are neighbours.
        """
        own, others = self._samples_of(trial), self._samples_of(other)
        ratios = [
            mine.cpu_us / theirs.cpu_us if theirs.cpu_us else math.inf
            for mine, theirs in zip(own, others, strict=False)
        ]
        return median(ratios) if ratios else None

    def has_kind_of(self, trial: Trial) -> bool:
        """Say whether there is a sample of such a trial, whatever its window."""
        return any(other.kind == trial.kind for other in self._samples)

    def count(self, condition: Callable[[Sample], bool]) -> tuple[int, int]:
        """Give how many samples meet a condition, and how many there are."""
        samples = [sample for each in self._samples.values() for sample in each]
        return sum(map(condition, samples)), len(samples)

    def cpu_range_us(self, trial: Trial) -> tuple[float, float]:
        """Give the least and the most `Sample.cpu_us`."""
        costs = [sample.cpu_us for sample in self._samples[trial]]
        return min(costs), max(costs)

    def save(self, path: Path) -> None:
        """Write all samples as JSON."""
        everything = [
            {
                "trial": asdict(trial),
                "samples": [asdict(sample) for sample in self._samples.get(trial, [])],
                "failure": self.failures.get(trial),
            }
            for trial in {**self._samples, **self.failures}
        ]
        path.write_text(json.dumps(everything, indent=1) + "\n")

    def _samples_of(self, trial: Trial) -> list[Sample]:
        """Give the samples of the trial of this kind; none when there is none, or it has failed once."""
        for other, samples in self._samples.items():
            if other.kind == trial.kind and other not in self.failures:
                return samples
        return []


def _summary(samples: list[Sample]) -> Sample:
    """Give the medians; but the most of what must not happen, since one gap is a gap."""
    names = [field.name for field in fields(Sample)]
    return Sample(
        **{
            name: (max if name in LOSSES else median)([getattr(sample, name) for sample in samples])
            for name in names
        }
    )
