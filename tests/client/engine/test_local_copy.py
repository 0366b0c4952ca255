"""The file beside the broadcast: whole, never over another one, and no harm when the disk is full."""

from pathlib import Path

import pytest

from audiocast.ogg.headers import OpusTags
from tests.client.sound import decode, power_share
from tk_streamer.audio.encoder import OpusEncoder
from tk_streamer.audio.music import tone
from tk_streamer.engine.local_copy import LocalCopy
from tk_streamer.errors import SoundError

TAGS = OpusTags(vendor="test")
BLOCKS = 60


def write(path: Path) -> LocalCopy:
    encoder = OpusEncoder()
    copy = LocalCopy(path, encoder.opus_head, TAGS)
    blocks = tone(1000)
    for _ in range(BLOCKS):
        for packet in encoder.encode(next(blocks)):
            copy.add(packet)
    (last,) = encoder.flush()
    copy.close(last, 960 - encoder.opus_head.pre_skip)
    return copy


def test_it_holds_the_sound_to_the_sample(tmp_path: Path) -> None:
    copy = write(tmp_path / "copy.opus")
    assert copy.trouble is None
    left, _ = decode(copy.path)
    assert len(left) == BLOCKS * 960
    assert power_share(left, 1000) > 0.98


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "copy.opus"
    path.write_bytes(b"precious")
    assert write(path).path == tmp_path / "copy-2.opus"
    assert write(path).path == tmp_path / "copy-3.opus"
    assert path.read_bytes() == b"precious"


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SoundError, match="No such file or directory") as caught:
        LocalCopy(tmp_path / "nowhere" / "copy.opus", OpusEncoder().opus_head, TAGS)
    assert caught.value.code == "copy_failed"


def test_a_full_disk_ends_the_copy_and_nothing_else(tmp_path: Path) -> None:
    # The kernel's own full disk; a file that is there already is not opened, so it gets a free name.
    full = tmp_path / "full.opus"
    copy = LocalCopy(full, OpusEncoder().opus_head, TAGS)
    assert copy._file is not None
    copy._file.close()
    copy._file = open("/dev/full", "wb", buffering=0)  # noqa: SIM115
    for _ in range(60):
        copy.add(bytes([0xFC, 0xFF, 0xFE]))
    copy.close(None, 0)
    assert copy.trouble is not None
    assert copy.trouble.code == "copy_failed"
    assert "No space left" in str(copy.trouble)
