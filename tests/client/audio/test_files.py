"""Files as sound: formats, rates, loops, ends, and what is none."""

import time
from array import array
from pathlib import Path

import pytest

from tests.client.sound import power_share
from tests.support.audio.media import aac_file, flac_file, mp3_file, mp4_file, vorbis_file, wav_file
from tk_streamer.audio.files import FileSource
from tk_streamer.errors import SoundError

SECONDS = 20.0


def pcm_of(source: FileSource, channels: int = 2, most_blocks: int = 10_000) -> bytes:
    source.open(channels)
    blocks: list[bytes] = []
    while len(blocks) < most_blocks and (block := source.read()) is not None:
        blocks.append(block)
    source.close()
    assert {len(block) for block in blocks[:-1]} <= {960 * channels * 2}
    return b"".join(blocks)


@pytest.mark.parametrize("make", [wav_file, flac_file, mp3_file, aac_file, mp4_file, vorbis_file])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_format_is_48_khz_and_as_many_channels_as_asked(
    tmp_path: Path, make: object, channels: int
) -> None:
    path = make(tmp_path, seconds=1.0, tone_hz=997.0)  # type: ignore[operator]
    samples = array("h", pcm_of(FileSource(path, is_paced=False), channels))
    assert len(samples) / channels == pytest.approx(48_000, abs=5_000)
    assert power_share(samples[::channels], 997) > 0.95


def test_a_wave_file_comes_out_to_the_sample_and_a_loop_has_no_seam(tmp_path: Path) -> None:
    path = wav_file(tmp_path, seconds=0.5, tone_hz=1000.0)
    once = pcm_of(FileSource(path, is_paced=False))
    assert len(once) == 24_000 * 4
    again = pcm_of(FileSource(path, loops=True, is_paced=False), most_blocks=100)
    assert again == (once * 4)[: 100 * 960 * 4]


def test_it_keeps_real_time(tmp_path: Path) -> None:
    started = time.monotonic()
    pcm_of(FileSource(wav_file(tmp_path, seconds=0.5)))
    assert time.monotonic() - started > 0.45


def test_it_ends_when_it_is_interrupted(tmp_path: Path) -> None:
    source = FileSource(wav_file(tmp_path, seconds=0.5), loops=True, is_paced=False)
    source.open(2)
    assert source.read()
    source.interrupt()
    assert source.read() is None
    source.close()
    source.close()


@pytest.mark.parametrize(
    ("content", "code"),
    [(None, "file_unreadable"), (b"", "file_without_audio"), (b"no sound at all" * 99, "file_without_audio")],
)
def test_what_is_no_sound_is_told(tmp_path: Path, content: bytes | None, code: str) -> None:
    path = tmp_path / "a:b.mp3"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SoundError) as caught:
        FileSource(path).open(2)
    assert caught.value.code == code
    assert str(path) in str(caught.value)


def test_a_damaged_file_plays_what_is_left(tmp_path: Path) -> None:
    path = mp3_file(tmp_path, seconds=3.0)
    damaged = bytearray(path.read_bytes())
    damaged[10_000:14_000] = bytes(4_000)
    path.write_bytes(damaged)
    assert len(pcm_of(FileSource(path, is_paced=False))) > 2.0 * 48_000 * 4
