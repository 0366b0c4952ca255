"""Errors of other formats than Ogg Opus."""

from audiocast.ogg.errors import OggError


class BadFrame(OggError):
    """A frame of another format is damaged."""

    code = "bad_frame"
