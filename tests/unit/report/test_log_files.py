"""Files of logs: compressed, cut, in any order, and written by somebody who means harm."""

import gzip
import json
from pathlib import Path

import pytest

from audiocast.report.log_files import MAX_LINE_BYTES, LinesRead, read_logs
from audiocast.report.records import LoggedListen
from tests.unit.report.logs import listen, mark, of_files, opened, write


def read(*paths: Path) -> tuple[list[LoggedListen], LinesRead]:
    lines = LinesRead()
    return [each for each in read_logs(paths, lines) if isinstance(each, LoggedListen)], lines


def test_several_members_plain_and_compressed(tmp_path: Path) -> None:
    one = write(tmp_path / "one.log", [listen(0, 10), listen(5, 10)])
    two = tmp_path / "two.log.1"
    two.write_bytes(gzip.compress(json.dumps(listen(20, 30, node="two")).encode()))
    result = of_files(one, two, one)
    assert (result.total.milliseconds, result.total.sessions, result.lines) == (50_000, 3, 3)


def test_a_members_files_are_read_in_the_order_of_their_times(tmp_path: Path) -> None:
    # In the wrong order the member would have stopped before it told what is open.
    first = write(tmp_path / "b.log", [mark("started", 0), opened(60, 1, 60)])
    second = write(tmp_path / "a.log", [listen(0, 80), mark("stopped", 90)])
    for paths in ([first, second], [second, first]):
        result = of_files(*paths)
        assert (result.total.milliseconds, result.lost_sessions) == (80_000, 0)


def test_a_file_that_is_cut_counts_up_to_there(tmp_path: Path) -> None:
    whole = "".join(json.dumps(listen(each, 1, session=str(each * 7919))) + "\n" for each in range(3000))
    path = tmp_path / "cut.gz"
    packed = gzip.compress(whole.encode())
    path.write_bytes(packed[: len(packed) // 2])
    found, lines = read(path)
    assert 100 < len(found) < 3000
    assert lines.damaged == [f"cut.gz, after line {lines.lines}"]
    path.write_bytes(packed[:2000] + b"\xff" * 500 + packed[2500:])
    found, lines = read(path)
    assert len(found) < 3000
    assert len(lines.damaged) == 1


def test_bad_lines_are_counted_and_passed_over(tmp_path: Path) -> None:
    good = json.dumps(listen(0, 10)).encode()
    bad = [
        b"nonsense",
        b"{",
        b"[1]" * 10,
        b"\xff\xfe\x00",
        b'{"event":"listen"}',
        b'{"event":"listen","at":"now"}',
        b'{"event":"open","at":true}',
        b'{"event":"listen","at":NaN,"seconds":1}',
        b'{"event":"listen","at":Infinity,"seconds":1}',
        b'{"event":"listen","at":1796040000,"seconds":-1}',
        b'{"event":"listen","at":1796040000,"seconds":1e300}',
        b'{"event":"listen","at":1e400,"seconds":1}',
        b'{"event":"listen","at":1796040000,"seconds":' + b"9" * 5000 + b"}",
        b'{"event":"listen","at":1796040000,"seconds":1,"bytes":99999999999999999999}',
        b'{"event":"listen","at":1796040000,"seconds":1,"agent":["x"]}',
        b'{"event":"open","at":1796040000,"listeners":1e9,"seconds":0}',
        b'{"event":"open","at":1796040000,"listeners":1,"seconds":1e9}',
        b'{"a":' * 10_000,
        b"x" * 1_000_000,
        b'{"event":"listen","at":1796040000,"seconds":1,"agent":"' + b"x" * MAX_LINE_BYTES + b'"}',
    ]
    path = tmp_path / "hostile.log"
    path.write_bytes(b"\n".join([good, *bad, b"", good, b'{"event":"stream_started"}', good]))
    found, lines = read(path)
    assert len(found) == 3
    assert (lines.bad, lines.lines) == (len(bad), len(bad) + 4)
    assert lines.first_bad == "hostile.log:2: no line of an access log"


def test_texts_from_strangers_are_one_clean_line(tmp_path: Path) -> None:
    hostile = "\x1b[2J\u202e\ud800<script>\r\n" + "a" * 5000
    path = write(tmp_path / "texts.log", [listen(0, 1, agent=hostile, stream_id=hostile, client=hostile)])
    found, _ = read(path)
    for text in (found[0].agent, found[0].stream_id, found[0].client):
        assert text.isprintable()
        assert len(text) <= 200
        text.encode()


def test_a_clock_that_was_set_changes_no_length(tmp_path: Path) -> None:
    # The wall clock went back by an hour while somebody listened for a minute.
    path = write(tmp_path / "skew.log", [listen(0, 60) | {"started_at": listen(0, 60)["at"] + 3540}])
    assert of_files(path).total.milliseconds == 60_000


def test_members_whose_clocks_differ_are_added_up_all_the_same(tmp_path: Path) -> None:
    one = write(tmp_path / "one", [listen(0, 60)])
    two = write(tmp_path / "two", [listen(-7200, 60, node="two"), opened(-7000, 1, 5, node="two")])
    result = of_files(one, two)
    assert (result.total.milliseconds, result.total.sessions, result.total.peak) == (125_000, 3, 1)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none.log")


def test_an_empty_file_is_an_empty_report(tmp_path: Path) -> None:
    path = write(tmp_path / "empty.log", [])
    result = of_files(path)
    assert (result.total.sessions, result.total.peak, result.start, result.end) == (0, 0, 0, 0)
