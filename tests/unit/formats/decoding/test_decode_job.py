"""The worker's part: what it says beside the packets, and how much it makes of a few bytes."""

import subprocess
from typing import Any

import pytest

from audiocast.formats.decoding import notes
from audiocast.formats.decoding.flac_frames import FlacHeader
from audiocast.formats.decoding.job import MARGIN_SECONDS, DecodeJob
from audiocast.formats.protocol import Item
from audiocast.formats.worker.jobs import JobError
from tests.support.audio.foreign_sound import tone

LEAD_SECONDS = 5.0


def test_it_says_what_is_done_and_what_another_job_must_know() -> None:
    sound = tone("flac")
    job = DecodeJob("flac", 96, LEAD_SECONDS)
    outputs = [
        output for at in range(0, len(sound), 4096) for output in job.feed([Item(sound[at : at + 4096])])
    ]
    told = [output for output in outputs if isinstance(output, dict)]
    assert sum(notes.number_of(note, "done") for note in told) == len(sound)
    assert {"comments": ["TITLE=Song", "ARTIST=Band"]} in told
    states = [
        output for output in outputs if isinstance(output, Item) and output.samples == notes.STATE_SAMPLES
    ]
    assert len(states) == 1
    other = DecodeJob("flac", 96, LEAD_SECONDS)
    half = len(sound) // 2
    resumed = other.feed(
        [Item(notes.resume_data(half, states[0].data), notes.RESUME_SAMPLES), Item(sound[half:])]
    )
    assert sum(isinstance(output, Item) for output in resumed) > 50


def test_hours_in_a_few_bytes_end_the_job_soon() -> None:
    silence = subprocess.run(
        "ffmpeg -v error -f lavfi -i anullsrc=r=8000:cl=mono -t 600 -c:a flac -f flac pipe:1".split(),
        capture_output=True,
        check=True,
    ).stdout
    job = DecodeJob("flac", 96, LEAD_SECONDS)
    made: list[object] = []
    with pytest.raises(JobError, match="expected sound in real time"):
        made.extend(job.feed([Item(silence)]))
    assert len(made) <= (LEAD_SECONDS + MARGIN_SECONDS) * 50 + 100


def test_what_is_none_of_the_format_is_refused_by_a_note() -> None:
    job = DecodeJob("mp3", 96, LEAD_SECONDS)
    told: list[Item | dict[str, Any]] = []
    with pytest.raises(JobError):
        told.extend(job.feed([Item(bytes(400_000))]))
    assert [list(note) for note in told if isinstance(note, dict)] == [["refused"]]


@pytest.mark.parametrize(
    ("number", "follows"), [(8, True), (107, True), (7, False), (3, False), (108, False)]
)
def test_a_flac_frame_ends_at_one_that_comes_soon_after_it(number: int, follows: bool) -> None:
    first = FlacHeader(False, 7, 4096, 0, 2)
    assert first._replace(number=number).follows(first) is follows
    assert not first._replace(number=8, channels=1).follows(first)
