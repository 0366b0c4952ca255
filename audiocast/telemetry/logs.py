"""Logs: structlog events, for people on a terminal and as JSON lines elsewhere.

Events carry `stream_id`, `node`, `role`. No event holds a key or token: what contains one (a query string, an
Authorization header, a settings object) is never passed to a logger.
"""

import logging
import sys
from typing import Any

import structlog

from audiocast.telemetry.log_queue import LogQueueHandler
from audiocast.telemetry.log_repeats import RepeatLimit

# Fields of many lines, which stay as they are on a terminal.
MULTILINE_FIELDS = ("exception", "stack")


def set_up_logs(*, form: str, level: str, node: str, max_repeats: int = 0) -> logging.Handler:
    """Send all logs, those of libraries too, to standard error.

    Args:
        form: "json", "console", or "auto" for console on a terminal and JSON elsewhere.
        level: Name of the lowest level that is written.
        node: Name of this node, which every event carries.
        max_repeats: Lines of one event and level in a second; 0: no bound.

    Returns:
        What writes them, until it is closed; the end of the process closes it too.
    """
    structlog.contextvars.bind_contextvars(node=node)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    rendering: list[structlog.typing.Processor] = [structlog.processors.JSONRenderer()]
    if form == "console" or (form == "auto" and sys.stderr.isatty()):
        renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        rendering = [escape_controls, renderer]
    lowest = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(lowest),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )

    def render_warning(event: str, fields: dict[str, Any]) -> str:
        rendered: Any = {"event": event, **fields}
        for process in (*shared, *rendering):
            rendered = process(None, "warning", rendered)
        return str(rendered)

    handler = LogQueueHandler(
        sys.stderr.fileno(), repeats=RepeatLimit(max_repeats), render_warning=render_warning
    )
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(lowest)
    # Our own events tell more than Tornado's at "info", and the request log replaces its access log.
    logging.getLogger("tornado.access").disabled = True
    logging.getLogger("tornado.general").setLevel(max(lowest, logging.WARNING))
    return handler


def escape_controls(
    _logger: Any, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Escape what a terminal would obey instead of show: C0 and C1 controls, line ends, writing directions.

    Values that are no text are shown as `repr` writes them, which does the same.
    """
    for name, value in event.items():
        if isinstance(value, str):
            is_multiline = name in MULTILINE_FIELDS
            event[name] = "\n".join(map(_printable, value.split("\n"))) if is_multiline else _printable(value)
    return event


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text
    )
