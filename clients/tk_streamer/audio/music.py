"""Generated sound: an endless gentle piece for the demo, and a plain tone for tests.

A piece is rendered once, as arrays, when it begins, which takes a second; playing adds up slices of these
arrays and costs a few per cent of a core. This module knows no clock: the reader of the blocks sets the pace.

The piece has four soft chords that come round, and over them a plucked figure of sixteen steps. A few of
these steps change with each chord. All of it follows from the seed. Blocks are as in `pcm`.
"""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import accumulate, count, repeat
from operator import add, mul
from typing import TypeAlias

from audiocast.ogg.opus import SAMPLE_RATE
from tk_streamer.audio.pcm import BLOCK_SAMPLES

CHANNELS = 2

# A step is a quaver: 21 blocks, 420 ms, 71 crotchets a minute. Notes begin where blocks do.
STEP_BLOCKS = 21
STEPS_PER_CHORD = 16
CHORD_BLOCKS = STEPS_PER_CHORD * STEP_BLOCKS

# MIDI note numbers (69 is A at 440 Hz), bass first: Dmaj9, Bm11, Gmaj9, Asus.
CHORDS = ((38, 57, 61, 64, 66), (35, 57, 62, 64, 66), (43, 57, 59, 62, 66), (45, 57, 59, 62, 64))
# D major without its half tones: no two of these notes clash, over none of the chords.
SCALE = (62, 64, 66, 69, 71, 74, 76, 78, 81, 83)

# Amplitudes of the harmonics: soft for the chords, bright only while a string is struck.
PAD_HARMONICS = (1.0, 0.35, 0.12, 0.05)
PLUCK_HARMONICS = (1.0, 0.18)
BRIGHT_HARMONICS = (0.0, 0.3, 0.3, 0.15, 0.1)

# Peaks of one wave of a chord and of one string; full scale is 32767. At worst two chords of five waves and
# the last strings with their echoes add up, to less than -6 dBFS. A sum over full scale raises OverflowError.
PAD_PEAK = 1_350.0
PLUCK_PEAK = 3_600.0

# 1.68 s in, and as much out.
PAD_FADE_BLOCKS = 84
# 1.68 s.
PLUCK_BLOCKS = 84
PLUCK_DECAY_SECONDS = 0.4
# 0.28 s.
BRIGHT_BLOCKS = 14
BRIGHT_DECAY_SECONDS = 0.06
# 0.64 s, one and a half steps: echoes fall between the notes.
ECHO_BLOCKS = 32
ECHO_GAIN = 0.36
# 4 ms and 100 ms: short enough to sound like a string, long enough not to click.
ONSET_SAMPLES = 192
RELEASE_SAMPLES = 4_800
MAX_TABLE_SAMPLES = 4_000

# array takes a parameter for type checkers only before Python 3.12.
_Samples: TypeAlias = "array[int]"
_Block: TypeAlias = _Samples


def music(seed: int = 1) -> Iterator[bytes]:
    """Yield the piece as stereo blocks, without end.

    The same seed yields the same samples in every version of Python. The first block takes a second to
    compute, each other one 0.3 ms.

    Args:
        seed: Determines the figures; chords and timbre are always the same.
    """
    pads = [_render_pad(chord) for chord in CHORDS]
    envelopes = _decay(PLUCK_DECAY_SECONDS, PLUCK_BLOCKS), _decay(BRIGHT_DECAY_SECONDS, BRIGHT_BLOCKS)
    plucks = [
        _render_pluck(note, *envelopes, is_echo_left=index % 2 == 0) for index, note in enumerate(SCALE)
    ]
    silence = array("h", bytes(2 * CHANNELS * BLOCK_SAMPLES))
    voices: list[Iterator[_Block]] = []
    figures = _figures(random.Random(seed))
    figure: Sequence[int | None] = ()
    for position in count():
        step, block_of_step = divmod(position, STEP_BLOCKS)
        if block_of_step == 0:
            chord, step_of_chord = divmod(step, STEPS_PER_CHORD)
            if step_of_chord == 0:
                figure = next(figures)
                voices.append(iter(pads[chord % len(pads)]))
            note = figure[step_of_chord]
            if note is not None:
                voices.append(iter(plucks[note]))
        sounding = [(voice, block) for voice in voices if (block := next(voice, None)) is not None]
        voices = [voice for voice, _ in sounding]
        yield array("h", map(sum, zip(silence, *(block for _, block in sounding), strict=True))).tobytes()


def tone(hz: float, *, peak: int = 8_000, channels: int = CHANNELS) -> Iterator[bytes]:
    """Yield a sine as blocks, without end and without a click between two blocks.

    Args:
        hz: Frequency.
        peak: Largest sample, up to 32767.
        channels: 1 or 2; both hold the same samples.
    """
    radians_per_sample = math.tau * hz / SAMPLE_RATE
    for start in count(step=BLOCK_SAMPLES):
        # The turns so far are counted exactly: after days, the argument of sin() would be too large to be
        # precise.
        phase = math.tau * float(Fraction(hz) * start / SAMPLE_RATE % 1)
        mono = array(
            "h", (round(peak * math.sin(phase + i * radians_per_sample)) for i in range(BLOCK_SAMPLES))
        )
        yield _interleave([mono] * channels).tobytes()


def _figures(rng: random.Random) -> Iterator[list[int | None]]:
    """Yield figures of `STEPS_PER_CHORD` indexes into `SCALE` (None is a rest), each a variation of the last.

    Only `Random.random` is called, because its sequence is the same in every version of Python.
    """
    figure: list[int | None] = [None] * STEPS_PER_CHORD
    note = len(SCALE) // 2
    changes = STEPS_PER_CHORD
    while True:
        for step in sorted(range(STEPS_PER_CHORD), key=lambda _: rng.random())[:changes]:
            note += (-2, -1, 1, 2)[int(4 * rng.random())]
            # At the ends of the scale the walk turns back.
            note = abs(note) if note < len(SCALE) else 2 * (len(SCALE) - 1) - note
            is_strong = step % 4 == 0
            figure[step] = note if rng.random() < (0.8 if is_strong else 0.4) else None
        yield list(figure)
        changes = 5


def _render_pad(chord: Sequence[int]) -> list[_Block]:
    """Render a chord that fades in, holds until the next chord comes, and fades out under it.

    Both channels are the same, so that a phone's one loudspeaker loses nothing. Each note but the bass has a
    weaker partner, 0.1 % sharp: the two beat slowly, which keeps the sound alive.
    """
    samples = (CHORD_BLOCKS + PAD_FADE_BLOCKS) * BLOCK_SAMPLES
    waves = [_wave(PAD_PEAK, _hz(note), PAD_HARMONICS, samples) for note in chord]
    waves += [_wave(0.5 * PAD_PEAK, 1.001 * _hz(note), PAD_HARMONICS, samples) for note in chord[1:]]
    mono = array("h", map(sum, zip(*waves, strict=True)))
    fade_samples = PAD_FADE_BLOCKS * BLOCK_SAMPLES
    fade = [math.sin(math.pi / 2 * i / fade_samples) ** 2 for i in range(fade_samples)]
    mono[:fade_samples] = _integers(map(mul, mono, fade))
    mono[-fade_samples:] = _integers(map(mul, mono[-fade_samples:], reversed(fade)))
    return _blocks([mono, mono])


def _render_pluck(
    note: int, envelope: array[float], bright_envelope: array[float], *, is_echo_left: bool
) -> list[_Block]:
    """Render a plucked note in the middle, and its echo on one side.

    Args:
        note: MIDI note number.
        envelope: Loudness of the string, for each sample.
        bright_envelope: Loudness of the bright onset of the string; shorter than `envelope`.
        is_echo_left: The echo is on the left; otherwise on the right.
    """
    string = array("f", map(mul, _wave(PLUCK_PEAK, _hz(note), PLUCK_HARMONICS, len(envelope)), envelope))
    struck = map(mul, _wave(PLUCK_PEAK, _hz(note), BRIGHT_HARMONICS, len(bright_envelope)), bright_envelope)
    string[: len(bright_envelope)] = array("f", map(add, string, struck))
    pause = array("h", bytes(2 * ECHO_BLOCKS * BLOCK_SAMPLES))
    dry = _integers(string) + pause
    wet = array("h", map(add, dry, pause + _integers(map(ECHO_GAIN.__mul__, string))))
    return _blocks([wet, dry] if is_echo_left else [dry, wet])


def _decay(seconds: float, blocks: int) -> array[float]:
    """Return an exponential decay that begins and ends without a click.

    Args:
        seconds: Time in which the decay falls to 1/e.
        blocks: Length of the result, in blocks.
    """
    samples, per_sample = blocks * BLOCK_SAMPLES, math.exp(-1 / (seconds * SAMPLE_RATE))
    envelope = array("f", accumulate(repeat(per_sample, samples - 1), mul, initial=1.0))
    for i in range(ONSET_SAMPLES):
        envelope[i] *= i / ONSET_SAMPLES
    for i in range(RELEASE_SAMPLES):
        envelope[samples - 1 - i] *= i / RELEASE_SAMPLES
    return envelope


def _wave(peak: float, hz: float, harmonics: Sequence[float], samples: int) -> _Samples:
    """Return that many samples of a wave whose first harmonic has the amplitude `peak`.

    The wave repeats one table of whole turns; `MAX_TABLE_SAMPLES` keeps these pitches within 0.02 Hz.
    """
    turns, table_samples = Fraction(hz / SAMPLE_RATE).limit_denominator(MAX_TABLE_SAMPLES).as_integer_ratio()
    exact = [0.0] * table_samples
    for harmonic, amplitude in enumerate(harmonics, start=1):
        radians_per_sample = math.tau * harmonic * turns / table_samples
        for i in range(table_samples):
            exact[i] += peak * amplitude * math.sin(radians_per_sample * i)
    table = _integers(exact)
    return (table * (samples // table_samples + 1))[:samples]


def _integers(samples: Iterable[float]) -> _Samples:
    return array("h", map(int, samples))


def _blocks(sides: Sequence[_Samples]) -> list[_Block]:
    """Interleave the channels and cut them into blocks."""
    samples, block = _interleave(sides), len(sides) * BLOCK_SAMPLES
    return [samples[start : start + block] for start in range(0, len(samples), block)]


def _interleave(sides: Sequence[_Samples]) -> _Samples:
    """Put the samples of one or more channels in turn."""
    samples = array("h", bytes(2 * len(sides) * len(sides[0])))
    for index, side in enumerate(sides):
        samples[index :: len(sides)] = side
    return samples


def _hz(note: int) -> float:
    """Return the frequency of a MIDI note number: equal temperament, A at 440 Hz."""
    return 440.0 * math.exp2((note - 69) / 12)
