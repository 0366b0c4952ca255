"""A source: the bytes of one connection become packets of one Opus stream, or an error that says what came.

It checks and counts; what the packets mean for listeners is the hub's. A hub hears of a source only when the
first audio page has come, so whatever else was sent (another format, headers alone) leaves the stream as it
was. Encoders that begin a new Ogg stream on every track (chained input, RFC 3533 section 4) are one source.

Once the source has shown its OpusHead, a damaged page or packet is dropped and counted, as decoders do it,
and the source goes on; one that sends too many of them is refused (`RateLimit.charge_fault`). Muxers of small
devices leave out the BOS flag, or set it on later pages too: an OpusHead begins an Ogg stream in any case.
See RFC 3533 sections 4 and 6 (begin-of-stream pages of a multiplex come first), RFC 7845 section 3.
"""

from collections import Counter
from collections.abc import Callable
from enum import Enum

from audiocast.ogg.errors import BadHead, BadPacket, BadTags, LostSync, OggError, PageError, UnknownSerial
from audiocast.ogg.headers import OpusHead, OpusTags, is_opus_head, is_opus_tags
from audiocast.ogg.opus import packet_samples
from audiocast.ogg.packets import PacketAssembler
from audiocast.ogg.page import Page
from audiocast.ogg.reader import PageReader
from audiocast.ogg.sniff import codec_name, name_format
from audiocast.ogg.tags_sieve import MAX_TAGS_BYTES, TagsSieve
from audiocast.stream.errors import Multiplexed, NoAudio, NotOpus, SourceError, StreamError
from audiocast.stream.muxer import TimedPacket
from audiocast.stream.rate_limit import RateLimit
from audiocast.stream.source_id import SourceId
from audiocast.stream.source_log import HeaderPages
from audiocast.stream.source_sink import SourceSink
from audiocast.stream.standby.rank import USUAL_RANK, SourceRank

# RFC 7845 section 6: larger packets may be refused. It also makes each packet fit one page.
MAX_AUDIO_PACKET_BYTES = 61_440

SNIFF_BYTES = 16

# How many packets of a page are looked into at once; packets of several streams count for as many. Most pages
# have fewer, but a page can hold 255 packets, each of 48 frames or of 255 streams.
PACKETS_A_STEP = 16


class _Expect(Enum):
    HEAD = "OpusHead"
    TAGS = "OpusTags"
    AUDIO = "audio"


class Source:
    """Brings audio into a hub.

    Args:
        sink: Hub of the stream that the source's key is for.
        source_id: The same on every node that the audio passes.
        rate_limit: Charged with all that is fed.
        generation: Generation of the source's key; see `Hub.admit`.
        dismiss: Called by the hub, once, when the source must stop for a reason of the hub's: a newer source,
            the end of the stream. Never called from within a method of this class.
        rank: Which of two sources is heard.
        is_relayed: Another member sends the pages. It has dropped those that were damaged, so what is no page
            is its own mistake, and ends the connection. Damaged packets stay on their pages.

    Attributes:
        faults: By the code of their error, the pages and packets that were dropped because they are damaged.
    """

    def __init__(
        self,
        sink: SourceSink,
        *,
        source_id: SourceId,
        rate_limit: RateLimit,
        generation: int,
        dismiss: Callable[[SourceError], None],
        is_relayed: bool = False,
        rank: SourceRank = USUAL_RANK,
    ) -> None:
        self.source_id = source_id
        self.dismiss, self.generation, self.rank = dismiss, generation, rank
        self.has_audio = False
        self._sink = sink
        self._rate_limit = rate_limit
        self._reader = PageReader()
        self._start, self._serial = b"", -1
        self._expect = _Expect.HEAD
        self._assembler = PacketAssembler()
        self._opus_head: OpusHead | None = None
        self._new_tags: OpusTags | None = None
        self._header_pages = HeaderPages()
        self._page: Page | None = None
        self._is_header_page = False
        self._packets: list[bytes] = []
        self._audio: list[TimedPacket] = []
        self._is_detached, self._is_relayed = False, is_relayed
        self.faults: Counter[str] = Counter()
        self._last_fault = ""
        self._error: OggError | StreamError | None = None

    def receive(self, data: bytes, now: float) -> None:
        """Add the next bytes of the body, for `process`.

        Args:
            data: Any number of bytes, cut anywhere.
            now: The clock's seconds.

        Raises:
            TooFast: They are more than may come.
        """
        if len(self._start) < SNIFF_BYTES:
            self._start += data[: SNIFF_BYTES - len(self._start)]
        self._sink.counters.ingest_bytes += len(data)
        self._rate_limit.charge_read(len(data), now)
        self._reader.feed(data)

    def process(self, now: float) -> bool:
        """Publish what is on the next page; of a page with many packets, do a part of it.

        Args:
            now: The clock's seconds.

        Returns:
            Whether there was something to do: not when more bytes are needed, and not after `detach`.

        Raises:
            StreamError: It is not what a source may send, or too much of it is damaged. The source cannot be
                used any more: further calls raise the same.
            audiocast.ogg.errors.OggError: It is damaged from the start, or an OpusHead is. Likewise.
        """
        if self._error is not None:
            raise self._error
        if self._is_detached:
            return False
        try:
            return self._process_part(now)
        except (OggError, StreamError) as error:
            self._error = error
            raise

    def step(self, now: float) -> bool:
        """Process as `process` does; return whether there may be more, as a `FeedScheduler` asks."""
        return self.process(now) and (self._page is not None or self._reader.buffered_bytes > 0)

    def charge_decoder_change(self) -> None:
        """Charge the source with a new bitstream for listeners.

        Raises:
            TooFast: It has caused too many.
        """
        self._rate_limit.charge_decoder_change()

    def finish(self) -> None:
        """End the body; all pages are processed.

        Raises:
            NoAudio: Before the first audio page.
            audiocast.ogg.errors.Truncated: In the middle of a page.
        """
        self._reader.close()
        if not self.has_audio:
            came = "headers without audio" if self._start else "an empty body"
            raise NoAudio(f"expected Ogg Opus with audio, got {came}{self.damage}")

    def detach(self) -> None:
        """Leave the hub, for whatever reason: it holds its listeners, and no further page is published."""
        self._is_detached = True
        self._sink.detach_source(self)

    def drop(self, error: OggError) -> None:
        """Count a page or packet that is damaged, and go on without it.

        Args:
            error: What is wrong with it.

        Raises:
            audiocast.ogg.errors.OggError: `error`, if nothing can go on without what is damaged.
            TooDamaged: Too much was.
        """
        if self._opus_head is None or isinstance(error, BadHead):
            raise error
        if self._is_relayed and isinstance(error, PageError):
            raise error
        self.faults[error.code] += 1
        self._last_fault = str(error)
        self._sink.note_fault(self, error.code)
        self._rate_limit.charge_fault(error)

    @property
    def damage(self) -> str:
        """What was dropped, for the end of a message; empty when nothing was."""
        return f", and damage: {self._last_fault}" if self.faults else ""

    def renew_id(self, *, newer_than: SourceId) -> None:
        """Take another id, because another source of the stream came earlier and has a greater one."""
        self.source_id = SourceId.new(newer_than=newer_than)

    def _process_part(self, now: float) -> bool:
        try:
            if self._page is None:
                page = self._next_page()
                if page is None:
                    return False
                if self._publish_usual(page, now):
                    return True
                self._start_page(page)
        except OggError as error:
            self.drop(error)
            return True
        self._measure_packets()
        if not self._packets:
            self._finish_page(now)
        return True

    def _publish_usual(self, page: Page, now: float) -> bool:
        """Publish a page with one packet of the present segment; return False for any other, untouched."""
        if page.flags or page.serial != self._serial or self._expect is not _Expect.AUDIO or self._new_tags:
            return False
        packet = self._assembler.only_packet(page)
        if not packet or self._opus_head is None:
            return False
        try:
            samples = packet_samples(packet, self._opus_head.stream_count)
        except BadPacket:
            return False
        self._sink.counters.ingest_pages += 1
        self._rate_limit.charge_page(samples)
        self._sink.publish(self, page, ((packet, samples),), now)
        return True

    def _next_page(self) -> Page | None:
        try:
            return self._reader.next_page()
        except LostSync as error:
            if self._expect is not _Expect.HEAD or self._start.startswith(b"OggS"):
                raise
            raise NotOpus(f"expected Ogg Opus, got {name_format(self._start)}") from error

    def _start_page(self, page: Page) -> None:
        """Take a page apart; its audio packets are measured next."""
        self._sink.counters.ingest_pages += 1
        if self._starts_segment(page):
            self._start_segment(page)
        elif page.serial != self._serial:
            self._change_serial(page)
        packets = self._assembler.push(page)
        self._is_header_page = self._expect is not _Expect.AUDIO
        self._page = page
        self._packets = self._take_headers(packets) if self._is_header_page else packets

    def _measure_packets(self) -> None:
        """Find out how long the next packets of the page last."""
        if not self._packets:
            return
        assert self._opus_head is not None
        streams = self._opus_head.stream_count
        count = max(1, PACKETS_A_STEP // streams)
        for packet in self._packets[:count]:
            # Liquidsoap ends every track with an empty packet: no audio, and no reason to lose the source.
            if not packet:
                continue
            try:
                self._audio.append((packet, packet_samples(packet, streams)))
            except BadPacket as error:
                # Headers that come once more, as in files that were glued together, are no audio either.
                self.drop(error)
        del self._packets[:count]

    def _finish_page(self, now: float) -> None:
        """Publish a page whose packets are measured."""
        page, self._page = self._page, None
        audio, self._audio = self._audio, []
        assert page is not None
        self._rate_limit.charge_page(sum(samples for _, samples in audio))
        if self._is_header_page or (self._new_tags is not None and not audio):
            # A listener that joins in this segment needs what came before its audio, this page too.
            opus_head = None if self._expect is _Expect.HEAD else self._opus_head
            self._header_pages.add(page, opus_head, self._new_tags)
            self._rate_limit.charge_headers(0 if audio else len(page.body))
            self._publish(None, audio, now)
        else:
            self._publish(page, audio, now)

    def _starts_segment(self, page: Page) -> bool:
        is_other = page.serial != self._serial
        return (page.is_bos and is_other) or ((page.is_bos or is_other) and is_opus_head(page.body))

    def _change_serial(self, page: Page) -> None:
        """Go on with the decoder of before: the page with the next segment's OpusHead was lost.

        Raises:
            NotOpus: There is no decoder.
        """
        if self._opus_head is None:
            raise NotOpus("expected Ogg Opus from its first page on, got a page from the middle of a stream")
        self.drop(
            UnknownSerial(f"expected a page of logical stream {self._serial}, got one of {page.serial}")
        )
        self._serial = page.serial

    def _start_segment(self, page: Page) -> None:
        """Prepare for the headers of a bitstream: the first one, or the next segment of a chain."""
        if self._serial >= 0:
            if self._expect is not _Expect.AUDIO and page.serial != self._serial:
                raise Multiplexed("expected one logical stream, got two that begin together")
            self._rate_limit.charge_chain_segment()
        self._serial = page.serial
        self._expect = _Expect.HEAD
        self._header_pages = HeaderPages()
        self._assembler = PacketAssembler(max_packet_bytes=MAX_TAGS_BYTES, make_buffer=TagsSieve)

    def _take_headers(self, packets: list[bytes]) -> list[bytes]:
        """Parse OpusHead and OpusTags; return the packets that follow them."""
        for number, packet in enumerate(packets):
            if self._expect is _Expect.HEAD:
                if not is_opus_head(packet):
                    raise NotOpus(f"expected Ogg Opus, got Ogg with {codec_name(packet)}")
                self._opus_head = OpusHead.parse(packet)
                self._expect = _Expect.TAGS
            elif self._expect is _Expect.TAGS:
                self._expect = _Expect.AUDIO
                self._assembler = PacketAssembler(max_packet_bytes=MAX_AUDIO_PACKET_BYTES)
                self._new_tags = OpusTags("")
                if not is_opus_tags(packet):
                    # They were lost, and this is audio.
                    self.drop(BadTags(f"expected 'OpusTags', got {packet[:8]!r}"))
                    return packets[number:]
                self._new_tags = OpusTags.parse(packet)
            else:
                return packets[number:]
        return []

    def _publish(self, page: Page | None, audio: list[TimedPacket], now: float) -> None:
        """Hand on a page and its audio; the sink learns of a chain segment with its first audio packet."""
        if audio and self._new_tags is not None:
            assert self._opus_head is not None
            self._sink.attach_source(self, self._opus_head, self._new_tags, self._header_pages.pages, now)
            self._new_tags = None
            self.has_audio = True
        if audio or page is not None:
            self._sink.publish(self, page, audio, now)
