"""One source on its way in, whatever carries its bytes: from a key that was found good until it is gone.

It is what the ways in have in common. How bytes come, and how a refusal is told, is theirs.
"""

import asyncio
from collections.abc import Callable

import structlog

from audiocast.stream.errors import NoAudio, ShuttingDown, SourceError
from audiocast.stream.hub import Hub
from audiocast.stream.keys import Claims
from audiocast.stream.source import Source
from audiocast.stream.source_id import SourceId
from audiocast.web.http.errors import ApiError
from audiocast.web.http.services import Limits, Services

log = structlog.get_logger()


def admit_source(services: Services, stream_id: str, claims: Claims) -> Hub:
    """Give the stream that a source with this key may come to now.

    Raises:
        audiocast.stream.errors.StreamError: Not now, or never again.
    """
    if services.node.membership.draining:
        raise ShuttingDown("this server stops; connect again with the same key")
    hub = services.streams.open(stream_id, claims.title)
    hub.admit(claims.generation)
    return hub


def count_refusal(services: Services, stream_id: str, refusal: ApiError) -> None:
    """Count and log that a source was sent away."""
    services.streams.counters.refuse(refusal.code)
    log.info("source_refused", stream_id=stream_id, error=refusal.code, message=refusal.message[:200])


class Intake:
    """One source.

    Args:
        services: The parts of this node.
        limits: Bounds of the source's rate, and of the time to its first audio.
        hub: The source's stream, as `admit_source` returned it.
        claims: What the source's key allows.
        dismiss: Called when the source must stop for a reason that is not in its bytes: a newer source, the
            end of the stream, no audio in time. Never called from within `feed`.
    """

    def __init__(
        self,
        services: Services,
        limits: Limits,
        hub: Hub,
        claims: Claims,
        *,
        dismiss: Callable[[SourceError], None],
    ) -> None:
        self._services = services
        self._first_audio_seconds = limits.first_audio_seconds
        self._dismiss = dismiss
        self._source = Source(
            hub,
            source_id=SourceId.new(newer_than=hub.source_id),
            rate_limit=limits.source_rate(claims.max_kbps, services.now()),
            generation=claims.generation,
            dismiss=dismiss,
        )
        self._gone = services.node.connect(hub, self._source)
        self._first_audio = asyncio.get_running_loop().call_later(
            limits.first_audio_seconds, self._check_first_audio
        )

    def feed(self, data: bytes) -> None:
        """Take the next bytes of its Ogg stream.

        Raises:
            audiocast.stream.errors.StreamError: See `Source.feed`.
            audiocast.ogg.errors.OggError: Likewise.
        """
        self._source.feed(data, self._services.now())

    def finish(self) -> None:
        """Say that its Ogg stream has ended.

        Raises:
            audiocast.stream.errors.StreamError: See `Source.finish`.
            audiocast.ogg.errors.OggError: Likewise.
        """
        self._source.finish()

    def close(self) -> None:
        """Say that it is gone, whatever the reason. Nothing is called after it."""
        self._first_audio.cancel()
        self._gone()
        self._source.detach()

    def _check_first_audio(self) -> None:
        if not self._source.has_audio:
            self._dismiss(NoAudio(f"expected audio within {self._first_audio_seconds:g} s, got none"))
