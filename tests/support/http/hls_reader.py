"""A player of HLS that is a test's own: fetches each part once, and holds playlists against the rules."""

import time
from typing import Self
from urllib.parse import urljoin

import requests

from tests.support.audio.hls_rules import Playlist
from tests.support.audio.mp4_boxes import fragments

WAIT_SECONDS = 10.0


class HlsReader:
    """Plays from the first reload on.

    Args:
        base: URL of a server or of a proxy before it.
        stream_id: What to play.

    Attributes:
        playlist: The newest.
        media: What was fetched, by URI.
        playlists: URLs that the playlist was asked for with.
    """

    def __init__(self, base: str, stream_id: str) -> None:
        self.url = f"{base}/stream/{stream_id}/hls/index.m3u8"
        self.media: dict[str, bytes] = {}
        self.playlists: list[str] = []
        self._http = requests.Session()
        self._order: list[str] = []
        self.playlist = self._parse(self._get(self.url))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    @property
    def packets(self) -> list[bytes]:
        """All that was fetched as parts, in order."""
        data = b"".join(self.media[uri] for uri in self._order)
        return [packet for fragment in fragments(data) for packet, _ in fragment.packets]

    def reload(self) -> Playlist:
        """Ask for what comes after the newest playlist, and wait for it."""
        number, part = self.playlist.next_position
        before = self.playlist
        self.playlist = self._parse(self._get(f"{self.url}?_HLS_msn={number}&_HLS_part={part}"))
        self.playlist.check_follows(before)
        if not self.playlist.is_ended:
            assert self.playlist.next_position > (number, part), "what was asked for is there"
        return self.playlist

    def read(self, seconds: float) -> None:
        """Play for so long, or to the end."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self.playlist.is_ended:
            self.fetch_parts()
            self.reload()
        self.fetch_parts()

    def fetch_parts(self) -> None:
        """Get all parts that are new."""
        for segment in self.playlist.segments:
            for uri, _ in segment.parts:
                if uri not in self.media:
                    self._order.append(uri)
                    self.fetch(uri)

    def fetch(self, uri: str) -> bytes:
        """Get what the playlist lists."""
        self.media[uri] = self._get(urljoin(self.url, uri)).content
        return self.media[uri]

    def _get(self, url: str) -> requests.Response:
        response = self._http.get(url, timeout=WAIT_SECONDS)
        assert response.status_code == 200, (url, response.text)
        return response

    def _parse(self, response: requests.Response) -> Playlist:
        self.playlists.append(response.url)
        assert response.headers["Content-Type"] == "application/vnd.apple.mpegurl"
        return Playlist.parse(response.content.decode())
