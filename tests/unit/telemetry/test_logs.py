"""Logs: one JSON object a line, or lines for people; ours and those of libraries alike."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from audiocast.telemetry.logs import set_up_logs


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Restore the logging of the test run."""
    root, access, general = (logging.getLogger(name) for name in (None, "tornado.access", "tornado.general"))
    before = (list(root.handlers), root.level, access.disabled, general.level)
    yield
    root.handlers[:], level, access.disabled, general_level = before
    root.setLevel(level)
    general.setLevel(general_level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def events(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return the events that were written, which must be JSON lines on standard error alone."""
    out, err = capsys.readouterr()
    assert out == ""
    return [json.loads(line) for line in err.splitlines()]


def test_an_event_is_one_line_of_json_with_node_level_and_time(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(form="json", level="info", node="pod-0")
    structlog.get_logger().info("stream_live", stream_id="abc", title="я\nb")
    (event,) = events(capsys)
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "stream_live",
        "level": "info",
        "node": "pod-0",
        "stream_id": "abc",
        "title": "я\nb",
    }


def test_logs_of_libraries_have_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(form="json", level="info", node="pod-0")
    logging.getLogger("tornado.application").error("no %s", "luck")
    (event,) = events(capsys)
    assert (event["event"], event["level"], event["node"]) == ("no luck", "error", "pod-0")


def test_a_stack_trace_stays_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(form="json", level="info", node="pod-0")
    try:
        raise ValueError("something")
    except ValueError:
        structlog.get_logger().exception("failed")
    (event,) = events(capsys)
    assert "ValueError: something" in event["exception"]


def test_less_than_the_level_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(form="json", level="warning", node="pod-0")
    structlog.get_logger().info("quiet")
    logging.getLogger("some.library").info("quiet")
    structlog.get_logger().warning("loud")
    assert [event["event"] for event in events(capsys)] == ["loud"]


def test_tornados_own_access_log_is_off(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(form="json", level="debug", node="pod-0")
    logging.getLogger("tornado.access").error("500 GET /")
    logging.getLogger("tornado.general").info("malformed")
    logging.getLogger("tornado.general").warning("worse")
    assert [event["event"] for event in events(capsys)] == ["worse"]


def test_set_up_twice_writes_once(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        set_up_logs(form="json", level="info", node="pod-0")
    structlog.get_logger().info("once")
    assert len(events(capsys)) == 1


def test_for_people_it_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(form="console", level="info", node="pod-0")
    structlog.get_logger().info("stream_live", stream_id="abc")
    text = capsys.readouterr().err
    assert "stream_live" in text
    assert not text.lstrip().startswith("{")


@pytest.mark.parametrize("is_terminal", [True, False])
def test_auto_is_text_on_a_terminal_and_json_elsewhere(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: is_terminal)
    set_up_logs(form="auto", level="info", node="pod-0")
    structlog.get_logger().info("stream_live")
    assert capsys.readouterr().err.startswith("{") is not is_terminal
