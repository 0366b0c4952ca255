"""Each format, made by a real program, becomes Opus packets: the tone, its length, titles, changes within."""

import secrets
from collections.abc import Iterable, Sequence

import pytest

from audiocast.formats.decoding import transcoder
from audiocast.formats.decoding.transcoder import OpusPacket, Output, Transcoder
from audiocast.formats.decoding.units import Comments, Fault, NotTheFormat
from audiocast.ogg.headers import OpusTags
from audiocast.ogg.writer import PageWriter
from tests.programs.heard import check_tone
from tests.support.audio.foreign_sound import FORMATS, SECONDS, TONE_HZ, converted, id3_tag, tone, wave

PACKET_SECONDS = 0.02

# What the encoders put before and behind the sound, seconds; MP3 and AAC do not say how much of it is theirs.
PADDING_SECONDS = {"mp3": 0.08, "aac": 0.07}


# A page of Ogg is dropped as a whole, and oggenc fills pages: more than a second of a tone.
LOST_SECONDS = {"vorbis": 2.0}
LEAST_LEFT = dict.fromkeys(FORMATS, 0.7) | {"vorbis": 0.3}


def transcode(name: str, pieces: Iterable[bytes], **options: object) -> list[Output]:
    made = Transcoder(name, 96, **options)  # type: ignore[arg-type]
    outputs = [output for piece in pieces for output in made.feed(piece)]
    return [*outputs, *made.finish()]


def packets_of(outputs: Sequence[Output]) -> list[bytes]:
    return [output.data for output in outputs if isinstance(output, OpusPacket)]


def faults_of(outputs: Sequence[Output]) -> list[Fault]:
    return [output for output in outputs if isinstance(output, Fault)]


def comments_of(outputs: Sequence[Output]) -> list[tuple[str, ...]]:
    return [output.comments for output in outputs if isinstance(output, Comments)]


def check_sound(outputs: Sequence[Output], *, seconds: float) -> None:
    """Check with ffmpeg's decoder that it is the tone, for so long."""
    writer = PageWriter(secrets.randbits(32))
    stream = writer.headers(Transcoder("wav", 96).opus_head, OpusTags("test"))
    for packet in packets_of(outputs):
        stream += writer.audio([packet])
    # Encoders end softly, or fill their last frame up.
    check_tone(stream, TONE_HZ, seconds=seconds - 0.1, spoiled_windows=2)


@pytest.mark.parametrize("name", FORMATS)
def test_the_tone_is_heard_and_lasts_as_long(name: str) -> None:
    outputs = transcode(name, [tone(name)])
    assert faults_of(outputs) == []
    seconds = len(packets_of(outputs)) * PACKET_SECONDS
    longest = SECONDS + PACKET_SECONDS + PADDING_SECONDS.get(name, 0.0)
    assert SECONDS - PACKET_SECONDS <= seconds <= longest
    check_sound(outputs, seconds=SECONDS)


@pytest.mark.parametrize("name", FORMATS)
def test_cuts_make_no_difference(name: str) -> None:
    sound = tone(name)[:60_000]
    whole = transcode(name, [sound])
    assert transcode(name, [sound[at : at + 1] for at in range(len(sound))]) == whole
    assert transcode(name, [sound[at : at + 997] for at in range(0, len(sound), 997)]) == whole
    assert len(packets_of(whole)) > 10


@pytest.mark.parametrize("name", ["vorbis", "ogg-flac", "flac"])
def test_titles_within_are_found(name: str) -> None:
    second = converted(name, wave(rate=48_000, channels=1, seconds=1.0))
    found = comments_of(transcode(name, [tone(name) + second]))
    assert [{text.upper() for text in comments} & {"TITLE=SONG", "ARTIST=BAND"} for comments in found] == [
        {"TITLE=SONG", "ARTIST=BAND"}
    ] * 2


@pytest.mark.parametrize("name", FORMATS)
def test_rate_and_channels_may_change_within(name: str) -> None:
    parts = [tone(name), tone(name, rate=22_050, channels=1), tone(name, rate=48_000)]
    outputs = transcode(name, [b"".join(parts)])
    assert faults_of(outputs) == []
    padding = 3 * (PADDING_SECONDS.get(name, 0.0) + PACKET_SECONDS)
    seconds = len(packets_of(outputs)) * PACKET_SECONDS
    assert 3 * SECONDS - 0.1 <= seconds <= 3 * SECONDS + padding + 0.1


@pytest.mark.parametrize(
    "codec", ["pcm_u8", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le", "pcm_alaw", "pcm_mulaw"]
)
def test_all_kinds_of_pcm_are_heard(codec: str) -> None:
    outputs = transcode("wav", [wave(rate=48_000, channels=2, seconds=1.0, codec=codec)])
    assert len(packets_of(outputs)) == 50
    check_sound(outputs, seconds=1.0)


def test_six_channels_become_two() -> None:
    # WAVE_FORMAT_EXTENSIBLE.
    outputs = transcode("wav", [wave(rate=48_000, channels=6, seconds=1.0)])
    assert faults_of(outputs) == []
    check_sound(outputs, seconds=1.0)


@pytest.mark.parametrize("length", [0, 0x7FFFFFFF, 0xFFFFFFFF])
def test_wav_of_no_length_goes_on(length: int) -> None:
    sound = wave(rate=48_000, channels=2, seconds=1.0)
    at = sound.index(b"data") + 4
    endless = sound[:at] + length.to_bytes(4, "little") + sound[at + 4 :] + sound[at + 4 :]
    assert len(packets_of(transcode("wav", [endless]))) == 100


@pytest.mark.parametrize("name", ["mp3", "aac", "flac"])
def test_tags_and_pictures_between_frames_are_no_faults_and_are_not_kept(name: str) -> None:
    made = Transcoder(name, 96)
    tag = id3_tag(20_000_000)
    outputs = list(made.feed(tone(name) + tag[:1_000_000]))
    for at in range(1_000_000, len(tag), 1_000_000):
        assert list(made.feed(tag[at : at + 1_000_000])) == []
        assert len(made._framer._buffer) < 100_000  # type: ignore[attr-defined]
    outputs += [*made.feed(tone(name)), *made.finish()]
    assert faults_of(outputs) == []
    assert len(packets_of(outputs)) * PACKET_SECONDS >= 2 * SECONDS - 0.1
    # Of FLAC the last frame before the tag is known to be whole when another one comes.
    assert made.header_bytes >= len(tag)


@pytest.mark.parametrize("name", FORMATS)
def test_damage_is_dropped_and_the_sound_goes_on(name: str) -> None:
    sound = bytearray(tone(name))
    for at in range(9_000, len(sound), 20_000):
        sound[at : at + 900] = bytes(900)
    outputs = transcode(name, [bytes(sound)])
    seconds = len(packets_of(outputs)) * PACKET_SECONDS
    assert seconds >= LEAST_LEFT[name] * SECONDS
    if name != "wav":
        assert faults_of(outputs)


@pytest.mark.parametrize("name", FORMATS)
def test_another_madegoes_on_in_the_middle(name: str) -> None:
    sound = tone(name, seconds=2 * SECONDS)
    half = len(sound) // 2 + 1
    first = Transcoder(name, 96)
    before = packets_of(list(first.feed(sound[:half])))
    after = transcode(name, [sound[half:]], state=first.resume_state(), position=half)
    assert len(first.resume_state()) <= 131_072
    seconds = (len(before) + len(packets_of(after))) * PACKET_SECONDS
    assert 2 * SECONDS - LOST_SECONDS.get(name, 0.5) <= seconds <= 2 * SECONDS + 0.2
    assert len(packets_of(after)) > 50
    check_sound(after, seconds=len(packets_of(after)) * PACKET_SECONDS)


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_none_of_the_format_ends_it(name: str) -> None:
    made = Transcoder(name, 96)
    with pytest.raises(NotTheFormat):
        list(made.feed(b"\0\x01\x02\x03" * 100_000))


def test_sound_that_no_layout_fits_is_a_fault_and_not_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        def __init__(self, **_: object) -> None: ...

        def resample(self, frame: object) -> list[object]:
            raise ValueError("no layout")

    sound = tone("aac")
    made = Transcoder("aac", 96)
    with monkeypatch.context() as patched:
        patched.setattr(transcoder, "AudioResampler", Refusing)
        assert "no layout" in faults_of(list(made.feed(sound)))[0].message
    assert len(packets_of(list(made.feed(sound)))) * PACKET_SECONDS > SECONDS - 0.2
