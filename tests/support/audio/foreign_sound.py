"""A tone in the formats that are no Ogg Opus, made by the programs that people make them with."""

import subprocess
from functools import cache

TONE_HZ = 440
SECONDS = 3.0

# To standard output; {wav} is read from standard input.
_COMMANDS = {
    "mp3": "lame --quiet -b 128 --tt Song --ta Band - -",
    "aac": "ffmpeg -v error -i pipe:0 -c:a aac -b:a 96k -f adts pipe:1",
    "vorbis": "oggenc --quiet -q 3 -t Song -a Band -o - -",
    "ogg-flac": "flac --silent --no-padding --ogg --stdout --serial-number=7 -T TITLE=Song -T ARTIST=Band -",
    "flac": "flac --silent --no-padding --stdout -T TITLE=Song -T ARTIST=Band -",
}
FORMATS = (*_COMMANDS, "wav")


@cache
def tone(name: str, *, rate: int = 44_100, channels: int = 2, seconds: float = SECONDS) -> bytes:
    """Return a tone in one of `FORMATS`, with a title where the format has one."""
    wav = wave(rate=rate, channels=channels, seconds=seconds)
    return wav if name == "wav" else converted(name, wav)


@cache
def wave(*, rate: int, channels: int, seconds: float, codec: str = "pcm_s16le") -> bytes:
    """Return a tone as WAV."""
    sine = f"sine=frequency={TONE_HZ}:sample_rate={rate}:duration={seconds}"
    command = f"ffmpeg -v error -f lavfi -i {sine} -ac {channels} -c:a {codec} -f wav pipe:1"
    wav = bytearray(_output(command, b""))
    # A pipe cannot be gone back in, so ffmpeg leaves the lengths open.
    at = wav.index(b"data") + 4
    wav[4:8] = (len(wav) - 8).to_bytes(4, "little")
    wav[at : at + 4] = (len(wav) - at - 4).to_bytes(4, "little")
    return bytes(wav)


def converted(name: str, wav: bytes) -> bytes:
    """Return WAV in another format."""
    return _output(_COMMANDS[name], wav)


def id3_tag(size: int) -> bytes:
    """Return an ID3v2 tag of so many bytes behind its header, as with a picture in it."""
    sizes = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\0\0" + sizes + b"\xff\xfb\x90\x64" * (size // 4) + bytes(size % 4)


def _output(command: str, stdin: bytes) -> bytes:
    done = subprocess.run(command.split(), input=stdin, capture_output=True, check=True, timeout=60)
    return done.stdout
