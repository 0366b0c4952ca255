"""Logs: structlog events as JSON lines. Secrets never appear in them."""

import logging
from typing import TextIO

import structlog


def set_up_logs(level: str, output: TextIO | None = None) -> None:
    """Write events of this level and above.

    Args:
        level: "debug", "info", "warning" or "error".
        output: Where they go; None: standard output.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(output),
    )
    # lightkube's HTTP client logs every request at level info.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    # What ends kopf is told by the watches.
    logging.getLogger("kopf").setLevel(logging.CRITICAL)
