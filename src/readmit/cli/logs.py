"""Logs: JSON lines, control characters escaped, no secrets (experience F5, security J3, J4)."""

from __future__ import annotations

import sys

import structlog


def configure() -> None:
    """JSON lines on stdout."""
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
