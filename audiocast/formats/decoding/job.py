"""The worker's part in one converted source: its bytes in, Opus packets and notes out (`notes`)."""

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from audiocast.formats.decoding.notes import (
    RESUME_SAMPLES,
    STATE_SAMPLES,
    comments_note,
    done_note,
    parse_resume,
)
from audiocast.formats.decoding.transcoder import PACKET_SAMPLES, OpusPacket, Output, Transcoder
from audiocast.formats.decoding.units import Comments, NotTheFormat
from audiocast.formats.protocol import Item
from audiocast.formats.worker.jobs import JobError
from audiocast.ogg.opus import SAMPLE_RATE

# The server refuses a source that is too far ahead of real time. This is for what one feed can hold: hours of
# silence fit a few kilobytes of FLAC.
MARGIN_SECONDS = 5.0

MAX_FAULT_CHARACTERS = 150


class DecodeJob:
    """Decodes and encodes one source.

    Args:
        source_format: See `Transcoder`.
        kbps: Likewise.
        lead_seconds: How far ahead of real time the sound may be; 0: there is no bound.
    """

    def __init__(self, source_format: str, kbps: int, lead_seconds: float) -> None:
        self._format = source_format
        self._kbps = kbps
        self._lead_seconds = lead_seconds
        self._began_at = time.monotonic()
        self._made_seconds = 0.0
        self._transcoder = Transcoder(source_format, kbps)
        self._state = b""
        self._header_bytes = 0
        self._has_said_head = False

    def feed(self, items: Sequence[Item]) -> Iterable[Item | dict[str, Any]]:
        """Do the next bytes; the first item may be what another job has known before."""
        for data, samples in items:
            if samples == RESUME_SAMPLES:
                position, self._state = parse_resume(data)
                self._transcoder = Transcoder(self._format, self._kbps, state=self._state, position=position)
            else:
                yield from self._feed(data)

    def finish(self) -> Iterable[Item | dict[str, Any]]:
        """Give the rest."""
        yield from self._made(self._transcoder.finish())

    def _feed(self, data: bytes) -> Iterator[Item | dict[str, Any]]:
        try:
            yield from self._made(self._transcoder.feed(data))
        except NotTheFormat as error:
            yield {"refused": str(error)}
            raise JobError(str(error)) from error
        state = self._transcoder.resume_state()
        if state != self._state:
            self._state = state
            yield Item(state, STATE_SAMPLES)
        before, self._header_bytes = self._header_bytes, self._transcoder.header_bytes
        yield done_note(len(data), self._header_bytes - before)

    def _made(self, outputs: Iterator[Output]) -> Iterator[Item | dict[str, Any]]:
        for output in outputs:
            if isinstance(output, OpusPacket):
                if not self._has_said_head:
                    self._has_said_head = True
                    yield {"opus_head": self._transcoder.opus_head.encode().hex()}
                self._charge()
                yield Item(output.data, PACKET_SAMPLES)
            elif isinstance(output, Comments):
                yield comments_note(output.comments)
            else:
                yield {"fault": output.message[:MAX_FAULT_CHARACTERS]}

    def _charge(self) -> None:
        self._made_seconds += PACKET_SAMPLES / SAMPLE_RATE
        ahead = self._made_seconds - (time.monotonic() - self._began_at)
        if self._lead_seconds and ahead > self._lead_seconds + MARGIN_SECONDS:
            raise JobError(f"expected sound in real time, got {ahead:.0f} s of it at once")
