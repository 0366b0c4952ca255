"""What the window remembers between two runs, and the files that hold it. No Tk.

`preferences.json` holds everything but the token. The token is remembered only if the user asks for it, in a
file of its own that only its owner can read (mode 0600). A file that is not JSON counts as none; a value of
the wrong type or out of its choices is replaced by its default, the others are kept.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from tempfile import mkstemp

from tk_streamer.audio.encoder import FRAME_DURATIONS_MS
from tk_streamer.audio.limiter import MAX_GAIN_DB, MIN_GAIN_DB
from tk_streamer.audio.presets import PRESETS, PresetName

PREFERENCES_FILE = "preferences.json"
TOKEN_FILE = "token"
# A file of preferences has a few hundred bytes; a larger file is not one.
MAX_FILE_BYTES = 65_536

CHANNEL_CHOICES = (1, 2)
BITRATE_CHOICES_KBPS = (32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256)
FRAME_CHOICES_MS = FRAME_DURATIONS_MS

_CHOICES: Mapping[str, tuple[object, ...]] = {
    "channels": CHANNEL_CHOICES,
    "bitrate_kbps": BITRATE_CHOICES_KBPS,
    "frame_ms": FRAME_CHOICES_MS,
    "preset": tuple(PRESETS),
    "language": ("", "en", "ru"),
}


@dataclass(frozen=True, slots=True)
class Preferences:
    """The values of the form.

    Attributes:
        server_url: Address of the server, as the user typed it.
        title: Title of the stream, for listeners.
        description: What it is about, for listeners.
        link: An address for listeners.
        device_name: Name of the input; "" for the system's default.
        preset: "music" or "voice".
        gain_db: `MIN_GAIN_DB` to `MAX_GAIN_DB`.
        channels: 1 or 2.
        bitrate_kbps: One of `BITRATE_CHOICES_KBPS`.
        frame_ms: Length of a packet, one of `FRAME_CHOICES_MS`.
        keeps_copy: Write a copy of the broadcast into a file.
        copy_folder: Folder of the copies; "" for the user's music folder.
        remembers_token: Keep the token in its file.
        is_public: Show the stream on the server's start page.
        is_private: Only who has a link of their own or the code may listen; it is not public then.
        language: "en", "ru", or "" for the language of the system.
    """

    server_url: str = "http://localhost:8000"
    title: str = ""
    description: str = ""
    link: str = ""
    device_name: str = ""
    preset: PresetName = "music"
    gain_db: float = 0.0
    channels: int = 2
    bitrate_kbps: int = 96
    frame_ms: int = 20
    keeps_copy: bool = False
    copy_folder: str = ""
    remembers_token: bool = False
    is_public: bool = False
    is_private: bool = False
    language: str = ""

    @classmethod
    def of(cls, values: Mapping[str, object]) -> "Preferences":
        """Return the preferences of a file; a value of another type, or out of its choices, is left out."""
        good = {}
        for field in fields(cls):
            value, default = values.get(field.name), field.default
            choices = _CHOICES.get(field.name)
            if type(value) is type(default) and (choices is None or value in choices):
                good[field.name] = value
        made = cls(**good)  # type: ignore[arg-type]
        return replace(made, gain_db=max(MIN_GAIN_DB, min(MAX_GAIN_DB, made.gain_db)))


class PreferenceStore:
    """Reads and writes the preferences; each method blocks on the disk.

    Args:
        folder: Folder of the files; created by `save`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self) -> Preferences:
        """Return the saved preferences, or the defaults."""
        try:
            values = json.loads(self._read(PREFERENCES_FILE))
        except ValueError:
            values = {}
        return Preferences.of(values if isinstance(values, dict) else {})

    def load_token(self) -> str:
        """Return the remembered token, or ""."""
        return self._read(TOKEN_FILE).strip()

    def save(self, preferences: Preferences, token: str) -> None:
        """Write both files; without `remembers_token` the token's file is removed.

        Raises:
            OSError: The disk is full, or the folder cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(asdict(preferences), indent=2, ensure_ascii=False)
        self._replace(PREFERENCES_FILE, text + "\n")
        if preferences.remembers_token and token:
            self._replace(TOKEN_FILE, token + "\n")
        else:
            (self._folder / TOKEN_FILE).unlink(missing_ok=True)

    def _read(self, name: str) -> str:
        try:
            with (self._folder / name).open("rb") as file:
                return file.read(MAX_FILE_BYTES).decode("utf-8", "replace")
        except OSError:
            return ""

    def _replace(self, name: str, text: str) -> None:
        """Replace a file by a complete one; mkstemp creates it with mode 0600."""
        descriptor, unfinished = mkstemp(dir=self._folder, prefix=f".{name}-")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(unfinished, self._folder / name)
        except BaseException:
            Path(unfinished).unlink(missing_ok=True)
            raise
