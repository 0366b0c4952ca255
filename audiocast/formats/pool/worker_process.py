"""One format worker, as the server sees it: a process, a socket, and its jobs.

The process is started without a shell, with nothing of the server's environment, and with one descriptor: the
other end of the socket. What comes from it is checked as a stranger's would be.
"""

import asyncio
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from socket import AF_UNIX, SOCK_STREAM, socket, socketpair

import structlog

import audiocast
from audiocast.formats.pool.format_job import FormatJob
from audiocast.formats.protocol import (
    MAX_TEXT_BYTES,
    BadWorkerMessage,
    MessageKind,
    MessageReader,
    WorkerMessage,
    encode_message,
    parse_items,
    parse_json_object,
    parse_load,
)
from audiocast.stream.clock import Timer

log = structlog.get_logger()

READ_BYTES = 262_144

# Nothing more is fed to a worker that has so much to do.
MAX_WAITING_BYTES = 4_194_304
MAX_WAITING_SECONDS = 3.0

# One that works on one message for longer hangs. To start takes half a second, and longer on a busy machine.
HANG_SECONDS = 15.0

# What a worker has said of its load is old after so long: it says so once a second while it has work.
LOAD_KNOWN_SECONDS = 3.0

# Until it has said something of its load, each job counts for so much.
USUAL_JOB_SHARE = 0.03

REAP_SECONDS = 0.05


class WorkerProcess:
    """A format worker. Made inside the running loop, and started at once.

    Args:
        on_gone: Called once, when the process is gone or has sent what is no message: with the jobs that it
            had, the one that it was at first.
        on_idle: Called when the last of its jobs has ended.
        command: Starts a worker; the number of its descriptor is put behind.

    Raises:
        OSError: No process, or no descriptor, can be had.
    """

    def __init__(
        self,
        on_gone: Callable[["WorkerProcess", list[FormatJob]], None],
        on_idle: Callable[["WorkerProcess"], None],
        command: tuple[str, ...] = (),
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_gone = on_gone
        self._on_idle = on_idle
        self._socket, theirs = socketpair(AF_UNIX, SOCK_STREAM)
        try:
            self._process = _start(command or COMMAND, theirs)
        except OSError:
            self._socket.close()
            raise
        finally:
            theirs.close()
        self._socket.setblocking(False)
        self._reader = MessageReader()
        self._unsent = bytearray()
        self._is_writing = False
        self._loop.add_reader(self._socket, self._read)
        self._jobs: dict[int, FormatJob] = {}
        # What it has not answered yet: the job's number, and since when.
        self._waiting: deque[tuple[int, float]] = deque()
        self._load = 0.0
        self._load_at = float("-inf")
        self._jobs_at_load = 0
        self._answered_at = self._loop.time()
        self._timer: Timer = self._loop.call_later(HANG_SECONDS, self._look)
        self.is_started = False
        self.is_gone = False

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def is_reaped(self) -> bool:
        """Nothing is left of the process."""
        return self._process.returncode is not None

    @property
    def jobs(self) -> list[FormatJob]:
        """What it does."""
        return list(self._jobs.values())

    @property
    def queue_seconds(self) -> float:
        """For how long the oldest of what it was given waits."""
        return self._loop.time() - self._waiting[0][1] if self._waiting else 0.0

    @property
    def load(self) -> float:
        """How busy it is, 0 to 1 (or more, as jobs that were opened just now are guessed)."""
        is_known = self._loop.time() - self._load_at < LOAD_KNOWN_SECONDS
        load, counted = (self._load, self._jobs_at_load) if is_known else (0.0, 0)
        return load + USUAL_JOB_SHARE * max(0, len(self._jobs) - counted)

    @property
    def is_full(self) -> bool:
        """It has so much to do that nothing more is fed to it."""
        is_late = self.is_started and self.queue_seconds > MAX_WAITING_SECONDS
        return is_late or len(self._unsent) > MAX_WAITING_BYTES

    def open(self, job: FormatJob, body: bytes) -> None:
        """Begin a job, which has its number already."""
        self._jobs[job.number] = job
        self._ask(MessageKind.OPEN, job, body)

    def ask(self, job: FormatJob, body: bytes) -> None:
        """Send a DATA, which is answered."""
        self._ask(MessageKind.DATA, job, body)

    def drop(self, job: FormatJob) -> None:
        """End a job of which nobody wants to hear any more."""
        if self._jobs.pop(job.number, None) is not None:
            self.send(MessageKind.CLOSE, job.number)
            self._note_idle()

    def send(self, kind: MessageKind, number: int, body: bytes = b"") -> None:
        """Send one message, now or when the socket takes it."""
        if self.is_gone:
            return
        self._unsent += encode_message(kind, number, body)
        if not self._is_writing:
            self._write()

    def close(self) -> None:
        """End the process: nobody wants it any more, and its jobs are nobody's. May be repeated."""
        if self.is_gone:
            return
        self.is_gone = True
        self._timer.cancel()
        self._loop.remove_reader(self._socket)
        if self._is_writing:
            self._loop.remove_writer(self._socket)
        self._socket.close()
        self._process.kill()
        self._reap()

    def wait(self) -> None:
        """Wait until the process, which was closed, is gone: a kernel takes no time for it."""
        self._process.wait()

    def _reap(self) -> None:
        if self._process.poll() is None:
            self._loop.call_later(REAP_SECONDS, self._reap)

    def _read(self) -> None:
        try:
            data = self._socket.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._give_up("the process is gone")
            return
        try:
            for message in self._reader.read(data):
                if not self.is_gone:
                    self._take(message)
        except BadWorkerMessage as error:
            self._give_up(str(error))

    def _write(self) -> None:
        try:
            del self._unsent[: self._socket.send(self._unsent)]
        except BlockingIOError:
            pass
        except OSError:
            # The reader finds out, and is told of a death once.
            self._unsent.clear()
        if bool(self._unsent) != self._is_writing:
            self._is_writing = not self._is_writing
            if self._is_writing:
                self._loop.add_writer(self._socket, self._write)
            else:
                self._loop.remove_writer(self._socket)

    def _take(self, message: WorkerMessage) -> None:
        kind, number, body = message
        self.is_started = True
        job = self._jobs.get(number)
        if kind is MessageKind.FRAMES:
            frames = parse_items(body)
            if job is not None and frames:
                self._give(job, lambda: job.owner.take_frames(frames))
        elif kind is MessageKind.DONE:
            if not self._waiting or self._waiting.popleft()[0] != number:
                raise BadWorkerMessage("expected answers in the order of the questions")
            self._answered_at = self._loop.time()
        elif kind is MessageKind.NOTE:
            note = parse_json_object(body)
            if job is not None:
                self._give(job, lambda: job.owner.take_note(note))
        elif kind is MessageKind.LOAD:
            self._load, self._load_at = parse_load(body), self._loop.time()
            self._jobs_at_load = len(self._jobs)
        elif kind in (MessageKind.CLOSE, MessageKind.ERROR):
            if job is not None:
                text = body[:MAX_TEXT_BYTES].decode("utf-8", "replace") if kind is MessageKind.ERROR else ""
                if text:
                    log.warning("format_job_failed", job=job.job_type, reason=text)
                self._end(job, text)
        else:
            raise BadWorkerMessage(f"expected a worker's message, got {kind.name}")

    def _give(self, job: FormatJob, call: Callable[[], None]) -> None:
        """Give an owner what its job has made; if that fails, the job ends, and no other one does."""
        try:
            call()
        except Exception:
            log.exception(
                "format_job_failed", job=job.job_type, reason="what the worker has made was refused"
            )
            self.send(MessageKind.CLOSE, job.number)
            self._end(job, "what the worker has made was refused")

    def _end(self, job: FormatJob, error: str) -> None:
        del self._jobs[job.number]
        job.worker = None
        self._note_idle()
        job.owner.job_ended(error)

    def _ask(self, kind: MessageKind, job: FormatJob, body: bytes) -> None:
        self._waiting.append((job.number, self._loop.time()))
        self.send(kind, job.number, body)

    def _note_idle(self) -> None:
        if not self._jobs and not self.is_gone:
            self._on_idle(self)

    def _look(self) -> None:
        """Kill a process that hangs."""
        if self.queue_seconds > HANG_SECONDS and self._loop.time() - self._answered_at > HANG_SECONDS:
            self._give_up(f"the process has worked on one message for {HANG_SECONDS:.0f} s")
        else:
            self._timer = self._loop.call_later(HANG_SECONDS / 3, self._look)

    def _give_up(self, reason: str) -> None:
        log.warning("format_worker_died", pid=self.pid, reason=reason, jobs=len(self._jobs))
        culprit = self._waiting[0][0] if self._waiting else 0
        jobs = sorted(self._jobs.values(), key=lambda job: job.number != culprit)
        self._jobs.clear()
        self.close()
        for job in jobs:
            job.worker = None
        self._on_gone(self, jobs)


# With -P, what is in the working directory is no module.
COMMAND = (sys.executable, "-P", "-m", "audiocast.formats.worker")

# Where this package is. All that the process gets of an environment, and no secret of the server's.
ENVIRONMENT = {"PYTHONPATH": str(Path(audiocast.__file__).parent.parent), "LC_ALL": "C.UTF-8"}


def _start(command: tuple[str, ...], theirs: socket) -> subprocess.Popen[bytes]:
    descriptor = theirs.fileno()
    return subprocess.Popen(
        [*command, str(descriptor)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=ENVIRONMENT,
        pass_fds=(descriptor,),
        start_new_session=True,
    )
