"""The types of jobs that a format worker does.

A job is one thing that goes on, as the encoding of one stream. To add a type of job:

1. write a class like `Job`, in a module of its own in this package: it may import PyAV, and nothing of the
   server's but `audiocast.ogg` and `audiocast.formats.protocol`;
2. name it in `JOB_TYPES`: it is imported with the first job of its type, never by the server;
3. in the server call `FormatWorkers.open(type, parameters, owner)`, `FormatJob.feed` and `FormatJob.close`.

One thread does all jobs of a worker, one DATA after another, in the order in which they came.
"""

from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any, Protocol

from audiocast.formats.protocol import Item

# By the type's name: the module, and the class in it.
JOB_TYPES = {
    "decode": "audiocast.formats.decoding.job:DecodeJob",
    "encode": "audiocast.formats.worker.encode_job:EncodeJob",
}

# What the job makes: a frame, or something that it tells of itself, at most 8 KiB as JSON.
Output = Item | dict[str, Any]


class JobError(Exception):
    """The job cannot go on; the text is for the log and for whoever asked for the job, at most 500 bytes."""


class Job(Protocol):
    """One job. Made with the parameters that the server gave, by name.

    Whatever it raises ends it, and no other job. `JobError` has a text for people.
    """

    def __init__(self, **parameters: Any) -> None:
        """Take the parameters; a `TypeError` refuses wrong ones."""

    def feed(self, items: Sequence[Item]) -> Iterable[Output]:
        """Return what can be made of all that came so far: nothing, or some of it.

        A generator's frames are sent while it goes on, so that it holds none of them.
        """

    def finish(self) -> Iterable[Output]:
        """Return the rest: nothing more will come."""


def open_job(job_type: str, parameters: dict[str, Any]) -> Job:
    """Return a new job.

    Raises:
        JobError: There is no such type.
    """
    target = JOB_TYPES.get(job_type)
    if target is None:
        raise JobError(f"expected one of {', '.join(JOB_TYPES)}, got {job_type[:50]!r}")
    module, name = target.split(":")
    job: Job = getattr(import_module(module), name)(**parameters)
    return job
