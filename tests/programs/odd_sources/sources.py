"""Sources that are ordinary but odd: relays that send seconds at once, files with pictures, pages of 5 s.

The programs are the real ones, but for the microcontroller's. Each sends a tone for longer than it is
listened to.
"""

import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from audiocast.ogg.headers import OpusHead, is_opus_head
from audiocast.ogg.page import FLAG_BOS, Page
from tests.programs.ordinary_user import PREFIX
from tests.support.audio import media
from tests.support.audio.capture import read_pages

TONE_HZ = 440
# Longer than anybody listens.
FILE_SECONDS = 120

_HTTP = "http://radio.example.org:8000/ingest/STREAM_ID?key=INGEST_KEY"
_SHOUT = "source:INGEST_KEY@radio.example.org:8000/ingest/STREAM_ID"
_TONE = f"-f lavfi -i sine=frequency={TONE_HZ}:sample_rate=48000"

# A station that gives HLS and nothing else, with the server of files that Python has.
_STATION = (
    "mkdir -p hls; ffmpeg -hide_banner -loglevel warning -nostdin -re"
    f" {_TONE} -c:a aac -f hls -hls_time SEGMENT_SECONDS -hls_list_size 5 -hls_flags delete_segments"
    " hls/live.m3u8 & python3 -u -m http.server --bind 127.0.0.1 --directory hls 0 > port.log &"
    " until [ -f hls/live.m3u8 ] && grep -q port port.log; do sleep 0.1; done;"
    " port=$(sed -n 's/.* port \\([0-9]*\\) .*/\\1/p' port.log);"
)
# Without -re, which is for files: a live input sets the pace itself.
_RELAY = (
    " ffmpeg -hide_banner -loglevel warning -nostdin -i http://127.0.0.1:$port/live.m3u8 -ac 2 -c:a libopus"
    f' -b:a 96k -page_duration 20000 -f ogg -content_type audio/ogg -method POST "{_HTTP}"'
)
_VLC = (
    f"{PREFIX}cvlc -q --loop tone.wav --sout"
    f" '#transcode{{vcodec=none,acodec=opus,ab=BITRATE}}:std{{access=shout,mux=ogg,dst={_SHOUT}}}'"
)
_EZSTREAM = """<?xml version="1.0" encoding="UTF-8"?>
<ezstream>
  <servers><server>
    <hostname>radio.example.org</hostname><port>8000</port><user>source</user><password>INGEST_KEY</password>
  </server></servers>
  <streams><stream><mountpoint>/ingest/STREAM_ID</mountpoint><format>Ogg</format></stream></streams>
  <intakes><intake><type>playlist</type><filename>playlist.m3u</filename></intake></intakes>
</ezstream>
"""
_GSTREAMER = (
    "gst-launch-1.0 -q filesrc location=speech.wav ! wavparse ! audioconvert ! audioresample !"
    " opusenc bitrate=24000 audio-type=voice dtx=true ! oggmux max-delay=10000000 max-page-delay=10000000 !"
    f' curlhttpsink sync=true location="{_HTTP}"'
)
_MICROCONTROLLER = f'{sys.executable} {Path(__file__).parent / "microcontroller.py"} tone.opus "{_HTTP}"'


@dataclass(frozen=True)
class OddSource:
    """One of them.

    Attributes:
        command: For bash, with the documents' placeholders.
        make_files: Makes what the command reads in its folder.
        config: Text of `audiocast.xml`; empty: there is none.
        tone_share: Which share of the time the tone is there; the rest is silence of the source's own.
        pause_seconds: How long each silence of its own is.
        burst_seconds: How much comes at once.
    """

    command: str
    make_files: Callable[[Path], None] = lambda folder: None
    config: str = ""
    tone_share: float = 1.0
    pause_seconds: float = 0.0
    burst_seconds: float = 0.0


def _make_tone(folder: Path) -> None:
    media.wav_file(folder, seconds=FILE_SECONDS, tone_hz=TONE_HZ).rename(folder / "tone.wav")


def _make_short_packets(folder: Path) -> None:
    """One packet on each page, and none of them as long as 255 bytes."""
    tone = media.opus_file(folder, seconds=FILE_SECONDS, channels=1, bitrate_kbps=24, tone_hz=TONE_HZ)
    tone.rename(folder / "tone.opus")


def _make_speech(folder: Path) -> None:
    """Two seconds of tone and two of silence, in turns."""
    volume = "volume=eval=frame:volume='lt(mod(t,4),2)'"
    _run(f"ffmpeg -v error {_TONE} -af {volume} -t {FILE_SECONDS} -ac 1 speech.wav".split(" "), folder)


def _make_tracks(folder: Path) -> None:
    """Tracks of 12 s with the gains that loudness tools write, and pictures as music players write them."""
    noise = "color=size=380x380,noise=alls=100:allf=t"
    _run(f"ffmpeg -v error -f lavfi -i {noise} -frames:v 1 cover.png".split(" "), folder)
    wav = media.wav_file(folder, seconds=12, tone_hz=TONE_HZ)
    names = []
    for number, gain_db in enumerate((-5, -9, 0, -2)):
        name = f"track{number}.opus"
        picture = ["--picture", "cover.png"] if number % 2 else []
        _run(["opusenc", "--quiet", "--title", f"Track {number}", *picture, str(wav), name], folder)
        _set_gain(folder / name, gain_db)
        names.append(name)
    (folder / "playlist.m3u").write_text("\n".join(str(folder / name) for name in names * 4) + "\n")


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, timeout=60)


def _set_gain(path: Path, gain_db: float) -> None:
    pages = read_pages(path.read_bytes())
    head = OpusHead.parse(pages[0].body)
    body = bytearray(head.encode())
    struct.pack_into("<h", body, 16, round(gain_db * 256))
    assert is_opus_head(bytes(body))
    first = Page(FLAG_BOS, 0, pages[0].serial, pages[0].sequence, pages[0].lacing, bytes(body))
    path.write_bytes(b"".join(page.encode() for page in (first, *pages[1:])))


SOURCES = {
    "HLS of 6 s, relayed by ffmpeg": OddSource(
        _STATION.replace("SEGMENT_SECONDS", "6") + _RELAY, burst_seconds=6
    ),
    "HLS of 2 s, relayed by ffmpeg": OddSource(
        _STATION.replace("SEGMENT_SECONDS", "2") + _RELAY, burst_seconds=2
    ),
    "VLC at 8 kbit/s": OddSource(_VLC.replace("BITRATE", "8"), _make_tone, burst_seconds=5.1),
    "VLC at 12 kbit/s": OddSource(_VLC.replace("BITRATE", "12"), _make_tone, burst_seconds=3),
    # opusenc's pages have a second.
    "ezstream over files with pictures and gains": OddSource(
        "ezstream -v -c audiocast.xml", _make_tracks, config=_EZSTREAM, burst_seconds=1
    ),
    "a microcontroller": OddSource(_MICROCONTROLLER, _make_short_packets, burst_seconds=5.1),
    "GStreamer with DTX": OddSource(_GSTREAMER, _make_speech, tone_share=0.5, pause_seconds=2),
}
