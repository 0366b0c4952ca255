"""The command line of `audiocast-stream`: options, help, and the settings and the source that it asks for."""

import argparse
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from audiocast.ogg.opus import SAMPLE_RATE
from tk_streamer.audio.capture import Microphone
from tk_streamer.audio.encoder import FRAME_DURATIONS_MS
from tk_streamer.audio.files import FileSource
from tk_streamer.audio.limiter import MAX_GAIN_DB, MIN_GAIN_DB
from tk_streamer.audio.music import CHANNELS as MUSIC_CHANNELS
from tk_streamer.audio.music import music, tone
from tk_streamer.audio.presets import PRESETS
from tk_streamer.audio.resampling import PcmConverter
from tk_streamer.audio.sources import AudioSource, GeneratedSource, LimitedSource
from tk_streamer.engine.station import StationSettings

DEFAULT_TONE_HZ = 440.0
TOKEN_VARIABLE = "AUDIOCAST_TOKEN"
CODE_VARIABLE = "AUDIOCAST_ACCESS_CODE"
# Servers take no larger one.
MAX_PICTURE_BYTES = 256 * 1024

EXIT_CODES = """\
exit codes:
  0  stopped, or the sound came to its end
  1  something unexpected
  2  wrong arguments
  3  no sound: no device, no library, no such file, the encoder
  4  the server refuses: token, key, taken over, ended
  5  no way to the server, and no retry: a wrong address or certificate, or --no-retry
"""


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse a command line; None: that of the process. Ends the process with 2 if it is wrong."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not options.server and not options.list_devices:
        parser.error("expected --server URL, got none")
    if options.loop and not options.file:
        parser.error("expected --loop with --file, got it without")
    if options.ffmpeg_filter and options.encoder != "ffmpeg":
        parser.error("expected --ffmpeg-filter with --encoder ffmpeg, got it without")
    if options.public and options.visibility not in (None, "public"):
        parser.error(f"expected --public or --visibility {options.visibility}, got both")
    if options.access_code and options.visibility != "private":
        parser.error("expected --access-code with --visibility private, got it without")
    return options


def station_settings(options: argparse.Namespace, token: str, access_code: str = "") -> StationSettings:
    """Return the settings of the station.

    Args:
        options: The parsed command line.
        token: API token of the environment, which `--token` overrides; "" for none.
        access_code: Code of the environment for a private stream, which `--access-code` overrides; "" for one
            that the server makes.
    """
    is_private = options.visibility == "private"
    preset = PRESETS[options.preset]
    return StationSettings(
        server_url=options.server,
        token=options.token or token,
        title=options.title,
        stream_id=options.id,
        visibility="public" if options.public else options.visibility or "",
        access_code=options.access_code or access_code or "auto" if is_private else "",
        description=options.description,
        link=options.link,
        accent=options.accent or "",
        starts_at=options.starts_at or "",
        max_listeners=options.max_listeners,
        picture=options.picture,
        channels=options.channels or preset.channels,
        bitrate_bps=(options.bitrate or preset.bitrate_kbps) * 1000,
        frame_ms=options.frame_ms,
        preset=options.preset,
        gain_db=options.gain,
        limits=not options.no_limiter,
        copy_path=options.copy,
        encoder=options.encoder,
        ffmpeg_filter=options.ffmpeg_filter,
        retries=not options.no_retry,
    )


def audio_source(options: argparse.Namespace) -> AudioSource:
    """Return the source that the options ask for; without any of them, the default input."""
    source: AudioSource
    if options.file:
        source = FileSource(options.file, loops=options.loop)
    elif options.tone is not None:
        source = GeneratedSource(f"tone of {options.tone:g} Hz", _tone_blocks(options.tone))
    elif options.music:
        source = GeneratedSource("music", _music_blocks)
    else:
        wanted = options.device
        source = Microphone(int(wanted) if wanted and wanted.isdecimal() else wanted)
    return source if options.seconds is None else LimitedSource(source, options.seconds)


def _tone_blocks(hz: float) -> Callable[[int], Iterator[bytes]]:
    return lambda channels: tone(hz, channels=channels)


def _music_blocks(channels: int) -> Iterator[bytes]:
    return map(PcmConverter(MUSIC_CHANNELS, SAMPLE_RATE, channels).convert, music())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="audiocast-stream",
        description="Broadcast a microphone, a file or a tone to an audiocast server.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--server", metavar="URL", help="like radio.example.org")
    parser.add_argument(
        "--token",
        default="",
        help=f"API token; better in the variable {TOKEN_VARIABLE}: other users can see arguments",
    )
    parser.add_argument("--title", default="", help="title of the stream")
    parser.add_argument("--description", default="", help="what it is about, for listeners")
    parser.add_argument("--link", default="", metavar="URL", help="a page of yours, for listeners")
    parser.add_argument("--accent", type=_colour, metavar="#RRGGBB", help="colour of its page")
    parser.add_argument(
        "--starts-at",
        type=_time,
        metavar="TIME",
        help="when it is to begin, like 2027-01-31T20:00; without a zone, in this computer's",
    )
    parser.add_argument(
        "--picture",
        type=_picture,
        default=b"",
        metavar="FILE",
        help="its cover: JPEG, PNG or WebP, at most 256 KiB",
    )
    parser.add_argument("--id", help="id of the stream, for a link that stays; needs a token")
    parser.add_argument("--public", action="store_true", help="show the stream on the server's start page")
    parser.add_argument(
        "--visibility",
        choices=("public", "unlisted", "private"),
        help="public: on the server's start page; unlisted: for those with the link; private: for those with "
        "the code or a link of their own (default: as the server has it)",
    )
    parser.add_argument(
        "--access-code",
        default="",
        metavar="auto|CODE",
        help="what listeners of a private stream type, 6 characters or more; auto (default): the server "
        f"makes it. Better in the variable {CODE_VARIABLE}: other users can see arguments",
    )
    parser.add_argument(
        "--max-listeners",
        type=_count,
        default=0,
        metavar="N",
        help="listeners at a time; no bound by itself",
    )
    parser.add_argument("--list-devices", action="store_true", help="list the sound inputs and end")
    sound = parser.add_argument_group("sound (without any of these: the default input)")
    which = sound.add_mutually_exclusive_group()
    which.add_argument("--device", metavar="NAME|INDEX", help="a sound input, or a part of its name")
    which.add_argument("--file", type=Path, metavar="F", help="anything that FFmpeg can decode")
    which.add_argument(
        "--tone", type=_tone_hz, nargs="?", const=DEFAULT_TONE_HZ, metavar="HZ", help="a sine (440)"
    )
    which.add_argument("--music", action="store_true", help="generated music")
    sound.add_argument("--loop", action="store_true", help="play the file again and again")
    sound.add_argument("--seconds", type=positive, metavar="N", help="end after N seconds of sound")
    sound.add_argument(
        "--gain", type=_gain_db, default=0.0, metavar="DB", help="louder or softer, -30 to 20 dB (0)"
    )
    sound.add_argument(
        "--no-limiter", action="store_true", help="leave peaks as they are, for sound that is mastered"
    )
    coding = parser.add_argument_group("encoding")
    coding.add_argument(
        "--preset",
        choices=tuple(PRESETS),
        default="music",
        help="music: stereo, 96 kbit/s; voice: mono, 64 kbit/s, without rumble (default: %(default)s)",
    )
    coding.add_argument("--channels", type=int, choices=(1, 2), help="(default: the preset's)")
    coding.add_argument(
        "--bitrate", type=_kbps, metavar="KBPS", help="6 to 510 kbit/s (default: the preset's)"
    )
    coding.add_argument(
        "--frame-ms", type=int, choices=FRAME_DURATIONS_MS, default=20, help="(default: %(default)s)"
    )
    coding.add_argument(
        "--copy", type=Path, metavar="FILE", help="write an .opus file of all that is sent too"
    )
    coding.add_argument(
        "--encoder", choices=("libopus", "ffmpeg"), default="libopus", help="(default: %(default)s)"
    )
    coding.add_argument(
        "--ffmpeg-filter", default="", metavar="F", help="audio filters, as after ffmpeg's -af"
    )
    running = parser.add_argument_group("running")
    running.add_argument("--no-retry", action="store_true", help="end at the first trouble with the server")
    running.add_argument("--qr", action="store_true", help="draw the link as a QR code")
    running.add_argument(
        "--log-format", choices=("text", "json"), default="text", help="(default: %(default)s)"
    )
    return parser


def positive(text: str) -> float:
    """Parse a number above 0, for argparse."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text}")
    return value


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 1_000_000_000:
        raise argparse.ArgumentTypeError(f"expected a whole number above 0, got {text[:40]}")
    return int(text)


def _colour(text: str) -> str:
    if re.fullmatch("#[0-9A-Fa-f]{6}", text) is None:
        raise argparse.ArgumentTypeError(f"expected a colour like #b5400f, got {text}")
    return text


def _time(text: str) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a time like 2027-01-31T20:00, got {text}") from None
    return at.astimezone().isoformat()


def _picture(text: str) -> bytes:
    try:
        with Path(text).open("rb") as file:
            picture = file.read(MAX_PICTURE_BYTES + 1)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"cannot read {text}: {error.strerror}") from None
    if len(picture) > MAX_PICTURE_BYTES:
        raise argparse.ArgumentTypeError(f"expected at most 256 KiB in {text}, got more")
    if not re.match(rb"\xff\xd8\xff|\x89PNG|RIFF....WEBP", picture, re.DOTALL):
        raise argparse.ArgumentTypeError(f"expected a JPEG, PNG or WebP in {text}, got something else")
    return picture


def _tone_hz(text: str) -> float:
    value = float(text)
    if not 20 <= value <= 20_000:
        raise argparse.ArgumentTypeError(f"expected 20 to 20000 Hz, got {text}")
    return value


def _gain_db(text: str) -> float:
    value = float(text)
    if not MIN_GAIN_DB <= value <= MAX_GAIN_DB:
        raise argparse.ArgumentTypeError(f"expected {MIN_GAIN_DB:g} to {MAX_GAIN_DB:g} dB, got {text}")
    return value


def _kbps(text: str) -> int:
    value = int(text)
    if not 6 <= value <= 510:
        raise argparse.ArgumentTypeError(f"expected 6 to 510 kbit/s, got {text}")
    return value
