"""Logs: JSON lines, control characters escaped, no secrets (experience F5, security J3, J4)."""

from __future__ import annotations

import logging
import sys

import structlog


class _Lines(logging.Handler):
    """What libraries tell the standard library's logging, among our own lines."""

    def emit(self, record: logging.LogRecord) -> None:
        logger = structlog.get_logger("readmit")
        logger.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info)


def configure() -> None:
    """JSON lines on stdout."""
    logging.basicConfig(handlers=[_Lines()], level=logging.WARNING, force=True)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
