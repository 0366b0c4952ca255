"""The forms of a report, and what strangers' names do to them: nothing."""

import csv
import io
import json
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

import pytest

from audiocast.report.forms.charts import MOST_BARS, bars, curve, nice_top
from audiocast.report.forms.csv_text import csv_text
from audiocast.report.forms.html_page import MOST_ROWS, html_page
from audiocast.report.forms.json_text import json_text
from audiocast.report.forms.sound_exchange import (
    BadCatalogue,
    CatalogueEntry,
    read_catalogue,
    sound_exchange_text,
)
from audiocast.report.forms.table import table_text
from tests.unit.report.logs import added_up, listen, opened, track

HOSTILE = '</table><script>alert("x")</script>|^&\x1b[31m\u202e'
LONGEST = 3_600_000


class Tags(HTMLParser):
    """Notes the tags and the texts of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "rect", "line", "path"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("rect", "line", "path"):
            assert self.open.pop() == tag


def test_the_page_is_whole_loads_nothing_and_runs_nothing() -> None:
    result = added_up(
        [
            listen(0, 100, agent=HOSTILE, stream_id=HOSTILE),
            track(0, HOSTILE, HOSTILE, stream_id=HOSTILE.replace("\x1b", "").replace("\u202e", "")),
            opened(50, 3, 60),
        ],
        longest_play=LONGEST,
    )
    page = html_page(result)
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert not {"script", "link", "img", "iframe", "object", "base"} & set(tags.tags)
    assert not [name for name, _ in tags.attributes if name.startswith("on") or name in ("src", "href")]
    assert "url(" not in page
    assert "@import" not in page
    assert "&lt;script&gt;" in page
    assert "\x1b" not in page
    assert "prefers-color-scheme: dark" in page
    assert page.count("<svg") == 3
    assert "3 sessions (0.02 hours) have no record" in page


def test_the_page_of_many_streams_stays_small_and_says_so() -> None:
    result = added_up([listen(each, 1, stream_id=f"s{each:03}") for each in range(MOST_ROWS + 20)])
    page = html_page(result)
    assert "20 more; the CSV form has all." in page
    assert f">s{MOST_ROWS}<" not in page


def test_charts_are_wellformed_and_add_up_what_is_too_much() -> None:
    values = [(f"<{each}>", float(each)) for each in range(1000)]
    drawn = ElementTree.fromstring(bars("A & B", values))
    assert len(drawn.findall("rect")) <= MOST_BARS
    assert all(float(rect.get("height", "-1")) >= 0 for rect in drawn.findall("rect"))
    ElementTree.fromstring(curve("C", [("now", 5), ("then", 0)]))
    ElementTree.fromstring(bars("nothing", []))


def test_scales_end_with_a_round_number() -> None:
    assert [nice_top(value) for value in (0, 1, 1.5, 3, 6, 11, 21, 70, 999)] == [
        *(1, 1, 2, 5, 10, 20, 50, 100, 1000),
    ]


def test_json_has_all_numbers() -> None:
    result = added_up(
        [listen(0, 1800), listen(900, 900, client="c2", way="hls"), opened(60, 1, 60, node="x")]
    )
    report = json.loads(json_text(result))
    assert report["total"] == {
        "listening_hours": 0.766667,
        "listening_seconds": 2760.0,
        "sessions": 3,
        "uniques": 2,
        "average": round(2760 / 1800, 4),
        "peak": 2,
        "bytes": 2000,
        "peak_at": "2026-11-30T12:00:00+00:00",
    }
    assert report["without_record"] == {"sessions": 1, "listening_seconds": 60.0}
    assert set(report["by"]) == {"day", "hour", "stream", "way", "agent"}
    assert [row["name"] for row in report["by"]["way"]] == ["stream", "hls"]
    assert report["by"]["hour"][0]["bytes"] is None


def test_csv_has_a_row_for_each_row_and_no_formula() -> None:
    result = added_up([listen(0, 3600, agent="=HYPERLINK(1)"), listen(0, 60, agent='@a"b,c')])
    read = list(csv.reader(io.StringIO(csv_text(result))))
    assert read[0] == "by name listening_hours sessions uniques average peak bytes".split()
    assert read[1] == ["total", "total", "1.016667", "2", "1", "1.0167", "2", "2000"]
    assert [row[1] for row in read if row[0] == "agent"] == ["'=HYPERLINK(1)", "'@a\"b,c"]
    assert {len(row) for row in read} == {8}


def test_the_table_is_for_terminals() -> None:
    text = table_text(added_up([listen(0, 3600, agent=HOSTILE)]))
    assert all(line.isprintable() for line in text.splitlines())
    assert "         1.00         1        1     1.00     1        0.0" in text


def test_the_report_of_use_has_the_columns_of_sound_exchange() -> None:
    lines = [listen(0, 100), listen(50, 100, client="c2"), track(0, "A|B", "One^"), track(120, "C", "Two")]
    text = sound_exchange_text(
        added_up(lines, longest_play=LONGEST),
        service="My | Radio",
        category="B",
        catalogue={("c", "two"): CatalogueEntry("USABC2600001", "Album", "Label")},
    )
    assert text.split("\r\n") == [
        "NAME_OF_SERVICE|TRANSMISSION_CATEGORY|FEATURED_ARTIST|SOUND_RECORDING_TITLE|ISRC|ALBUM_TITLE"
        "|MARKETING_LABEL|ACTUAL_TOTAL_PERFORMANCES",
        "My Radio|B|A B|One||||2",
        "My Radio|B|C|Two|USABC2600001|Album|Label|1",
        "",
    ]


def test_a_catalogue_is_found_by_artist_and_title_in_any_case(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.csv"
    path.write_text("FEATURED_ARTIST,SOUND_RECORDING_TITLE,ISRC\n Björk ,JÓGA,GBAAA9700001\n")
    assert read_catalogue(path) == {("björk", "jóga"): CatalogueEntry("GBAAA9700001")}
    for bad in ("ARTIST,TITLE\n", "", "\x00"):
        path.write_text(bad)
        with pytest.raises(BadCatalogue):
            read_catalogue(path)
    path.write_bytes(b"\xff\xff")
    with pytest.raises(BadCatalogue):
        read_catalogue(path)
