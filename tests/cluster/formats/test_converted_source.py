"""A source of MP3 in a cluster: made Opus of where it connects, and heard at another member."""

from pathlib import Path

from tests.cluster.members import Members
from tests.programs.heard import check_steady, decoded
from tests.support.audio.foreign_sound import SECONDS, TONE_HZ, tone
from tests.support.http.exchange import connect
from tests.support.http.listener import Listener


def test_mp3_at_one_member_is_opus_at_the_others(tmp_path: Path) -> None:
    with Members(tmp_path, 3, HEADER_WAIT_TIMEOUT=20) as members:
        started = members.start_stream(owner="m0", at="m1")
        with (
            Listener(members["m2"].port, f"/stream/{started.stream_id}?preroll=10") as listener,
            connect(members["m1"].port) as source,
        ):
            target = f"/ingest/{started.stream_id}?key={started.ingest_key}"
            source.sendall(f"PUT {target} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode() + tone("mp3"))
            listener.wait_for_audio(SECONDS - 0.2).check_one_stream()
        check_steady(decoded(listener.body)[24_000 : round((SECONDS - 0.2) * 48_000)], TONE_HZ)
        assert members.complaints() == []
