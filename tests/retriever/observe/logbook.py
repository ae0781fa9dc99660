"""The log of a test: configured as a program would, read back as lines, and put away afterwards."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from retriever.observe.logs import LogFormat, LogLevel, configure


class Logbook(io.StringIO):
    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@contextmanager
def a_logbook(log_format: LogFormat = "json", level: LogLevel = "debug") -> Iterator[Logbook]:
    """What is logged inside the block."""
    loggers = [logging.getLogger(name) for name in (None, "features", "trainer", "indexer", "retriever")]
    before = [(logger, logger.level, list(logger.handlers)) for logger in loggers]
    book = Logbook()
    configure(log_format, level, book)
    try:
        yield book
    finally:
        for logger, was, handlers in before:
            logger.setLevel(was)
            logger.handlers = handlers
        structlog.reset_defaults()
