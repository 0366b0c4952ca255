"""Vorbis and FLAC in Ogg (Vorbis I specification, appendix A; RFC 9639 section 10.1), chained too.

Pages and packets are read by `audiocast.ogg`. One logical bitstream at a time is followed; pages of others,
such as a picture beside the sound, are dropped.
"""

import struct
from collections.abc import Iterator

from audiocast.formats.decoding.comments import (
    FLAC_COMMENT,
    NO_COMMENTS,
    VORBIS_COMMENT_MAGIC,
    HeaderBuffer,
    comments_in,
)
from audiocast.formats.decoding.flac_frames import STREAMINFO_BYTES, setup_of
from audiocast.formats.decoding.units import (
    MAX_BYTES_BEFORE_AUDIO,
    MAX_CHANNELS,
    MAX_RATE,
    MIN_RATE,
    Comments,
    DecoderSetup,
    Fault,
    Frame,
    NotTheFormat,
    TrackLength,
    Unit,
)
from audiocast.ogg.errors import OggError
from audiocast.ogg.packets import PacketAssembler
from audiocast.ogg.page import FLAG_EOS, Page
from audiocast.ogg.reader import PageReader
from audiocast.ogg.tags_sieve import MAX_TAGS_BYTES

# Of a FLAC frame; Vorbis packets are smaller.
MAX_PACKET_BYTES = 1_000_000

VORBIS_MAGIC = b"\x01vorbis"
VORBIS_SETUP_MAGIC = b"\x05vorbis"
FLAC_MAGIC = b"\x7fFLAC"

# Behind the first packet's magic: the version, how many headers follow, "fLaC", the head of STREAMINFO.
_FLAC_STREAMINFO_AT = 17

_STATE = struct.Struct("<II")


class OggFramer:
    """Takes Ogg apart.

    Args:
        state: What `resume_state` of another framer returned; empty: the stream begins.
    """

    def __init__(self, state: bytes = b"") -> None:
        self.header_bytes = 0
        self._reader = PageReader()
        self._serial = -1
        self._assembler = PacketAssembler(max_packet_bytes=MAX_PACKET_BYTES)
        self._headers: list[bytes] = []
        self._is_flac = False
        self._in_headers = False
        self._has_setup = False
        self._bytes = 0
        self._first_granule: int | None = None
        self._starts_at_zero = False
        self._streaminfo = b""
        self._state = b""
        self._resumed: DecoderSetup | None = None
        if state:
            self._resume(state)

    def push(self, data: bytes) -> Iterator[Unit]:
        """See `Framer.push`."""
        resumed, self._resumed = self._resumed, None
        if resumed is not None:
            yield resumed
        self._bytes += len(data)
        self._reader.feed(data)
        while True:
            try:
                page = self._reader.next_page()
                if page is None:
                    break
                yield from self._take_page(page)
            except OggError as error:
                yield Fault(str(error))
        most_bytes = MAX_BYTES_BEFORE_AUDIO if self._serial < 0 else MAX_TAGS_BYTES
        if not self._has_setup and self._bytes > most_bytes:
            raise NotTheFormat("expected headers of Vorbis or FLAC in Ogg, got something else for too long")

    def finish(self) -> Iterator[Unit]:
        """See `Framer.finish`."""
        yield from ()

    def resume_state(self) -> bytes:
        """See `Framer.resume_state`."""
        return self._state

    def _take_page(self, page: Page) -> Iterator[Unit]:
        if page.is_bos:
            self._start_track(page)
        if page.serial != self._serial:
            return
        is_header_page = self._in_headers
        if is_header_page:
            self.header_bytes += len(page.body)
        packets = self._assembler.push(page)
        if not is_header_page:
            yield from self._track_length(page)
        for packet in packets:
            if self._in_headers:
                yield from self._take_header(packet)
            elif packet:
                yield Frame(packet)
        if page.flags & FLAG_EOS:
            self._serial = -1

    def _start_track(self, page: Page) -> None:
        """Follow a new logical bitstream, if it is one of ours."""
        is_vorbis, is_flac = page.body.startswith(VORBIS_MAGIC), page.body.startswith(FLAC_MAGIC)
        if not is_vorbis and not is_flac:
            return
        self._serial, self._is_flac, self._in_headers = page.serial, is_flac, True
        self._headers, self._first_granule = [], None
        self._assembler = PacketAssembler(max_packet_bytes=MAX_TAGS_BYTES, make_buffer=HeaderBuffer)

    def _track_length(self, page: Page) -> Iterator[Unit]:
        """Say how long the track is when its last page comes; Vorbis fills its last packet up."""
        if page.granule_position < 0:
            return
        if self._first_granule is None:
            self._first_granule = page.granule_position
            is_from_start = page.granule_position <= MAX_RATE * 2
            self._starts_at_zero = is_from_start and page.sequence < 8
        if page.flags & FLAG_EOS and self._starts_at_zero and not self._is_flac:
            yield TrackLength(page.granule_position)

    def _take_header(self, packet: bytes) -> Iterator[Unit]:
        """Take a header packet; the last one makes the decoder.

        Raises:
            NotTheFormat: It is none that is decoded.
        """
        self._headers.append(packet)
        if self._is_flac:
            yield from self._take_flac_header(packet)
            return
        if packet.startswith(VORBIS_COMMENT_MAGIC):
            yield Comments(comments_in(packet, len(VORBIS_COMMENT_MAGIC)))
        if len(self._headers) < 3:
            return
        identification, _, codebooks = self._headers
        if not codebooks.startswith(VORBIS_SETUP_MAGIC):
            raise NotTheFormat(f"expected Vorbis codebooks, got {codebooks[:8]!r}")
        yield self._set_up(_vorbis_setup(identification, codebooks))
        self._state = _STATE.pack(self._serial, len(identification)) + identification + codebooks

    def _take_flac_header(self, packet: bytes) -> Iterator[Unit]:
        if len(self._headers) == 1:
            streaminfo = packet[_FLAC_STREAMINFO_AT : _FLAC_STREAMINFO_AT + STREAMINFO_BYTES]
            if len(streaminfo) < STREAMINFO_BYTES:
                raise NotTheFormat(
                    f"expected STREAMINFO in the first packet of FLAC, got {len(packet)} bytes"
                )
            self._streaminfo = streaminfo
            return
        is_audio = packet[:1] == b"\xff"
        if not is_audio and packet and packet[0] & 0x7F == FLAC_COMMENT:
            yield Comments(comments_in(packet, 4))
        is_last = bool(packet and packet[0] & 0x80)
        if is_audio or is_last:
            yield self._set_up(setup_of(self._streaminfo))
            self._state = _STATE.pack(self._serial, 0) + self._streaminfo
        if is_audio:
            yield Frame(packet)

    def _set_up(self, setup: DecoderSetup) -> DecoderSetup:
        self._in_headers, self._has_setup, self._headers = False, True, []
        self._assembler = PacketAssembler(max_packet_bytes=MAX_PACKET_BYTES)
        return setup

    def _resume(self, state: bytes) -> None:
        self._serial, identification_bytes = _STATE.unpack_from(state)
        rest = state[_STATE.size :]
        self._is_flac, self._has_setup, self._state = not identification_bytes, True, state
        if self._is_flac:
            self._streaminfo = rest
            self._resumed = setup_of(rest)
        else:
            self._resumed = _vorbis_setup(rest[:identification_bytes], rest[identification_bytes:])


def _vorbis_setup(identification: bytes, codebooks: bytes) -> DecoderSetup:
    """Return the decoder that the headers ask for (Vorbis I specification, section 4.2.2).

    Raises:
        NotTheFormat: It is none that is decoded.
    """
    if len(identification) < 30:
        raise NotTheFormat(f"expected 30 bytes in the first packet of Vorbis, got {len(identification)}")
    channels, rate = struct.unpack_from("<BI", identification, 11)
    if not 1 <= channels <= MAX_CHANNELS or not MIN_RATE <= rate <= MAX_RATE:
        raise NotTheFormat(f"expected Vorbis of 1 to 8 channels, 7 to 192 kHz, got {channels} at {rate} Hz")
    # As Matroska has it too: how many packets but one, the lengths of all but the last, the packets.
    extradata = (
        b"\x02"
        + _laced(len(identification))
        + _laced(len(NO_COMMENTS))
        + identification
        + NO_COMMENTS
        + codebooks
    )
    return DecoderSetup("vorbis", rate, channels, extradata)


def _laced(size: int) -> bytes:
    return b"\xff" * (size // 255) + bytes((size % 255,))
