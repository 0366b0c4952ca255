"""Keeps one stream on the air: encodes, sends, and connects again under the same stream and key.

It owns the connection of one stream and blocks the thread that runs it. It makes no sound of its own, creates
and ends no stream, and writes to no terminal.
"""

import random
import threading
from collections.abc import Callable, Iterable, Iterator

import requests

from audiocast.ogg.headers import OpusTags
from tk_streamer.encoder import OpusEncoder
from tk_streamer.errors import ClientError, ConnectionLost, Refused
from tk_streamer.pages import ogg_pages
from tk_streamer.streams import Ticket
from tk_streamer.upload import upload

# Well inside the time for which a server holds the listeners of a lost source.
FIRST_RETRY_SECONDS = 0.25
LAST_RETRY_SECONDS = 4.0
# A connection that took so many blocks (5 s of 20 ms) was a good one: the next retry is quick again.
GOOD_CONNECTION_BLOCKS = 250


class Broadcaster:
    """Sends one source to one stream.

    Args:
        session: From `open_session`; used by the running thread only.
        ticket: The stream.
        blocks: PCM for an encoder of `make_encoder`, already in real time. Read on from where it was after a
            reconnect, so that what was due in between is late or lost as its pace decides.
        make_encoder: Makes the encoder of each connection: every Ogg bitstream begins with a fresh one.
        tags: What the stream says about itself.
        stop: Ends `run` when set, from any thread.
        on_trouble: Called with an error and the seconds until the next try.
    """

    def __init__(
        self,
        session: requests.Session,
        ticket: Ticket,
        blocks: Iterable[bytes],
        *,
        make_encoder: Callable[[], OpusEncoder],
        tags: OpusTags,
        stop: threading.Event,
        on_trouble: Callable[[ClientError, float], None],
    ) -> None:
        self._session = session
        self._ticket = ticket
        self._blocks = iter(blocks)
        self._make_encoder = make_encoder
        self._tags = tags
        self._stop = stop
        self._on_trouble = on_trouble
        self._blocks_sent = 0
        self._is_at_end = False

    def run(self) -> None:
        """Send until the blocks end or `stop` is set. Blocks.

        Raises:
            Refused: The server does not want this source, for good: a wrong key, an ended stream, a newer
                source.
        """
        delays_seconds = _retry_delays_seconds()
        while not self._is_over():
            self._blocks_sent = 0
            try:
                self._connect_once()
                trouble: ClientError = ConnectionLost("the server ended the connection")
            except Refused as error:
                if error.is_permanent:
                    raise
                trouble = error
            except ClientError as error:
                trouble = error
            if self._is_over():
                return
            if self._blocks_sent >= GOOD_CONNECTION_BLOCKS:
                delays_seconds = _retry_delays_seconds()
            delay_seconds = next(delays_seconds)
            self._on_trouble(trouble, delay_seconds)
            if self._stop.wait(delay_seconds):
                return

    def _is_over(self) -> bool:
        return self._is_at_end or self._stop.is_set()

    def _connect_once(self) -> None:
        pages = ogg_pages(
            self._make_encoder(), self._counted_blocks(), tags=self._tags, serial=random.getrandbits(32)
        )
        upload(self._session, self._ticket.ingest_url, key=self._ticket.ingest_key, pages=pages)

    def _counted_blocks(self) -> Iterator[bytes]:
        for block in self._blocks:
            yield block
            self._blocks_sent += 1
        self._is_at_end = True


def _retry_delays_seconds() -> Iterator[float]:
    """Give growing delays without end; the random part keeps many broadcasters from coming back in step."""
    delay_seconds = FIRST_RETRY_SECONDS
    while True:
        yield delay_seconds * random.uniform(0.75, 1.25)
        delay_seconds = min(2 * delay_seconds, LAST_RETRY_SECONDS)
