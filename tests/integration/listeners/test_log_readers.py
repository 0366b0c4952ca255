"""GoAccess and AWStats, as Debian has them, read the access log; and so does the report, to the same sums."""

import json
import os
import re
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from audiocast.report.command import report
from audiocast.stream.audience.listen import ListenRecord, Way, Who
from audiocast.stream.audience.listen_end import ListenEnd
from audiocast.telemetry.audience_log.client_names import ClientNames
from audiocast.telemetry.audience_log.lines import icecast_listen
from tests.repo import tree

AWSTATS = "/usr/lib/cgi-bin/awstats.pl"
DOCUMENT = tree.ROOT / "docs/station/reports.md"

AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "VLC/3.0.21 LibVLC/3.0.21",
    'quo"ted \\ <b>agent</b>',
    # AWStats counts who says nothing as a robot.
    "mpv 0.40.0",
)

RECORDS = [
    ListenRecord(
        stream_id=f"show-{each % 3}",
        way=Way.HLS if each % 5 == 0 else Way.STREAM,
        who=Who(f"192.0.2.{each % 7}", AGENTS[each % 4], "https://example.org/page" if each % 2 else ""),
        aim_seconds=1.0,
        label=None,
        # AWStats wants them in their order, and none of tomorrow.
        ended_at=time.time() - 1000 + each,
        seconds=float(each),
        sent_bytes=1000 + each,
        end=ListenEnd.LEFT,
    )
    for each in range(60)
]


def write_log(path: Path, kind: str) -> Path:
    names = ClientNames(kind, "a secret of the server")
    path.write_bytes(b"".join(icecast_listen(record, names) for record in RECORDS))
    return path


def block(containing: str) -> str:
    """Return the block of code in the document that contains a text."""
    blocks: list[str] = re.findall(r"^```\n(.*?)^```", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    return next(each for each in blocks if containing in each)


@pytest.mark.parametrize("kind", ["full", "prefix", "none"])
def test_goaccess_reads_every_line(tmp_path: Path, kind: str) -> None:
    log = write_log(tmp_path / "access-1.log", kind)
    # The document's own command, with another kind of output.
    command = block("goaccess").replace("access-*.log", str(log)).replace("listeners.html", "out.json")
    command = command.strip() + (" --no-ip-validation" if kind == "none" else "")
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "out.json").read_text())
    assert (found["general"]["valid_requests"], found["general"]["failed_requests"]) == (60, 0)
    assert found["general"]["bandwidth"] == sum(record.sent_bytes for record in RECORDS)
    paths = Counter(
        f"/stream/{each.stream_id}" + ("/hls/index.m3u8" if each.way is Way.HLS else "") for each in RECORDS
    )
    assert {each["data"]: each["hits"]["count"] for each in found["requests"]["data"]} == paths
    # The last field: microseconds, as GoAccess has them.
    microseconds = sum(each["cumts"] for each in found["requests"]["data"])
    assert microseconds == sum(record.seconds for record in RECORDS) * 1_000_000


def test_awstats_reads_every_line(tmp_path: Path) -> None:
    log = write_log(tmp_path / "access.log", "full")
    (tmp_path / "awstats.radio.conf").write_text(
        f'LogFile="{log}"\nDirData="{tmp_path}"\nSiteDomain="radio.example"\nDNSLookup=0\n'
        + block("LogFormat=")
    )
    done = subprocess.run(
        [AWSTATS, "-config=radio", f"-configdir={tmp_path}", "-update"],
        env={**os.environ, "AWSTATS_ENABLE_CONFIG_DIR": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Found 0 corrupted records" in done.stdout, done.stdout + done.stderr
    assert "Found 60 new qualified records" in done.stdout
    days = [
        line.split()
        for data in tmp_path.glob("awstats*.radio.txt")
        for line in re.search(r"^BEGIN_DAY.*?\n(.*?)^END_DAY", data.read_text(), re.M | re.S)[1].splitlines()  # type: ignore[index]
    ]
    assert sum(int(day[2]) for day in days) == 60
    assert sum(int(day[3]) for day in days) == sum(record.sent_bytes for record in RECORDS)


def test_the_report_reads_the_same(tmp_path: Path) -> None:
    log = write_log(tmp_path / "access.log", "full")
    total = json.loads(report([str(log), "--format", "json"]))["total"]
    assert (total["sessions"], total["uniques"]) == (60, 7)
    assert total["listening_seconds"] == sum(record.seconds for record in RECORDS)
    assert total["bytes"] == sum(record.sent_bytes for record in RECORDS)
