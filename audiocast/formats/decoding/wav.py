"""WAV: PCM in RIFF chunks, of a known length or none (Microsoft's Multimedia Programming Interface, 1991).

Programs that stream write 0, or the greatest number there is, where the length of the sound belongs. Chunks
that are no sound are skipped while they come. Another file may follow at the end of one.
"""

import struct
from collections.abc import Generator, Iterator

from audiocast.formats.decoding.units import (
    BYTES_A_FAULT,
    MAX_BYTES_BEFORE_AUDIO,
    MAX_CHANNELS,
    MAX_RATE,
    MIN_RATE,
    DecoderSetup,
    Fault,
    Frame,
    NotTheFormat,
    Unit,
)

_CHUNK = struct.Struct("<4sI")
_FORMAT = struct.Struct("<HHIIHH")
_STATE = struct.Struct("<Q")
_RIFF_NAMES = (b"RIFF", b"RF64")
MAX_FORMAT_BYTES = 256

# From here on a length is none: programs that do not know it write the greatest number of theirs.
ENDLESS_BYTES = 0x7FFF_F000

# Blocks of 20 ms are decoded at once.
BLOCKS_A_SECOND = 50

_EXTENSIBLE = 0xFFFE
# Of a WAVE_FORMAT_EXTENSIBLE, behind the tag in its first two bytes.
_GUID_REST = bytes.fromhex("000000001000800000aa00389b71")

# By tag and bits of a sample.
_CODECS = {
    (1, 8): "pcm_u8",
    (1, 16): "pcm_s16le",
    (1, 24): "pcm_s24le",
    (1, 32): "pcm_s32le",
    (3, 32): "pcm_f32le",
    (3, 64): "pcm_f64le",
    (6, 8): "pcm_alaw",
    (7, 8): "pcm_mulaw",
}


class WavFramer:
    """Takes WAV apart.

    Args:
        state: What `resume_state` of another framer returned; empty: the stream begins.
        position: How many bytes of the stream came before those that are pushed.
    """

    def __init__(self, state: bytes = b"", position: int = 0) -> None:
        self.header_bytes = 0
        self._buffer = bytearray()
        self._to_skip = 0
        self._position = position
        self._sound_at = 0
        self._setup: DecoderSetup | None = None
        self._block_bytes = 1
        self._sample_bytes = 1
        self._fields = b""
        self._has_sound = False
        self._left_bytes: int | None = None
        self._is_sound = False
        self._is_padded = False
        self._lost_bytes = 0
        self._is_resumed = False
        if state:
            # Another framer was somewhere in the sound: the next whole sample begins a little later.
            (self._sound_at,) = _STATE.unpack_from(state)
            self._set_up(state[_STATE.size :])
            self._is_sound = self._has_sound = self._is_resumed = True
            self._to_skip = (self._sound_at - position) % self._sample_bytes

    def push(self, data: bytes) -> Iterator[Unit]:
        """See `Framer.push`."""
        self._position += len(data)
        self._buffer += data
        if self._is_resumed and self._setup is not None:
            self._is_resumed = False
            yield self._setup
        yield from self._scan(is_end=False)

    def finish(self) -> Iterator[Unit]:
        """See `Framer.finish`."""
        yield from self._scan(is_end=True)

    def resume_state(self) -> bytes:
        """See `Framer.resume_state`."""
        return _STATE.pack(self._sound_at) + self._fields if self._has_sound else b""

    def _scan(self, *, is_end: bool) -> Generator[Unit]:
        while True:
            if self._to_skip:
                skipped = min(self._to_skip, len(self._buffer))
                del self._buffer[:skipped]
                self._to_skip -= skipped
                self.header_bytes += skipped
                if self._to_skip:
                    return
            if self._is_sound:
                yield from self._give_sound(is_end=is_end)
                if self._is_sound:
                    return
            elif not (yield from self._give_chunk()):
                return

    def _give_sound(self, *, is_end: bool) -> Iterator[Unit]:
        """Give the sound in whole blocks."""
        buffer, at = self._buffer, 0
        while True:
            size = self._block_bytes
            if self._left_bytes is not None:
                size = min(size, self._left_bytes)
            if len(buffer) - at < size:
                break
            if size:
                yield from self._give_block(bytes(buffer[at : at + size]))
                at += size
            if self._left_bytes is not None:
                self._left_bytes -= size
                if not self._left_bytes:
                    self._is_sound = False
                    self._to_skip = int(self._is_padded)
                    break
        if is_end and self._is_sound and at < len(buffer):
            yield from self._give_block(bytes(buffer[at:]))
            at = len(buffer)
        del buffer[:at]

    def _give_block(self, block: bytes) -> Iterator[Unit]:
        """Give what is whole of a block's samples."""
        whole = len(block) - len(block) % self._sample_bytes
        if whole:
            yield Frame(block[:whole])

    def _give_chunk(self) -> Generator[Unit, None, bool]:
        """Do the next chunk's header; return False when more bytes are needed."""
        buffer = self._buffer
        if len(buffer) < _CHUNK.size:
            return False
        name, size = _CHUNK.unpack_from(buffer)
        if name in _RIFF_NAMES:
            if len(buffer) < 12:
                return False
            if buffer[8:12] == b"WAVE":
                del buffer[:12]
                return True
        elif name == b"fmt " and size <= MAX_FORMAT_BYTES:
            if len(buffer) < _CHUNK.size + size:
                return False
            self._set_up(bytes(buffer[_CHUNK.size : _CHUNK.size + size]))
            self._to_skip = _CHUNK.size + size + size % 2
            return True
        elif name == b"data" and self._setup is not None:
            yield from self._start_sound(size)
            return True
        elif all(0x20 <= byte < 0x7F for byte in name):
            self._to_skip = _CHUNK.size + size + size % 2
            return True
        yield from self._lose()
        return True

    def _start_sound(self, size: int) -> Iterator[Unit]:
        assert self._setup is not None
        del self._buffer[: _CHUNK.size]
        is_endless = not size or size >= ENDLESS_BYTES
        self._left_bytes = None if is_endless else size
        self._is_sound, self._is_padded, self._lost_bytes = True, size % 2 == 1, 0
        self._has_sound, self._sound_at = True, self._position - len(self._buffer)
        yield self._setup

    def _set_up(self, fields: bytes) -> None:
        """Read the format.

        Raises:
            NotTheFormat: It is none that is decoded.
        """
        if len(fields) < _FORMAT.size:
            raise NotTheFormat(f"expected a WAV format of 16 bytes, got {len(fields)}")
        tag, channels, rate, _, block, bits = _FORMAT.unpack_from(fields)
        if tag == _EXTENSIBLE and len(fields) >= 40 and fields[26:40] == _GUID_REST:
            tag = int.from_bytes(fields[24:26], "little")
        codec = _CODECS.get((tag, bits))
        if codec is None:
            raise NotTheFormat(f"expected WAV with PCM, got format {tag:#x} with {bits} bits")
        if not 1 <= channels <= MAX_CHANNELS or not MIN_RATE <= rate <= MAX_RATE:
            raise NotTheFormat(f"expected WAV of 1 to 8 channels, 7 to 192 kHz, got {channels} at {rate} Hz")
        if block != channels * bits // 8:
            raise NotTheFormat(f"expected {channels * bits // 8} bytes a sample in WAV, got {block}")
        self._setup = DecoderSetup(codec, rate, channels)
        self._sample_bytes = block
        self._block_bytes = block * max(1, rate // BLOCKS_A_SECOND)
        self._fields = fields

    def _lose(self) -> Iterator[Unit]:
        """Drop what is no chunk, up to what may be the beginning of a file."""
        before = self._lost_bytes
        found = self._buffer.find(b"RIFF", 1)
        lost = found if found > 0 else max(1, len(self._buffer) - 7)
        del self._buffer[:lost]
        self._lost_bytes += lost
        if not self._has_sound:
            if self._lost_bytes > MAX_BYTES_BEFORE_AUDIO:
                raise NotTheFormat("expected chunks of WAV, got something else")
        elif not before or before // BYTES_A_FAULT != self._lost_bytes // BYTES_A_FAULT:
            yield Fault("expected a chunk of WAV, got something else")
