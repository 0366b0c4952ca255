"""One source of another format to Opus packets of 20 ms: framer, decoder, resampler, encoder.

    bytes --Framer--> frames --libavcodec--> samples --libswresample--> 48 kHz stereo --libopus--> packets

libavformat takes no part: its probing and its demuxers are what strangers' bytes attack. Decoders are made by
name. The sound is stereo whatever the source has, so that a change within it never makes listeners' players
begin anew; surround is mixed down by libswresample's matrix for stereo.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import av
from av.audio.resampler import AudioResampler

from audiocast.formats.decoding.flac_frames import FlacFramer
from audiocast.formats.decoding.mpeg_frames import SyncFramer
from audiocast.formats.decoding.ogg_frames import OggFramer
from audiocast.formats.decoding.units import (
    MAX_RATE,
    MIN_RATE,
    Comments,
    DecoderSetup,
    Fault,
    Frame,
    Framer,
    TrackLength,
    Unit,
)
from audiocast.formats.decoding.wav import WavFramer
from audiocast.ogg.headers import OpusHead
from audiocast.ogg.opus import SAMPLE_RATE

PACKET_SAMPLES = SAMPLE_RATE // 50
LAYOUT = "stereo"
SAMPLE_FORMAT = "flt"
SAMPLE_BYTES = 8

# As AudioLayout knows them, in WAV's and FLAC's order of channels.
_LAYOUTS = ("mono", "stereo", "3.0", "quad", "5.0", "5.1", "6.1", "7.1")

_FRAMERS: dict[str, Callable[[bytes, int], Framer]] = {
    "mp3": lambda state, position: SyncFramer("MP3", is_adts=False),
    "aac": lambda state, position: SyncFramer("AAC (ADTS)", is_adts=True),
    "vorbis": lambda state, position: OggFramer(state),
    "ogg-flac": lambda state, position: OggFramer(state),
    "flac": lambda state, position: FlacFramer(state),
    "wav": WavFramer,
}


@dataclass(frozen=True, slots=True)
class OpusPacket:
    """20 ms of sound."""

    data: bytes


Output = OpusPacket | Comments | Fault


class Transcoder:
    """Turns the bytes of one source into Opus packets.

    Args:
        format_name: One of the six.
        kbps: Bit rate of the Opus packets, on average.
        state: `resume_state` of a transcoder that ended in the middle of the same stream; empty: it begins.
        position: How many bytes of the stream came before.

    Attributes:
        opus_head: What the packets are to be decoded with.
    """

    def __init__(self, format_name: str, kbps: int, *, state: bytes = b"", position: int = 0) -> None:
        self._framer = _FRAMERS[format_name](state, position)
        self._decoder: av.AudioCodecContext | None = None
        self._setup: DecoderSetup | None = None
        self._resampler: AudioResampler | None = None
        self._resampler_input: tuple[str, str, int] | None = None
        self._samples = bytearray()
        self._samples_out = 0
        self._track_samples = 0
        self._track_length: int | None = None
        self._encoder = _open_encoder(kbps)
        self.opus_head = OpusHead.parse(self._encoder.extradata or b"")

    def feed(self, data: bytes) -> Iterator[Output]:
        """Do what the next bytes ask for, one frame with each step of the iterator, which is to be used up.

        Raises:
            NotTheFormat: The source cannot go on.
        """
        for unit in self._framer.push(data):
            yield from self._do(unit)

    def finish(self) -> Iterator[Output]:
        """Give what is left, the last packet filled up with silence.

        Raises:
            NotTheFormat: The source cannot go on.
        """
        for unit in self._framer.finish():
            yield from self._do(unit)
        yield from self._end_decoder()
        if self._samples:
            self._samples += bytes(-len(self._samples) % (PACKET_SAMPLES * SAMPLE_BYTES))
            yield from self._encode()

    @property
    def header_bytes(self) -> int:
        """How much came so far that is no sound: tags, pictures, headers."""
        return self._framer.header_bytes

    def resume_state(self) -> bytes:
        """Return what another transcoder must know to go on in the middle of the stream; 128 KiB at most."""
        return self._framer.resume_state()

    def _do(self, unit: Unit) -> Iterator[Output]:
        if isinstance(unit, Frame):
            yield from self._decode(unit.data)
        elif isinstance(unit, DecoderSetup):
            yield from self._end_decoder()
            yield from self._open_decoder(unit)
        elif isinstance(unit, TrackLength):
            self._track_length = unit.samples
        else:
            yield unit

    def _open_decoder(self, setup: DecoderSetup) -> Iterator[Output]:
        self._setup = setup
        self._track_samples, self._track_length = 0, None
        try:
            self._decoder = _open_decoder(setup)
        except (av.FFmpegError, ValueError) as error:
            self._decoder = None
            yield Fault(f"expected a {setup.codec} decoder to start, got {_text(error)}")

    def _end_decoder(self) -> Iterator[Output]:
        """Get the last samples of a decoder and of the resampler behind it."""
        decoder, self._decoder = self._decoder, None
        if decoder is not None:
            try:
                frames = decoder.decode(None)
            except (av.FFmpegError, ValueError):
                frames = []
            for frame in frames:
                yield from self._take(frame)
        yield from self._end_resampler()

    def _end_resampler(self) -> Iterator[Output]:
        resampler, self._resampler = self._resampler, None
        self._resampler_input = None
        if resampler is not None:
            try:
                rest = resampler.resample(None)
            except (av.FFmpegError, ValueError):
                rest = []
            for frame in rest:
                self._gather(frame)
            yield from self._encode()

    def _decode(self, data: bytes) -> Iterator[Output]:
        if self._decoder is None:
            yield Fault("expected a frame after its decoder's headers, got one without")
            return
        try:
            frames = self._decoder.decode(av.Packet(data))
        except (av.FFmpegError, ValueError) as error:
            yield Fault(f"expected a frame that can be decoded, got {_text(error)}")
            return
        for frame in frames:
            yield from self._take(frame)

    def _take(self, frame: av.AudioFrame) -> Iterator[Output]:
        """Resample and encode what was decoded."""
        if not MIN_RATE <= frame.sample_rate <= MAX_RATE:
            yield Fault(f"expected {MIN_RATE} to {MAX_RATE} Hz, got {frame.sample_rate}")
            return
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if shape != self._resampler_input:
            yield from self._end_resampler()
            self._resampler = AudioResampler(format=SAMPLE_FORMAT, layout=LAYOUT, rate=SAMPLE_RATE)
            self._resampler_input = shape
        assert self._resampler is not None
        before, self._track_samples = self._track_samples, self._track_samples + frame.samples
        if self._track_length is not None and self._track_samples > self._track_length:
            left = max(0, self._track_length - before)
            if not left:
                return
            frame = _shortened(frame, left)
        frame.pts = None
        try:
            resampled_frames = self._resampler.resample(frame)
        except (av.FFmpegError, ValueError) as error:
            # Spoilt frames of AAC have channels that are no layout.
            self._resampler, self._resampler_input = None, None
            yield Fault(f"expected sound that can be mixed to stereo, got {shape[1]}: {_text(error)}")
            return
        for resampled in resampled_frames:
            self._gather(resampled)
        yield from self._encode()

    def _gather(self, frame: av.AudioFrame) -> None:
        self._samples += memoryview(frame.planes[0])[: frame.samples * SAMPLE_BYTES]

    def _encode(self) -> Iterator[Output]:
        """Encode whole packets; the rest waits."""
        size = PACKET_SAMPLES * SAMPLE_BYTES
        end = len(self._samples) - len(self._samples) % size
        for at in range(0, end, size):
            frame = av.AudioFrame(format=SAMPLE_FORMAT, layout=LAYOUT, samples=PACKET_SAMPLES)
            frame.sample_rate = SAMPLE_RATE
            frame.pts = self._samples_out
            frame.planes[0].update(bytes(self._samples[at : at + size]))
            self._samples_out += PACKET_SAMPLES
            for packet in self._encoder.encode(frame):
                yield OpusPacket(bytes(packet))
        del self._samples[:end]


def _open_encoder(kbps: int) -> av.AudioCodecContext:
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.format = SAMPLE_FORMAT
    encoder.layout = LAYOUT
    encoder.sample_rate = SAMPLE_RATE
    encoder.bit_rate = kbps * 1000
    # Browsers read in blocks of 32 KiB, and starve on what a variable rate makes of quiet passages.
    encoder.options = {"application": "audio", "frame_duration": "20", "vbr": "off"}
    encoder.open()
    return encoder


def _open_decoder(setup: DecoderSetup) -> av.AudioCodecContext:
    decoder = av.CodecContext.create(setup.codec, "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.thread_count = 1
    if setup.sample_rate:
        decoder.sample_rate = setup.sample_rate
    if setup.channels:
        decoder.layout = _LAYOUTS[setup.channels - 1]
    if setup.extradata:
        decoder.extradata = setup.extradata
    decoder.options = {"err_detect": "crccheck"}
    decoder.open()
    return decoder


def _shortened(frame: av.AudioFrame, samples: int) -> av.AudioFrame:
    """Return the beginning of a frame."""
    shortened = av.AudioFrame(format=frame.format.name, layout=frame.layout.name, samples=samples)
    shortened.sample_rate = frame.sample_rate
    channels = 1 if frame.format.is_planar else len(frame.layout.channels)
    size = samples * frame.format.bytes * channels
    for plane, source in zip(shortened.planes, frame.planes, strict=True):
        plane.update(bytes(memoryview(source)[:size]).ljust(plane.buffer_size, b"\0"))
    return shortened


def _text(error: Exception) -> str:
    return str(error).split("\n")[0][:100]
