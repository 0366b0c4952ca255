"""Messages in, jobs, messages out: all that a format worker does, in one thread."""

import socket
import time
from collections.abc import Iterable

from audiocast.formats.protocol import (
    MAX_TEXT_BYTES,
    Item,
    MessageKind,
    MessageReader,
    WorkerMessage,
    encode_items,
    encode_json_object,
    encode_load,
    encode_message,
    parse_items,
    parse_open,
)
from audiocast.formats.worker.jobs import Job, JobError, Output, open_job

READ_BYTES = 65_536

# So much of what a job makes is sent as one message.
FRAMES_BYTES = 65_536

LOAD_SECONDS = 1.0

# More are an error of the server's.
MAX_JOBS = 200


class WorkerLoop:
    """Does what comes on a connection.

    Args:
        connection: To the server; blocking.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._reader = MessageReader()
        self._jobs: dict[int, Job] = {}
        self._busy_seconds = 0.0
        self._measured_at = time.monotonic()

    def run(self) -> None:
        """Return when the other end is closed.

        Raises:
            BadWorkerMessage: The server has sent what is no message.
        """
        try:
            while data := self._connection.recv(READ_BYTES):
                for message in self._reader.read(data):
                    began_at = time.monotonic()
                    self._do(message)
                    self._busy_seconds += time.monotonic() - began_at
                    self._tell_load()
        except (ConnectionError, BrokenPipeError):
            return

    def _do(self, message: WorkerMessage) -> None:
        job_id = message.job
        try:
            if message.kind is MessageKind.OPEN:
                if len(self._jobs) >= MAX_JOBS:
                    raise JobError(f"expected at most {MAX_JOBS} jobs")
                self._jobs[job_id] = open_job(*parse_open(message.body))
            elif message.kind is MessageKind.DATA and job_id in self._jobs:
                self._send_outputs(job_id, self._jobs[job_id].feed(parse_items(message.body)))
            elif message.kind is MessageKind.CLOSE and job_id in self._jobs:
                self._send_outputs(job_id, self._jobs.pop(job_id).finish())
                self._send(MessageKind.CLOSE, job_id)
        except MemoryError:
            # Whatever is next would fail too: the server starts another worker.
            raise
        except Exception as error:
            self._jobs.pop(job_id, None)
            text = str(error) if isinstance(error, JobError) else f"{type(error).__name__}: {error}"
            self._send(MessageKind.ERROR, job_id, text.encode()[:MAX_TEXT_BYTES])
        if message.kind in (MessageKind.OPEN, MessageKind.DATA):
            self._send(MessageKind.DONE, job_id)

    def _send_outputs(self, job_id: int, outputs: Iterable[Output]) -> None:
        """Send frames and notes in their order, and frames that follow each other together."""
        frames: list[Item] = []
        size = 0
        for output in outputs:
            if isinstance(output, Item):
                frames.append(output)
                size += len(output.data)
                if size < FRAMES_BYTES:
                    continue
            if frames:
                self._send(MessageKind.FRAMES, job_id, encode_items(frames))
                frames, size = [], 0
            if not isinstance(output, Item):
                self._send(MessageKind.NOTE, job_id, encode_json_object(output))
        if frames:
            self._send(MessageKind.FRAMES, job_id, encode_items(frames))

    def _send(self, kind: MessageKind, job_id: int = 0, body: bytes = b"") -> None:
        self._connection.sendall(encode_message(kind, job_id, body))

    def _tell_load(self) -> None:
        now = time.monotonic()
        passed = now - self._measured_at
        if passed >= LOAD_SECONDS:
            self._send(MessageKind.LOAD, 0, encode_load(self._busy_seconds / passed))
            self._busy_seconds, self._measured_at = 0.0, now
