"""A microphone or line input as a source of sound, through PortAudio.

    PortAudio's thread   `_InputStream._on_audio` copies each block into a bounded queue; it never waits
    audio thread         `Microphone.read` takes blocks from the queue, and returns silence when none come
    repair thread        runs only while the input is gone: closes it, which may hang, finds it by name

So the sound that goes out is as long as the time that goes by (`timekeeping`), with the input or without it.
"""

import contextlib
import threading
import time
from queue import Empty, SimpleQueue
from typing import Any

from audiocast.ogg.opus import SAMPLE_RATE
from tk_streamer.audio import devices, pulse_sources
from tk_streamer.audio.devices import InputDevice
from tk_streamer.audio.nudging import nudged
from tk_streamer.audio.pcm import BLOCK_SAMPLES, block_bytes, frame_bytes
from tk_streamer.audio.resampling import PcmConverter
from tk_streamer.audio.sources import SourceHealth
from tk_streamer.audio.timekeeping import Timekeeper
from tk_streamer.errors import ClientError

# PortAudio calls back this often: short enough for little delay, long enough for every host API.
CALLBACK_SECONDS = 0.01
# How much sound may wait for the audio thread; the callback throws more away.
QUEUE_SECONDS = 2.0
# After so long without a callback the input is gone. Sound servers pause for tenths of a second.
LOST_SECONDS = 1.0
# PulseAudio may take up to 2 s for the first sound of an input.
FIRST_SOUND_SECONDS = 3.0
# The audio thread looks at least this often whether it was interrupted or the input is gone.
MAX_WAIT_SECONDS = 0.1
# The pause between two searches for an input that is gone.
SEARCH_SECONDS = 0.5
# How long `close` waits for a device that hangs.
CLOSE_SECONDS = 3.0


class Microphone:
    """One sound input.

    Args:
        wanted: Name, part of the name, or index of the input, or None for the default; see
            `devices.find_input`. Once found, the input is known by its name.
    """

    is_live = True
    is_paced = True

    def __init__(self, wanted: str | int | None = None) -> None:
        self._wanted = wanted
        self._name = ""
        self._channels = 0
        self._stream: _InputStream | None = None
        self._pcm = b""
        self._silence = b""
        self._pending_silence_samples = 0
        self._filled_samples = 0
        self._dropped_samples = 0
        self._lost_at = 0.0
        self._is_lost = False
        self._interrupted = threading.Event()
        self._repair: threading.Thread | None = None
        self._keeper = Timekeeper(time.monotonic, sample_rate_hz=SAMPLE_RATE, block_samples=BLOCK_SAMPLES)

    @property
    def name(self) -> str:
        """The input's name; "" before `open`."""
        return self._name

    @property
    def health(self) -> SourceHealth:
        """See `AudioSource.health`."""
        return SourceHealth(
            is_lost=self._is_lost,
            filled_seconds=self._filled_samples / SAMPLE_RATE,
            dropped_seconds=self._dropped_samples / SAMPLE_RATE,
        )

    def open(self, channels: int) -> None:
        """See `AudioSource.open`.

        Raises:
            SoundError: See `devices`.
        """
        self._channels = channels
        self._silence = bytes(block_bytes(channels))
        device = devices.find_input(self._wanted)
        self._stream = _InputStream(device, channels)
        self._wanted = self._name = device.name
        self._lost_at = time.monotonic() + FIRST_SOUND_SECONDS

    def read(self) -> bytes | None:
        """See `AudioSource.read`."""
        while not self._interrupted.is_set():
            if self._pending_silence_samples:
                return self._silent_block()
            correction = self._keeper.correction(self._waiting_samples)
            if correction.fill_samples:
                self._pending_silence_samples = correction.fill_samples
            elif correction.drop_samples:
                self._pcm = self._pcm[correction.drop_samples * self._frame_bytes :]
                self._dropped_samples += correction.drop_samples
            elif self._waiting_samples >= BLOCK_SAMPLES - correction.nudge_samples:
                return self._next_block(correction.nudge_samples)
            else:
                self._receive()
        return None

    def interrupt(self) -> None:
        """See `AudioSource.interrupt`."""
        self._interrupted.set()

    def close(self) -> None:
        """Close the input; a driver that hangs is left to a thread of its own after `CLOSE_SECONDS`."""
        self._interrupted.set()
        if self._repair is not None:
            self._repair.join(CLOSE_SECONDS)
        stream, self._stream = self._stream, None
        if stream is not None:
            closing = threading.Thread(target=stream.close, name="close input", daemon=True)
            closing.start()
            closing.join(CLOSE_SECONDS)

    @property
    def _frame_bytes(self) -> int:
        return frame_bytes(self._channels)

    @property
    def _waiting_samples(self) -> int:
        return len(self._pcm) // self._frame_bytes

    def _silent_block(self) -> bytes:
        self._pending_silence_samples -= BLOCK_SAMPLES
        self._filled_samples += BLOCK_SAMPLES
        self._keeper.count_output(BLOCK_SAMPLES)
        return self._silence

    def _next_block(self, nudge_samples: int) -> bytes:
        size_bytes = (BLOCK_SAMPLES - nudge_samples) * self._frame_bytes
        block, self._pcm = self._pcm[:size_bytes], self._pcm[size_bytes:]
        self._keeper.count_output(BLOCK_SAMPLES)
        return nudged(block, self._channels, nudge_samples) if nudge_samples else block

    def _receive(self) -> None:
        """Wait for sound, until silence is due, or for `MAX_WAIT_SECONDS`."""
        stream = self._stream
        wait_seconds = self._keeper.seconds_to_fill(self._waiting_samples)
        wait_seconds = MAX_WAIT_SECONDS if wait_seconds is None else min(wait_seconds, MAX_WAIT_SECONDS)
        if stream is None:
            self._interrupted.wait(wait_seconds)
        elif received := stream.receive(wait_seconds):
            self._pcm += received
            self._lost_at = time.monotonic() + LOST_SECONDS
            self._is_lost = False
            self._keeper.start(self._waiting_samples)
            self._keeper.note_input()
            return
        if time.monotonic() >= self._lost_at and self._repair is None:
            self._is_lost = True
            # The clock of an input that has never delivered any sound starts here.
            self._keeper.start()
            self._repair = threading.Thread(target=self._run_repair, name="repair input", daemon=True)
            self._repair.start()

    def _run_repair(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
        while not self._interrupted.wait(SEARCH_SECONDS):
            with contextlib.suppress(ClientError):
                stream = _InputStream(devices.find_input(self._wanted), self._channels)
                # In this order: `read` may start the next repair as soon as `_repair` is None.
                self._lost_at = time.monotonic() + FIRST_SOUND_SECONDS
                self._stream = stream
                self._repair = None
                return


class _InputStream:
    """An open PortAudio stream and the sound that came from it.

    Args:
        device: The input to open.
        channels: The number of channels that `receive` returns; the sound of a device with less is converted.

    Raises:
        SoundError: The device cannot be opened.
    """

    def __init__(self, device: InputDevice, channels: int) -> None:
        self._received: SimpleQueue[bytes] = SimpleQueue()
        self._queue_limit = round(QUEUE_SECONDS / CALLBACK_SECONDS)
        device_channels = min(channels, device.max_channels)
        with devices.stream_opening() as sounddevice, pulse_sources.chosen(device.pulse_source):
            rate_hz = SAMPLE_RATE
            try:
                try:
                    stream = self._open_stream(sounddevice, device, device_channels, rate_hz)
                except sounddevice.PortAudioError as error:
                    if devices.INVALID_SAMPLE_RATE not in error.args:
                        raise
                    rate_hz = round(device.sample_rate_hz)
                    stream = self._open_stream(sounddevice, device, device_channels, rate_hz)
            except sounddevice.PortAudioError as error:
                raise devices.sound_error(error, device.name) from error
        self._stream = stream
        self._converter = PcmConverter(device_channels, rate_hz, channels)

    def receive(self, seconds: float) -> bytes:
        """Return the sound that has come, converted; wait for it at most `seconds`."""
        pieces = []
        with contextlib.suppress(Empty):
            pieces.append(self._received.get(timeout=max(0.0, seconds)))
            while True:
                pieces.append(self._received.get_nowait())
        return self._converter.convert(b"".join(pieces))

    def close(self) -> None:
        """Close the stream. Blocks, for ever if the driver of a device that is gone does."""
        with contextlib.suppress(Exception):
            self._stream.abort()
        with contextlib.suppress(Exception):
            self._stream.close()
        devices.stream_closed()

    def _open_stream(self, sounddevice: Any, device: InputDevice, channels: int, rate_hz: int) -> Any:
        stream = sounddevice.RawInputStream(
            samplerate=rate_hz,
            blocksize=round(rate_hz * CALLBACK_SECONDS),
            device=device.index,
            channels=channels,
            dtype="int16",
            latency="low",
            callback=self._on_audio,
        )
        try:
            stream.start()
        except BaseException:
            stream.close()
            raise
        return stream

    def _on_audio(self, data: Any, frames: int, moment: Any, status: Any) -> None:
        """PortAudio's callback: `bytes` copies the sound, and a SimpleQueue's `put` never waits."""
        if self._received.qsize() < self._queue_limit:
            self._received.put(bytes(data))
