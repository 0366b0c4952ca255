"""What is sent, and how it is encoded: a preset for music and one for voices. Pure.

Both are coded alike. libopus's "voip", which knows voices, is better below 40 kbit/s only: above, it is 4 ms
later than "lowdelay", and loud speech comes out up to 0.9 LU softer than it went in.

A desktop program has no filters against echo and noise, as browsers have: the sound system's own may be used
(PipeWire and PulseAudio have `module-echo-cancel`, whose source stands in the list of inputs).
"""

from dataclasses import dataclass
from typing import Literal

PresetName = Literal["music", "voice"]


@dataclass(frozen=True, slots=True)
class Preset:
    """Settings that go together.

    Attributes:
        channels: 1 or 2.
        bitrate_kbps: Without the Ogg overhead.
        cuts_lows: Take away rumble below a voice.
    """

    channels: int
    bitrate_kbps: int
    cuts_lows: bool


PRESETS: dict[PresetName, Preset] = {
    "music": Preset(channels=2, bitrate_kbps=96, cuts_lows=False),
    "voice": Preset(channels=1, bitrate_kbps=64, cuts_lows=True),
}
