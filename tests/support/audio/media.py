"""Real audio files for tests, made with the encoders that people use: ffmpeg, opusenc, oggenc, flac, lame.

Every function writes one file into `folder` and gives its path; the name tells all of what is in it, and a
file that is there already is not made again. The sound is a steady sine tone. A missing program fails the
test that needs it.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Literal

OpusEncoder = Literal["ffmpeg", "opusenc"]

_PROGRAM_TIMEOUT_SECONDS = 60
_SAMPLE_RATE_HZ = 48000
_AMPLITUDE = 0.3
# RFC 7845 section 5.1.1.2, by ffmpeg's names.
_LAYOUTS = ("mono", "stereo", "3.0", "quad", "5.0", "5.1", "6.1", "7.1")


def wav_file(folder: Path, *, seconds: float = 3.0, channels: int = 2, tone_hz: float = 440.0) -> Path:
    """Make a WAV file, 48 kHz, 16 bits."""
    path = folder / f"tone-{tone_hz:g}hz-{channels}ch-{seconds:g}s.wav"
    return _ffmpeg(path, [*_tone(seconds, channels, tone_hz), "-c:a", "pcm_s16le", "-f", "wav"])


def opus_file(
    folder: Path,
    *,
    seconds: float = 3.0,
    encoder: OpusEncoder = "ffmpeg",
    channels: int = 2,
    frame_ms: float = 20,
    page_ms: float = 20,
    bitrate_kbps: int = 96,
    tone_hz: float = 440.0,
    vbr: bool = True,
) -> Path:
    """Make an Ogg Opus file.

    Args:
        folder: Where to.
        seconds: How long.
        encoder: "ffmpeg" or "opusenc".
        channels: 1 or 2 for mapping family 0; 3 to 8 for family 1 (opusenc mixes 8 down to 2 at 96 kbit/s).
        frame_ms: Duration of a packet: 2.5, 5, 10, 20, 40 or 60; ffmpeg makes 80, 100 and 120 too.
        page_ms: How much sound goes on a page, at most.
        bitrate_kbps: In kbit/s, of all channels together.
        tone_hz: Frequency of the tone.
        vbr: Variable bit rate; hard constant bit rate if False.
    """
    rate = "vbr" if vbr else "cbr"
    sound = f"{tone_hz:g}hz-{channels}ch-{seconds:g}s"
    path = folder / f"{encoder}-{sound}-{frame_ms:g}ms-page{page_ms:g}ms-{bitrate_kbps}k-{rate}.opus"
    if encoder == "opusenc":
        source = wav_file(folder, seconds=seconds, channels=channels, tone_hz=tone_hz)
        options = ["--quiet", "--bitrate", str(bitrate_kbps), "--framesize", f"{frame_ms:g}"]
        options += ["--max-delay", f"{page_ms:g}", "--vbr" if vbr else "--hard-cbr"]
        return _make(path, ["opusenc", *options, str(source), "{path}"])
    options = ["-c:a", "libopus", "-b:a", f"{bitrate_kbps}k", "-frame_duration", f"{frame_ms:g}"]
    options += ["-vbr", "on" if vbr else "off", "-page_duration", f"{page_ms * 1000:.0f}"]
    options += ["-mapping_family", "1"] if channels > 2 else []
    return _ffmpeg(path, _tone(seconds, channels, tone_hz) + options + ["-f", "ogg"])


def music_file(folder: Path, *, seconds: float) -> Path:
    """Make an Ogg Opus file of two chirping tones with noise, 96 kbit/s, in pages of 20 ms."""
    tones = "0.1*sin(2*PI*220*t+3*sin(t))+0.1*sin(2*PI*(880+200*sin(2*t))*t)+0.02*random(0)"
    sound = ["-f", "lavfi", "-t", f"{seconds:g}", "-i", f"aevalsrc={tones}:s=48000", "-ac", "2"]
    options = ["-c:a", "libopus", "-b:a", "96k", "-page_duration", "20000", "-f", "ogg"]
    return _ffmpeg(folder / f"music-{seconds:g}s.opus", [*sound, *options])


def mp3_file(folder: Path, *, seconds: float = 3.0, tone_hz: float = 440.0) -> Path:
    """Make an MP3 file with lame."""
    source = wav_file(folder, seconds=seconds, tone_hz=tone_hz)
    return _make(source.with_suffix(".mp3"), ["lame", "--quiet", str(source), "{path}"])


def aac_file(folder: Path, *, seconds: float = 3.0, tone_hz: float = 440.0) -> Path:
    """Make an AAC file in ADTS frames."""
    path = folder / f"tone-{tone_hz:g}hz-{seconds:g}s.aac"
    return _ffmpeg(path, [*_tone(seconds, 2, tone_hz), "-c:a", "aac", "-f", "adts"])


def mp4_file(folder: Path, *, seconds: float = 3.0, tone_hz: float = 440.0) -> Path:
    """Make an MP4 file with AAC."""
    path = folder / f"tone-{tone_hz:g}hz-{seconds:g}s.mp4"
    return _ffmpeg(path, [*_tone(seconds, 2, tone_hz), "-c:a", "aac", "-f", "mp4"])


def webm_file(folder: Path, *, seconds: float = 3.0, tone_hz: float = 440.0) -> Path:
    """Make a WebM file with Opus."""
    path = folder / f"tone-{tone_hz:g}hz-{seconds:g}s.webm"
    return _ffmpeg(path, [*_tone(seconds, 2, tone_hz), "-c:a", "libopus", "-f", "webm"])


def vorbis_file(folder: Path, *, seconds: float = 3.0, tone_hz: float = 440.0) -> Path:
    """Make an Ogg Vorbis file with oggenc."""
    source = wav_file(folder, seconds=seconds, tone_hz=tone_hz)
    return _make(source.with_suffix(".vorbis.ogg"), ["oggenc", "--quiet", "-o", "{path}", str(source)])


def flac_file(folder: Path, *, seconds: float = 3.0, tone_hz: float = 440.0) -> Path:
    """Make a FLAC file (no Ogg)."""
    source = wav_file(folder, seconds=seconds, tone_hz=tone_hz)
    return _make(source.with_suffix(".flac"), ["flac", "--silent", "-o", "{path}", str(source)])


def ogg_flac_file(folder: Path, *, seconds: float = 3.0, tone_hz: float = 440.0) -> Path:
    """Make a file of FLAC in Ogg."""
    source = wav_file(folder, seconds=seconds, tone_hz=tone_hz)
    return _make(source.with_suffix(".flac.oga"), ["flac", "--silent", "--ogg", "-o", "{path}", str(source)])


def multiplexed_file(folder: Path, *, seconds: float = 3.0, tone_hz: float = 440.0) -> Path:
    """Make an Ogg file with two Opus streams side by side (two BOS pages at the start)."""
    path = folder / f"two-opus-{tone_hz:g}hz-{seconds:g}s.ogg"
    tones = _tone(seconds, 2, tone_hz) + _tone(seconds, 1, tone_hz * 2)
    return _ffmpeg(path, [*tones, "-map", "0:a", "-map", "1:a", "-c:a", "libopus", "-f", "ogg"])


def _tone(seconds: float, channels: int, tone_hz: float) -> list[str]:
    """Input options of ffmpeg for the tone; two channels or more get the same sound.

    `sine` is a seventh of the work of `aevalsrc`, which computes each sample from a text. Its amplitude is an
    eighth of full scale.
    """
    layout = _LAYOUTS[channels - 1]
    each = "|".join(f"c{number}=c0" for number in range(channels))
    sine = f"sine=frequency={tone_hz:g}:sample_rate={_SAMPLE_RATE_HZ}:duration={seconds:g}"
    return ["-f", "lavfi", "-i", f"{sine},volume={_AMPLITUDE * 8:g},pan={layout}|{each}"]


def _ffmpeg(path: Path, arguments: list[str]) -> Path:
    return _make(path, ["ffmpeg", "-hide_banner", "-loglevel", "error", "-y", *arguments, "{path}"])


def _make(path: Path, command: list[str]) -> Path:
    """Run an encoder whose output is the argument "{path}"; the file appears whole or not at all."""
    if path.exists():
        return path
    unfinished = path.with_name(f"unfinished-{path.name}")
    arguments = [str(unfinished) if argument == "{path}" else argument for argument in command]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=_PROGRAM_TIMEOUT_SECONDS)
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr[-1000:]}")
    return unfinished.rename(path)


# What encoders send that were set up for another server, and what each is called in a refusal.
OTHER_FORMATS: tuple[tuple[Callable[[Path], Path], str], ...] = (
    (mp3_file, "MP3"),
    (aac_file, "AAC"),
    (flac_file, "FLAC"),
    (vorbis_file, "Vorbis"),
    (wav_file, "WAV"),
    (webm_file, "WebM"),
)
