"""The log: one line per event, as JSON for machines or in colour for a terminal, the request's id on every line.

The rooms log through the standard library; structlog dresses the lines. What a request's line says is written in
``retriever.observe.observed``; how an exception is told, in ``retriever.observe.tracebacks``.
"""

from __future__ import annotations

import logging
from typing import Any, Literal, TextIO

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.types import Processor

from retriever.observe.tracebacks import without_words

LogFormat = Literal["auto", "json", "console"]
LogLevel = Literal["debug", "info", "warning", "error"]

_ROOMS = ("features", "trainer", "indexer", "retriever")


def configure(log_format: LogFormat, level: LogLevel, stream: TextIO) -> None:
    """Send the lines of the whole process to ``stream``; a program calls this once, as it starts.

    Args:
        log_format: ``auto`` writes JSON unless ``stream`` is a terminal.
        level: lines below it are left out. Of libraries only warnings and worse are kept: their everyday lines tell
            of the addresses that they called.
        stream: such as standard error.
    """
    dressing: tuple[Processor, ...] = (
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _one_line,
        without_words,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *dressing],
            processors=[ProcessorFormatter.remove_processors_meta, _renderer(log_format, stream)],
        )
    )
    _listen(handler, level)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *dressing, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _listen(handler: logging.Handler, level: LogLevel) -> None:
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()]))
    for room in _ROOMS:
        logging.getLogger(room).setLevel(level.upper())


def _renderer(log_format: LogFormat, stream: TextIO) -> Processor:
    if log_format == "json" or (log_format == "auto" and not stream.isatty()):
        return structlog.processors.JSONRenderer(default=_kind)
    return structlog.dev.ConsoleRenderer(colors=stream.isatty())


def _one_line(_logger: object, _method: str, event: Any) -> Any:  # noqa: ANN401 - structlog's own types
    """Only the first line of an event: what asyncio adds below it quotes the exception of a task, words and all."""
    event["event"] = str(event["event"]).partition("\n")[0]
    event.pop("color_message", None)  # uvicorn says everything twice
    return event


def _kind(value: object) -> str:
    """Stands in the log for a thing that JSON has no word for; its ``repr`` might tell too much."""
    return type(value).__name__
