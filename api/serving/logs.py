"""The log of service and worker: one JSON object per line on stderr, no values that users sent."""

import logging
import sys
import traceback
from typing import Any

import structlog


def logger() -> Any:
    """A logger that writes JSON lines; messages of exceptions stay out, they may hold rows."""
    return structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )


class Lines(logging.Handler):
    """What libraries say, as lines like ours.

    Of a message its first line: what asyncio writes below holds exceptions with their values.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write one."""
        error = record.exc_info[1] if record.exc_info else None
        said, _, _ = record.getMessage().partition("\n")
        logger().log(
            record.levelno, said, logger=record.name, **(described(error) if error else {})
        )


def take_over() -> None:
    """Warnings and errors of libraries, uvicorn's too, go into this log."""
    logging.basicConfig(handlers=[Lines()], level=logging.WARNING, force=True)
    logging.captureWarnings(True)


def described(error: BaseException) -> dict[str, Any]:
    """Kind and places of an error, innermost last; never its message or a local value."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return {
        "error": f"{type(error).__module__}.{type(error).__qualname__}",
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
