"""Logs: structlog events, for people on a terminal and as JSON lines elsewhere.

Events carry `stream_id`, `node`, `role`. No event holds a key or token: what contains one (a query string, an
Authorization header, a settings object) is never passed to a logger.
"""

import logging
import sys

import structlog


def set_up_logs(*, form: str, level: str, node: str) -> None:
    """Send all logs, those of libraries too, to standard error.

    Args:
        form: "json", "console", or "auto" for console on a terminal and JSON elsewhere.
        level: Name of the lowest level that is written.
        node: Name of this node, which every event carries.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer()
    )
    if console:
        shared.pop()
    lowest = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(lowest),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(lowest)
    # Our own events tell more than Tornado's at "info", and the request log replaces its access log.
    logging.getLogger("tornado.access").disabled = True
    logging.getLogger("tornado.general").setLevel(max(lowest, logging.WARNING))
    structlog.contextvars.bind_contextvars(node=node)
