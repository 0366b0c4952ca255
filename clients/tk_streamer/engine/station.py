"""One broadcast from a sound to a server: what a window or a command line starts, watches and stops.

It wires the parts and starts their threads; it knows no terminal and no window. The threads, and what may
block them:

    thread          what it does                                                   may block
    PortAudio's     `capture`: copies a block into a bounded queue                 never
    audio           `encoder_thread`: source -> level control -> packets, copy    on the source's clock only
    uplink N        `uplink`: queue -> pages -> one chunked request                in a send, bounded
    api             `api_client`: the small requests: start, state, title, end     on the server, bounded
    control         `control`: drives the `BroadcastState`, decides                on its queue only
    the caller's    `start`, `set_now_playing`, `status`, `request_stop`           never
                    `stop`, `wait`                                                 bounded
"""

import time
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from typing import Literal

from audiocast.ogg.headers import OpusTags
from tk_streamer.audio.encoder import OpusEncoder, PacketEncoder
from tk_streamer.audio.ffmpeg_encoder import FfmpegEncoder
from tk_streamer.audio.level import Level
from tk_streamer.audio.level_control import LevelControl
from tk_streamer.audio.presets import PRESETS, PresetName
from tk_streamer.audio.sources import AudioSource, SourceHealth
from tk_streamer.engine.broadcast_state import BroadcastState, Phase
from tk_streamer.engine.control import Control, ControlStatus
from tk_streamer.engine.encoder_thread import EncoderThread
from tk_streamer.engine.events import Events, StopRequested
from tk_streamer.engine.packet_queue import PacketQueue
from tk_streamer.engine.uplink import SentTotals, Uplink
from tk_streamer.server.api_client import ApiClient, StreamRequest
from tk_streamer.server.streams import AudienceCurve, StreamCredentials
from tk_streamer.trouble import Trouble


@dataclass(frozen=True, slots=True)
class StationSettings:
    """What to send, and where.

    Attributes:
        server_url: Address of the server's public port, like https://radio.example.org.
        token: API token, or "".
        title: Title of the stream, for listeners.
        stream_id: The id of the stream, which needs a token; None for one of the server's choice.
        visibility: Who finds the stream: public, unlisted or private; "" for what the server does by itself.
        access_code: Of a private stream, for those who type it; "auto" for one that the server makes.
        description: What it is about, for listeners.
        link: An address for listeners, as of the broadcaster's own page; without a scheme it is https.
        accent: Colour of the listener's page, as #rrggbb, or "".
        starts_at: When the broadcast is to begin, a time of RFC 3339, or "".
        max_listeners: Of the stream at a time; 0 for no bound.
        picture: For the cover, a JPEG, PNG or WebP; empty for none.
        channels: 1 or 2.
        bitrate_bps: 6,000 to 510,000 bits per second, without the Ogg overhead.
        frame_ms: Length of a packet and of a page: 10, 20, 40 or 60 ms.
        preset: What the sound is: whether rumble is taken away.
        gain_db: The first gain, -30 to 20.
        limits: The limiter is on.
        copy_path: Where to write an .opus file of all that is encoded, even while the server is away; None
            for no file.
        encoder: "libopus" in this process, or the "ffmpeg" program.
        ffmpeg_filter: Audio filters of the "ffmpeg" encoder, as after its -af.
        retries: False: end at the first trouble.
    """

    server_url: str
    token: str = ""
    title: str = ""
    stream_id: str | None = None
    visibility: Literal["", "public", "unlisted", "private"] = ""
    access_code: str = field(default="", repr=False)
    description: str = ""
    link: str = ""
    accent: str = ""
    starts_at: str = ""
    max_listeners: int = 0
    picture: bytes = field(default=b"", repr=False)
    channels: int = 2
    bitrate_bps: int = 96_000
    frame_ms: int = 20
    preset: PresetName = "music"
    gain_db: float = 0.0
    limits: bool = True
    copy_path: Path | None = None
    encoder: Literal["libopus", "ffmpeg"] = "libopus"
    ffmpeg_filter: str = ""
    retries: bool = True


@dataclass(frozen=True, slots=True)
class BroadcastStatus:
    """A broadcast at one moment.

    Attributes:
        phase: Only `Phase.ON_AIR` means that anybody can hear anything.
        credentials: The stream and its addresses; None until the server has started one.
        on_air_since: Since when the broadcast has been on the air without a break, in seconds of `time.time`;
            None off the air.
        retry_in_seconds: The time until the next try; None while a connection is open or being opened.
        trouble: What is wrong now: the connection's trouble before the sound's, and that of another program
            with the stream's key last; None when nothing is.
        bytes_sent: Ogg bytes handed to the sockets of all connections.
        seconds_sent: The audio in these bytes.
        dropped_seconds: Audio that was thrown away: captured while there was no connection, or faster than
            real time.
        filled_seconds: Silence put in where the sound input delivered nothing.
        level: How loud what is sent is, and whether the source clips; times are seconds of `time.time`.
        is_input_lost: The sound input is gone; silence is sent.
        listeners: How many people listen, as the server said last; None when unknown.
        listener_peak: How many listened at most, as the server said; None when unknown.
        aired_seconds: From the first to the last time that it was on the air; None if it never was.
        is_muted: Listeners hear silence, because the user wants it, here or on the control page.
        input_name: Name of the source.
        audience: Who has listened in the last day, as the server said last.
    """

    phase: Phase
    credentials: StreamCredentials | None = None
    on_air_since: float | None = None
    retry_in_seconds: float | None = None
    trouble: Trouble | None = None
    bytes_sent: int = 0
    seconds_sent: float = 0.0
    dropped_seconds: float = 0.0
    filled_seconds: float = 0.0
    level: Level = field(default_factory=Level)
    is_input_lost: bool = False
    listeners: int | None = None
    listener_peak: int | None = None
    aired_seconds: float | None = None
    is_muted: bool = False
    input_name: str = ""
    audience: AudienceCurve = field(default_factory=AudienceCurve)


class Station:
    """One broadcast; the next broadcast needs another station.

    Args:
        settings: What to send, and where.
        source: The sound: a `capture.Microphone`, `files.FileSource` or `sources.GeneratedSource`. The
            station opens and closes it.
    """

    def __init__(self, settings: StationSettings, source: AudioSource) -> None:
        self._settings = settings
        self._source = source
        self._queue: Events = SimpleQueue()
        self._sent = SentTotals()
        self._packet_queue = PacketQueue(is_blocking=not source.is_paced)
        self._uplinks = count(1)
        self._level_control = LevelControl(
            settings.channels,
            gain_db=settings.gain_db,
            cuts_lows=PRESETS[settings.preset].cuts_lows,
            limits=settings.limits,
            is_live=source.is_live,
        )
        self._encoder_thread = EncoderThread(
            source,
            channels=settings.channels,
            level_control=self._level_control,
            make_encoder=self._make_encoder,
            copy_path=settings.copy_path,
            make_tags=self._tags,
            packet_queue=self._packet_queue,
            report=self._queue.put,
        )
        self._api: ApiClient | None = None
        self._control: Control | None = None
        self._playing: tuple[str, str] | None = None
        self._title = settings.title

    def start(self) -> None:
        """Start the broadcast. Returns at once; `status` has what becomes of it.

        Raises:
            RuntimeError: The station was started before.
        """
        if self._control is not None:
            raise RuntimeError("expected a station that was never started, got one that was")
        settings = self._settings
        application = StreamRequest(
            settings.server_url,
            settings.title,
            settings.stream_id,
            settings.token,
            settings.visibility,
            settings.description,
            settings.link if not settings.link or "://" in settings.link else f"https://{settings.link}",
            settings.accent,
            settings.starts_at,
            settings.max_listeners,
            settings.picture,
            settings.access_code,
        )
        self._api = ApiClient(application, self._queue.put, time.monotonic)
        if self._playing is not None:
            self._api.set_now_playing(*self._playing)
        self._control = Control(
            BroadcastState(clock=time.monotonic, retries=settings.retries),
            self._queue,
            encoder_thread=self._encoder_thread,
            packet_queue=self._packet_queue,
            api=self._api,
            open_uplink=self._open_uplink,
        )
        self._control.start()

    def request_stop(self) -> None:
        """Ask for a proper end. Returns at once; may be called in a signal handler."""
        self._queue.put(StopRequested())

    def stop(self, seconds: float = 30.0) -> bool:
        """End the stream properly, and all threads. Blocks, at most for `seconds`; may be repeated.

        Returns:
            False if a thread still runs, because a device or the network hangs.
        """
        self.request_stop()
        return self.wait(seconds)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end of the broadcast and of all threads; return whether they have ended."""
        return self._control is None or self._control.join(seconds)

    def set_now_playing(self, title: str, artist: str = "") -> None:
        """Send what is playing to the listeners, in the background; the newest wins. Returns at once."""
        self._playing = (title, artist)
        if self._api is not None:
            self._api.set_now_playing(title, artist)

    def set_title(self, title: str) -> None:
        """Change the stream's title for listeners, in the background. Returns at once."""
        self._title = title
        if self._api is not None:
            self._api.set_title(title)

    def set_muted(self, is_muted: bool) -> None:
        """Send silence, and have listeners told, until it is called with False. Returns at once."""
        self._level_control.is_muted = is_muted
        if self._api is not None:
            self._api.set_muted(is_muted)

    def set_gain(self, gain_db: float) -> None:
        """Turn the sound up or down before the limiter, -30 to 20 dB. Returns at once."""
        self._level_control.gain_db = gain_db

    def status(self) -> BroadcastStatus:
        """Return the status of the broadcast. Cheap; may be called on any thread."""
        control_status = self._control.status if self._control is not None else ControlStatus(Phase.STOPPED)
        health = self._source.health
        now, unix_now = time.monotonic(), time.time()
        since, retry_at = control_status.on_air_since, control_status.retry_at
        return BroadcastStatus(
            phase=control_status.phase,
            credentials=control_status.credentials,
            on_air_since=None if since is None else since - now + unix_now,
            retry_in_seconds=None if retry_at is None else max(0.0, retry_at - now),
            trouble=control_status.trouble
            or self._sound_trouble(health)
            or _other_program(control_status.format_refusal),
            bytes_sent=self._sent.bytes,
            seconds_sent=self._sent.seconds,
            dropped_seconds=self._packet_queue.dropped_seconds + health.dropped_seconds,
            filled_seconds=health.filled_seconds,
            level=self._level_control.level,
            is_input_lost=health.is_lost,
            listeners=control_status.listeners,
            listener_peak=control_status.listener_peak,
            aired_seconds=_aired_seconds(control_status),
            is_muted=self._level_control.is_muted or control_status.is_muted,
            input_name=self._source.name,
            audience=self._api.audience if self._api is not None else AudienceCurve(),
        )

    def _sound_trouble(self, health: SourceHealth) -> Trouble | None:
        if health.is_lost:
            return Trouble.of_code("device_lost", self._source.name)
        error = self._encoder_thread.copy_trouble
        return Trouble.of_error(error) if error is not None else None

    def _make_encoder(self) -> PacketEncoder:
        settings = self._settings
        if settings.encoder == "ffmpeg":
            return FfmpegEncoder(
                channels=settings.channels,
                bitrate_bps=settings.bitrate_bps,
                frame_ms=settings.frame_ms,
                audio_filter=settings.ffmpeg_filter,
            )
        return OpusEncoder(
            channels=settings.channels, bitrate_bps=settings.bitrate_bps, frame_ms=settings.frame_ms
        )

    def _open_uplink(self, credentials: StreamCredentials) -> Uplink:
        return Uplink(
            credentials,
            self._packet_queue,
            self._tags,
            self._sent,
            self._queue.put,
            number=next(self._uplinks),
        )

    def _tags(self) -> OpusTags:
        """Return the tags of a bitstream that begins now."""
        title, artist = self._playing or (self._title, "")
        names = {"TITLE": title, "ARTIST": artist}
        return OpusTags(
            vendor="audiocast broadcaster",
            comments=tuple(f"{name}={value}" for name, value in names.items() if value),
        )


def _aired_seconds(status: ControlStatus) -> float | None:
    if status.first_on_air_at is None or status.last_on_air_at is None:
        return None
    return status.last_on_air_at - status.first_on_air_at


def _other_program(format_refusal: str) -> Trouble | None:
    return Trouble.of_code("other_format", format_refusal) if format_refusal else None
