"""The service's log: one JSON object per line on stderr, without values that users sent."""

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


def described(error: BaseException) -> dict[str, Any]:
    """Kind and places of an error, innermost last; never its message or a local value."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return {
        "error": f"{type(error).__module__}.{type(error).__qualname__}",
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
