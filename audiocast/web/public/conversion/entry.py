"""A source's way in: its first bytes are looked at, and what is no Ogg Opus goes through a converter.

What is converted has a rate limit of its own for its bytes, in front of the worker. The Opus that is made of
it is charged as that of any source, so the audio has the usual lead at most.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from audiocast.formats.conversions import LOSSLESS, LOSSLESS_FACTOR, Conversions
from audiocast.formats.source_formats import FormatSniffer, Recognized, SourceFormat
from audiocast.ogg.errors import OggError
from audiocast.stream.errors import ClientFull, StreamError
from audiocast.stream.rate_limit import RateLimit
from audiocast.web.http.clients import Lease
from audiocast.web.http.errors import ApiError
from audiocast.web.public.conversion.converter import SourceConverter

log = structlog.get_logger()


class SourceEntry:
    """What a source is fed through until it is known to be Ogg Opus; of other formats, for ever.

    Args:
        conversions: What the server converts.
        content_type: As the request has it.
        stream_id: For the log.
        rate_limit: Returns the bounds of bytes, so many times as wide as those of Ogg Opus.
        allowed_kbps: What the Opus may have; 0: no bound.
        acquire: Counts a converted source of the client.
        now: Returns the time of the streams' clock, seconds.
        feed_opus: Takes all that came, once, when it is to be read as Ogg Opus; then nothing is fed here.
        publish, drop, dismiss: See `SourceConverter`.
    """

    def __init__(
        self,
        conversions: Conversions,
        content_type: str,
        stream_id: str,
        *,
        rate_limit: Callable[[int], RateLimit],
        allowed_kbps: int,
        acquire: Callable[[], Lease],
        now: Callable[[], float],
        feed_opus: Callable[[bytes], Awaitable[None] | None],
        publish: Callable[[bytes], Awaitable[None] | None],
        drop: Callable[[OggError], None],
        dismiss: Callable[[StreamError | OggError], None],
    ) -> None:
        self._conversions = conversions
        self._stream_id = stream_id
        self._make_rate_limit = rate_limit
        self._rate_limit = rate_limit(LOSSLESS_FACTOR)
        self._allowed_kbps = allowed_kbps
        self._acquire = acquire
        self._now = now
        self._feed_opus = feed_opus
        self._publish = publish
        self._drop = drop
        self._dismiss = dismiss
        self._sniffer = FormatSniffer(content_type)
        self._converter: SourceConverter | None = None
        self._leases: list[Lease] = []

    def feed(self, data: bytes) -> Awaitable[None] | None:
        """Pass on the next bytes; see `Intake.feed`.

        Raises:
            audiocast.stream.errors.StreamError: They are too many, the format is not taken, or the client has
                as many converted sources as it may have.
            audiocast.ogg.errors.OggError: See `Intake.feed`.
        """
        if self._converter is not None:
            self._rate_limit.charge_read(len(data), self._now())
            return self._rest(self._converter.feed(data))
        found = self._sniffer.feed(data)
        if found is None:
            # Tags in front of the sound, or the first few bytes.
            self._rate_limit.charge_read(len(data), self._now())
            self._rate_limit.charge_headers(len(data))
            return self._rest(None)
        if found.format is None:
            return self._feed_opus(found.data)
        return self._start(found.format, found)

    def finish(self) -> Awaitable[None] | None:
        """End the source; return what to wait for.

        Raises:
            audiocast.stream.errors.StreamError: See `Intake.feed`.
            audiocast.ogg.errors.OggError: Likewise.
        """
        return self._converter.finish() if self._converter else self._feed_opus(self._sniffer.finish())

    def close(self) -> None:
        """Let the worker go. May be repeated."""
        if self._converter is not None:
            self._converter.close()
        for lease in self._leases:
            lease.release()

    def _start(self, source_format: SourceFormat, found: Recognized) -> Awaitable[None] | None:
        self._conversions.acquire(source_format)
        self._leases.append(Lease(self._conversions.release))
        try:
            self._leases.append(self._acquire())
        except ApiError as error:
            raise ClientFull(error.message) from error
        self._rate_limit = self._make_rate_limit(LOSSLESS_FACTOR if source_format in LOSSLESS else 1)
        self._rate_limit.charge_read(len(found.data), self._now())
        self._converter = SourceConverter(
            source_format,
            open_job=partial(self._conversions.open_job, source_format, self._allowed_kbps),
            publish=self._publish,
            drop=self._drop,
            charge_headers=self._rate_limit.charge_headers,
            dismiss=self._dismiss,
        )
        log.info("source_converted", stream_id=self._stream_id, format=source_format.value)
        return self._rest(self._converter.feed(found.data))

    def _rest(self, room: Awaitable[None] | None) -> Awaitable[None] | None:
        return self._wait(room) if room is not None or self._rate_limit.has_to_wait else None

    async def _wait(self, room: Awaitable[None] | None) -> None:
        if room is not None:
            await room
        seconds = self._rate_limit.take_wait_seconds()
        if seconds:
            await asyncio.sleep(seconds)
