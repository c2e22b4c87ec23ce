"""One line of JSON for each thing that happens, with the id of the request or task it belongs to."""

import re
from collections.abc import MutableMapping
from typing import Any

import structlog

# The address of an invitation is its secret: whoever reads it may join.
_SECRET_PATH = re.compile(r"/invitations/[^/\s]{20,}")


def hide_secret_paths(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Cut secrets out of the addresses that Django and its middleware log."""
    for key in ("event", "request"):
        if isinstance(event.get(key), str):
            event[key] = _SECRET_PATH.sub("/invitations/…", event[key])
    return event


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.StackInfoRenderer(),
    hide_secret_paths,
]


def logging_config(*, level: str, style: str) -> dict[str, Any]:
    """Return Django's LOGGING dict and set structlog up the same way. style: json or console."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    render: list[Any] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if style == "json"
        # rich, where it happens to be installed, would draw every local variable: seconds for one error, and secrets.
        else [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "main": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "main"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            # The library logs request bodies at INFO; they may hold what must not be logged.
            "stripe": {"level": "WARNING"},
            "celery": {"level": level},
        },
    }
