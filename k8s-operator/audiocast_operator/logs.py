"""Logs: structlog events as JSON lines, kopf's among them. Secrets never appear in them."""

import logging

import structlog


def set_up_logs(level: str) -> None:
    """Write events of this level and above to standard output.

    Args:
        level: "debug", "info", "warning" or "error".
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
    )
    # lightkube's HTTP client logs every request at level info.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
