"""Logs: past-tense facts with fields, for people on a console or as JSON.

Logging never raises. A closed terminal, `| head` or a full disk costs the lines that cannot be written, and
nothing else.
"""

import logging
from typing import Any, TextIO, cast

import structlog

from bot.standard_streams import safe_stderr


def set_up_logs(form: str, level: str) -> None:
    """Write our events to standard error; of libraries only warnings and errors."""
    stream = safe_stderr()
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=stream.isatty(), pad_event_to=24)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=_never_raising(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file=cast("TextIO", stream)),
        cache_logger_on_first_use=True,
    )
    logging.raiseExceptions = False
    logging.basicConfig(
        level=logging.WARNING,
        stream=cast("TextIO", stream),
        format="%(levelname)s %(name)s %(message)s",
    )


def _never_raising(level: int) -> type[Any]:
    filtering: Any = structlog.make_filtering_bound_logger(level)

    class NeverRaising(filtering):  # type: ignore[misc]
        """Drops an event that cannot be rendered or written."""

        def _proxy_to_logger(self, *args: Any, **fields: Any) -> Any:
            try:
                return super()._proxy_to_logger(*args, **fields)
            except Exception:  # noqa: BLE001 - a line about a fault must not become one
                return None

    return NeverRaising
