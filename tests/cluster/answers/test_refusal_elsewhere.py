"""A broadcaster asks any member why its encoder was refused at another one."""

from pathlib import Path

import requests

from tests.cluster.members import Members
from tests.support.http.exchange import connect, read_answer
from tests.support.http.source import ingest_head


def test_every_member_tells_the_broadcaster_and_nobody_else(tmp_path: Path) -> None:
    with Members(tmp_path, 3) as members:
        started = members.start_stream(owner="m1", at="m0")
        with connect(members["m0"].port) as connection:
            target = f"/ingest/{started.stream_id}?key={started.ingest_key}"
            connection.sendall(ingest_head(target, "chunked") + b"8\r\nfLaC....\r\n0\r\n\r\n")
            assert read_answer(connection).status == 415
        key = {"Authorization": f"Bearer {started.ingest_key}"}
        for name in members.names:
            url = f"{members[name].base}/api/streams/{started.stream_id}"
            told = requests.get(url, headers=key, timeout=10).json()
            assert told["last_refusal"]["code"] == "not_ogg_opus"
            assert "FLAC" in told["last_refusal"]["message"]
            assert "last_refusal" not in requests.get(url, timeout=10).json()
