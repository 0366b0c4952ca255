"""An event for calendars, held to RFC 5545."""

import pytest

from audiocast.web.pages.calendar_event import MAX_LINE_BYTES, event

URL = "https://radio.example.org/listen/evening"
# 2027-01-31T19:00:00Z
STARTS_AT = 1_801_422_000


def unfolded(text: str) -> list[str]:
    assert text.endswith("\r\n")
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def test_it_says_what_when_and_where() -> None:
    assert unfolded(event(URL, "Evening", STARTS_AT)) == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//audiocast//audiocast//EN",
        "BEGIN:VEVENT",
        f"UID:{URL}",
        "DTSTAMP:20270131T190000Z",
        "DTSTART:20270131T190000Z",
        "DURATION:PT1H",
        "SUMMARY:Evening",
        f"URL:{URL}",
        f"DESCRIPTION:{URL}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]


@pytest.mark.parametrize(
    ("title", "summary"),
    [
        ("", "Untitled broadcast"),
        ("One; two, three \\ four", "One\\; two\\, three \\\\ four"),
        ("Вечер " * 33, "Вечер " * 33),
        ("🎻" * 200, "🎻" * 200),
    ],
)
def test_lines_are_short_and_whole_again_when_they_are_unfolded(title: str, summary: str) -> None:
    text = event(URL, title, STARTS_AT)
    assert max(len(line.encode()) for line in text.split("\r\n")) <= MAX_LINE_BYTES
    assert f"SUMMARY:{summary}" in unfolded(text)
