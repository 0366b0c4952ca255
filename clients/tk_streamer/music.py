"""Generated sound: an endless gentle piece for the demo, and a plain tone for tests.

Everything is rendered once, as arrays, when a piece begins (about a second of computing); playing it is adding up
slices of these arrays and costs a few per cent of a core. It knows no clock: whoever reads it sets the pace.

The piece: four soft chords that come round, and over them a plucked figure of sixteen steps of which a few change
each time a chord comes. All of it follows from the seed. Blocks hold signed 16-bit samples, left and right in turn,
in the machine's byte order.
"""

import math
import random
from array import array
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import count
from operator import mul

from audiocast.ogg.opus import SAMPLE_RATE

BLOCK_SAMPLES = 960
BLOCK_SECONDS = BLOCK_SAMPLES / SAMPLE_RATE
CHANNELS = 2

# A step is a quaver: 21 blocks, 420 ms, 71 crotchets a minute. Whole blocks, so that notes begin where blocks do.
STEP_BLOCKS = 21
STEPS_PER_CHORD = 16
CHORD_BLOCKS = STEPS_PER_CHORD * STEP_BLOCKS

# MIDI note numbers (69 is A at 440 Hz), bass first: Dmaj9, Bm11, Gmaj9, Asus.
CHORDS = ((38, 57, 61, 64, 66), (35, 57, 62, 64, 66), (43, 57, 59, 62, 66), (45, 57, 59, 62, 64))
# D major without its half tones: no two of these notes clash, over none of the chords.
SCALE = (62, 64, 66, 69, 71, 74, 76, 78, 81, 83)

# The budget below full scale (32767): at a change two chords sound, each at about half its peak, and about six
# plucked notes with their echoes, each far below its peak by then. The test adds up ten minutes of it.
PAD_PEAK = 7_200
PLUCK_PEAK = 3_900

_Block = array[int]

_FADE_BLOCKS = 84  # 1.68 s in and out
_PLUCK_BLOCKS = 110  # 2.2 s
_PLUCK_DECAY_SECONDS = 0.42
_ECHO_BLOCKS = 32  # 0.64 s: a dotted quaver, so that echoes fall between the notes
_ECHO_GAINS = (0.34, 0.13)


def music(seed: int = 1) -> Iterator[bytes]:
    """Give the piece as stereo blocks of 960 samples, without end.

    The same seed gives the same samples for ever. The first block takes about a second, the others some 0.4 ms.

    Args:
        seed: Chooses the figures; the chords and the sound stay.
    """
    pads = [_render_pad(chord) for chord in CHORDS]
    plucks = [_render_pluck(note, pan) for pan, note in zip(_pans(len(SCALE)), SCALE, strict=True)]
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
        heard = [(voice, block) for voice in voices if (block := next(voice, None)) is not None]
        voices = [voice for voice, _ in heard]
        yield array("h", map(sum, zip(silence, *(block for _, block in heard), strict=True))).tobytes()


def tone(hz: float, *, peak: int = 8_000, channels: int = CHANNELS) -> Iterator[bytes]:
    """Give a sine as blocks of 960 samples, without end and without a click between blocks.

    Args:
        hz: Frequency.
        peak: Largest sample, up to 32767.
        channels: 1 or 2; both sound the same.
    """
    radians_per_sample = math.tau * hz / SAMPLE_RATE
    for start in count(step=BLOCK_SAMPLES):
        # The turns made so far are counted exactly: a large argument of sin() would be a coarse one after days.
        phase = math.tau * float(Fraction(hz) * start / SAMPLE_RATE % 1)
        mono = [round(peak * math.sin(phase + i * radians_per_sample)) for i in range(BLOCK_SAMPLES)]
        yield _interleave([mono] * channels).tobytes()


def _figures(chance: random.Random) -> Iterator[list[int | None]]:
    """Give figures of `STEPS_PER_CHORD` indexes into `SCALE` (None is a rest), each a variation of the last.

    Only `Random.random` is used: its sequence is the same in every version of Python.
    """
    figure: list[int | None] = [None] * STEPS_PER_CHORD
    note = len(SCALE) // 2
    changes = STEPS_PER_CHORD
    while True:
        for step in sorted(range(STEPS_PER_CHORD), key=lambda _: chance.random())[:changes]:
            note += (-2, -1, 1, 2)[int(4 * chance.random())]
            # At the ends of the scale the walk turns back.
            note = abs(note) if note < len(SCALE) else 2 * (len(SCALE) - 1) - note
            is_strong = step % 4 == 0
            figure[step] = note if chance.random() < (0.8 if is_strong else 0.4) else None
        yield list(figure)
        changes = 5


def _render_pad(chord: Sequence[int]) -> list[_Block]:
    """Render a chord that fades in, holds until the next one comes, and fades out under it.

    Left and right are out of tune by 0.06 %, one up and one down: a slow, wide movement.
    """
    blocks = CHORD_BLOCKS + _FADE_BLOCKS
    samples = blocks * BLOCK_SAMPLES
    fade = [math.sin(math.pi / 2 * i / (_FADE_BLOCKS * BLOCK_SAMPLES)) ** 2 for i in range(_FADE_BLOCKS * BLOCK_SAMPLES)]
    envelope = array("f", fade) + array("f", [1.0]) * (samples - 2 * len(fade)) + array("f", reversed(fade))
    sides = []
    for detune in (0.9994, 1.0006):
        voices = [_wave(_hz(note) * detune, (1.0, 0.35, 0.12, 0.05), samples) for note in chord]
        sides.append(array("f", map(mul, map(sum, zip(*voices, strict=True)), envelope)))
    return _blocks(sides, PAD_PEAK)


def _render_pluck(note: int, pan: float) -> list[_Block]:
    """Render a plucked note and its echoes, which come from the other side.

    Args:
        note: MIDI note number.
        pan: From 0 (left) to 1 (right).
    """
    samples = _PLUCK_BLOCKS * BLOCK_SAMPLES
    body = map(mul, _wave(_hz(note), (1.0, 0.18), samples), _decay(_PLUCK_DECAY_SECONDS, samples))
    # The string is bright only when it is struck.
    bright_samples = samples // 8
    bright_wave = _wave(_hz(note), (0.0, 0.3, 0.3, 0.15, 0.1), bright_samples)
    bright = array("f", map(mul, bright_wave, _decay(_PLUCK_DECAY_SECONDS / 7, bright_samples)))
    dry = array("f", map(sum, zip(body, bright + array("f", bytes(4 * (samples - bright_samples))), strict=True)))
    parts = []
    for index, gain in enumerate((1.0, *_ECHO_GAINS)):
        before = array("f", bytes(4 * index * _ECHO_BLOCKS * BLOCK_SAMPLES))
        after = array("f", bytes(4 * (len(_ECHO_GAINS) - index) * _ECHO_BLOCKS * BLOCK_SAMPLES))
        parts.append((before + dry + after, gain, pan if index % 2 == 0 else 1 - pan))
    sides = []
    for is_right in (False, True):
        gains = [gain * math.sqrt(side if is_right else 1 - side) for _, gain, side in parts]
        heard = zip(*(part for part, _, _ in parts), strict=True)
        sides.append(array("f", (a * gains[0] + b * gains[1] + c * gains[2] for a, b, c in heard)))
    return _blocks(sides, PLUCK_PEAK)


def _wave(hz: float, harmonics: Sequence[float], samples: int) -> array[float]:
    """Give that many samples of a wave with these amplitudes of its harmonics.

    It repeats one table that holds whole turns; the fraction keeps the pitch within 0.02 Hz.
    """
    turns, table_samples = Fraction(hz / SAMPLE_RATE).limit_denominator(2_000).as_integer_ratio()
    table = array(
        "f",
        (
            sum(
                amplitude * math.sin(math.tau * harmonic * turns * i / table_samples)
                for harmonic, amplitude in enumerate(harmonics, start=1)
            )
            for i in range(table_samples)
        ),
    )
    return (table * (samples // table_samples + 1))[:samples]


def _decay(seconds: float, samples: int) -> array[float]:
    """Give an exponential decay after an onset of 4 ms that does not click, down to 0 at the end."""
    onset_samples = SAMPLE_RATE // 250
    factor = math.exp(-1 / (seconds * SAMPLE_RATE))
    envelope, level = array("f"), 1.0
    for i in range(samples):
        envelope.append(level * min(1.0, i / onset_samples) * min(1.0, (samples - i) / 4_800))
        level *= factor
    return envelope


def _blocks(sides: Sequence[array[float]], peak: int) -> list[_Block]:
    """Cut both sides into interleaved blocks, scaled so that the largest sample is `peak`."""
    scale = peak / max(max(map(abs, side)) for side in sides)
    samples = _interleave([map(int, map(scale.__mul__, side)) for side in sides])
    block = CHANNELS * BLOCK_SAMPLES
    return [samples[start : start + block] for start in range(0, len(samples), block)]


def _interleave(sides: Sequence[Iterator[int] | list[int]]) -> _Block:
    """Put the samples of one or more channels in turn."""
    columns = [array("h", side) for side in sides]
    samples = array("h", bytes(2 * len(columns) * len(columns[0])))
    for index, column in enumerate(columns):
        samples[index :: len(columns)] = column
    return samples


def _hz(note: int) -> float:
    """Give the frequency of a MIDI note number, equal temperament, A at 440 Hz."""
    return 440.0 * 2.0 ** ((note - 69) / 12)


def _pans(notes: int) -> list[float]:
    """Spread notes between left (0.2) and right (0.8), neighbours apart."""
    return [0.2 + 0.6 * (index * 0.618 % 1) for index in range(notes)]
