"""Real Ogg Opus files for the tests of this folder, made once a session."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.audio import media

# Options of `media.opus_file`: all durations, both encoders, mono to 5.1, one and many packets a page.
OPUS_VARIANTS: dict[str, dict[str, Any]] = {
    **{f"ffmpeg-{ms:g}ms": {"frame_ms": ms} for ms in (2.5, 5, 10, 20, 40, 60, 80, 100, 120)},
    **{f"opusenc-{ms:g}ms": {"encoder": "opusenc", "frame_ms": ms} for ms in (2.5, 5, 10, 20, 40, 60)},
    "ffmpeg-mono": {"channels": 1},
    "opusenc-mono": {"encoder": "opusenc", "channels": 1},
    "ffmpeg-5.1": {"channels": 6, "bitrate_kbps": 256},
    "opusenc-5.1": {"encoder": "opusenc", "channels": 6, "bitrate_kbps": 256},
    "ffmpeg-5.1-40ms": {"channels": 6, "bitrate_kbps": 256, "frame_ms": 40},
    "ffmpeg-cbr": {"vbr": False},
    "ffmpeg-page-1s": {"page_ms": 1000},
    "opusenc-page-1s": {"encoder": "opusenc", "page_ms": 1000},
    "ffmpeg-big-packets": {"frame_ms": 120, "bitrate_kbps": 510, "vbr": False, "page_ms": 1000},
}

MakeOpus = Callable[..., bytes]


@pytest.fixture(scope="session")
def media_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder in which the session's files are made."""
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="session")
def make_opus(media_folder: Path) -> MakeOpus:
    """Give a function that makes a real Ogg Opus file of one second; options as in `media.opus_file`."""

    def make(**options: Any) -> bytes:
        return media.opus_file(media_folder, **{"seconds": 1, **options}).read_bytes()

    return make


@pytest.fixture(scope="session", params=OPUS_VARIANTS)
def opus_variant(request: pytest.FixtureRequest, make_opus: MakeOpus) -> bytes:
    """Give a real Ogg Opus file of one second, for every variant."""
    return make_opus(**OPUS_VARIANTS[request.param])
