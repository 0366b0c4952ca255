"""Families of programs that listen, by their `User-Agent`: what a report needs, and no more."""

import re

OTHER = "other"

# In this order: programs that are made of others name these too.
_FAMILIES = (
    ("audiocast", "audiocast"),
    ("VLC", r"\bVLC\b|LibVLC"),
    ("mpv", r"\bmpv\b|libmpv"),
    ("ffmpeg", r"\bLavf|FFmpeg"),
    ("GStreamer", r"GStreamer|souphttpsrc"),
    ("Liquidsoap", r"Liquidsoap"),
    ("MPD", r"Music Player Daemon|\bmpd\b"),
    ("foobar2000", r"foobar2000"),
    ("Winamp", r"Winamp|NullsoftWinamp|WinampMPEG"),
    ("Kodi", r"\bKodi\b|XBMC"),
    ("Sonos", r"\bSonos\b"),
    ("Alexa", r"\bAlexa|AmazonEcho|Echo/"),
    ("Chromecast", r"CrKey"),
    ("TuneIn", r"TuneIn"),
    ("ExoPlayer", r"ExoPlayer|AndroidXMedia3|stagefright"),
    ("Apple", r"AppleCoreMedia|iTunes/"),
    ("Icecast", r"\bIcecast\b"),
    ("curl", r"^curl/|^Wget/"),
    ("Python", r"^python-|aiohttp|httpx|urllib"),
    ("Edge", r"\bEdgA?/|EdgiOS/"),
    ("Opera", r"\bOPR/|Opera"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Yandex", r"YaBrowser/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrome/|CriOS/|Chromium/"),
    ("Safari", r"Safari/"),
)
_PATTERNS = tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in _FAMILIES)


def family_of(agent: str) -> str:
    """Return the family of a `User-Agent`; "other" when it is none of those that are known."""
    return next((name for name, pattern in _PATTERNS if pattern.search(agent)), OTHER)
