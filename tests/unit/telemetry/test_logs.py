"""Logs: one JSON object a line, or lines for people; ours and those of libraries alike."""

import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from audiocast.telemetry.log_queue import LINES_LOST, LogQueueHandler
from audiocast.telemetry.logs import set_up_logs


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Restore the logging of the test run."""
    root, access, general = (logging.getLogger(name) for name in (None, "tornado.access", "tornado.general"))
    before = (list(root.handlers), root.level, access.disabled, general.level)
    yield
    close_log()
    root.handlers[:], level, access.disabled, general_level = before
    root.setLevel(level)
    general.setLevel(general_level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def close_log() -> None:
    """Wait until all lines are written."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, LogQueueHandler):
            handler.close()


def events(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return the events that were written, which must be JSON lines on standard error alone."""
    close_log()
    out, err = capfd.readouterr()
    assert out == ""
    return [json.loads(line) for line in err.splitlines()]


def test_an_event_is_one_line_of_json_with_node_level_and_time(capfd: pytest.CaptureFixture[str]) -> None:
    set_up_logs(form="json", level="info", node="pod-0")
    structlog.get_logger().info("stream_live", stream_id="abc", title="я\nb")
    (event,) = events(capfd)
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "stream_live",
        "level": "info",
        "node": "pod-0",
        "stream_id": "abc",
        "title": "я\nb",
    }


def test_logs_of_libraries_have_the_same_form(capfd: pytest.CaptureFixture[str]) -> None:
    set_up_logs(form="json", level="info", node="pod-0")
    logging.getLogger("tornado.application").error("no %s", "luck")
    (event,) = events(capfd)
    assert (event["event"], event["level"], event["node"]) == ("no luck", "error", "pod-0")


def test_a_stack_trace_stays_on_its_line(capfd: pytest.CaptureFixture[str]) -> None:
    set_up_logs(form="json", level="info", node="pod-0")
    try:
        raise ValueError("something")
    except ValueError:
        structlog.get_logger().exception("failed")
    (event,) = events(capfd)
    assert "ValueError: something" in event["exception"]


def test_less_than_the_level_is_not_written(capfd: pytest.CaptureFixture[str]) -> None:
    set_up_logs(form="json", level="warning", node="pod-0")
    structlog.get_logger().info("quiet")
    logging.getLogger("some.library").info("quiet")
    structlog.get_logger().warning("loud")
    assert [event["event"] for event in events(capfd)] == ["loud"]


def test_tornados_own_access_log_is_off(capfd: pytest.CaptureFixture[str]) -> None:
    set_up_logs(form="json", level="debug", node="pod-0")
    logging.getLogger("tornado.access").error("500 GET /")
    logging.getLogger("tornado.general").info("malformed")
    logging.getLogger("tornado.general").warning("worse")
    assert [event["event"] for event in events(capfd)] == ["worse"]


def test_set_up_twice_writes_once(capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        set_up_logs(form="json", level="info", node="pod-0")
    structlog.get_logger().info("once")
    assert len(events(capfd)) == 1


def test_for_people_it_is_text(capfd: pytest.CaptureFixture[str]) -> None:
    set_up_logs(form="console", level="info", node="pod-0")
    structlog.get_logger().info("stream_live", stream_id="abc")
    close_log()
    text = capfd.readouterr().err
    assert "stream_live" in text
    assert not text.lstrip().startswith("{")


@pytest.mark.parametrize("is_terminal", [True, False])
def test_auto_is_text_on_a_terminal_and_json_elsewhere(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: is_terminal)
    set_up_logs(form="auto", level="info", node="pod-0")
    structlog.get_logger().info("stream_live")
    close_log()
    assert capfd.readouterr().err.startswith("{") is not is_terminal


@pytest.mark.parametrize(
    "hostile", ["\x1b[31mred", "\x9b31mred", "a\nlevel=critical", "a\rb", "\u2028b", "\u202eb", "\ud800"]
)
def test_a_terminal_gets_no_control_characters(capfd: pytest.CaptureFixture[str], hostile: str) -> None:
    set_up_logs(form="console", level="info", node="pod-0")
    structlog.get_logger().info("request", path=hostile, nested=[hostile])
    logging.getLogger("tornado.general").warning("malformed %s", hostile)
    try:
        raise ValueError(hostile)
    except ValueError:
        structlog.get_logger().exception("failed")
    close_log()
    text = capfd.readouterr().err
    # Our own colours begin with ESC [ and end with m.
    without_colours = re.sub(r"\x1b\[\d*(;\d+)*m", "", text.replace("\x1b[31mred", "raw"))
    assert "raw" not in without_colours
    assert all(each.isprintable() for line in without_colours.split("\n") for each in line)
    assert not any(line.startswith("level=critical") for line in without_colours.splitlines()[:3])
    escaped = hostile[0 if hostile[0] != "a" else 1].encode("unicode_escape").decode()
    assert without_colours.count(escaped) >= 3


def test_a_trace_on_a_terminal_has_lines(capfd: pytest.CaptureFixture[str]) -> None:
    set_up_logs(form="console", level="info", node="pod-0")
    try:
        raise ValueError("something")
    except ValueError:
        structlog.get_logger().exception("failed")
    close_log()
    assert "\nValueError: something\n" in capfd.readouterr().err


def test_what_repeats_is_summed_up(capfd: pytest.CaptureFixture[str]) -> None:
    set_up_logs(form="json", level="info", node="pod-0", max_repeats=3)
    before = lost("repeated")
    for number in range(40):
        structlog.get_logger().info("request", number=number)
        logging.getLogger("some.library").warning("message %d", number)
    structlog.get_logger().error("request")
    written = events(capfd)
    summaries = [event for event in written if event["event"] == "log_lines_suppressed"]
    suppressed = {each["suppressed_event"]: each["lines"] for each in summaries}
    assert suppressed["request"] + suppressed["some.library"] == lost("repeated") - before
    # The clock may have come to its next second in between.
    assert 40 - 6 <= suppressed["request"] <= 40 - 3
    assert {event["node"] for event in written} == {"pod-0"}
    assert [event["event"] for event in written if event["level"] == "error"] == ["request"]


def lost(reason: str) -> float:
    return float(LINES_LOST.labels(reason)._value.get())
