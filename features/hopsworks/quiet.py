"""Keeps the SDK's manners to itself: what it prints, warns of and sets up in the whole process when it is imported."""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from types import ModuleType
from typing import Any, TextIO, cast

from features.errors import SettingsError

_LOGGERS = ("hopsworks", "hopsworks_common", "hsfs", "hsml")
EXTRA = "soundalike[hopsworks]"
THREAD = "hopsworks: "
"""What the names of the threads begin with whose prints go nowhere."""


@lru_cache(maxsize=1)
def sdk() -> ModuleType:
    """The package ``hopsworks``, imported with all that it loads later, and the process left as it was before.

    Importing it sets up the root logger, the way all warnings are written, and filters of warnings.

    Raises:
        SettingsError: the extra is not installed.
    """
    root = logging.getLogger()
    handlers, level, written = root.handlers[:], root.level, warnings.formatwarning
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # With what it would import in the midst of a call.
            hopsworks, *_ = map(import_module, ("hopsworks", "hsfs.feature_store", "hsml.model_registry", "deltalake"))
    except ImportError as error:
        raise SettingsError(
            "Features or models are to be in Hopsworks, and its SDK is not installed.",
            f"Install it with: pip install '{EXTRA}'",
        ) from error
    finally:
        for name in _LOGGERS:  # an error that is raised is not logged as well, with a traceback
            logging.getLogger(name).propagate = False
            logging.getLogger(name).handlers = [logging.NullHandler()]
        root.handlers[:], warnings.formatwarning = handlers, written
        root.setLevel(level)
    return hopsworks


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing that the threads of :data:`THREAD` print comes out, and no warning; one at a time.

    Others print as ever: a progress bar is drawn, and a server logs. Filters of warnings are the process's own, so
    warnings of others are lost meanwhile.
    """
    out, err = sys.stdout, sys.stderr
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sys.stdout, sys.stderr = cast("TextIO", _Sieve(out)), cast("TextIO", _Sieve(err))
        try:
            yield
        finally:
            sys.stdout, sys.stderr = out, err


class _Sieve:
    """A stream that lets through what others than the SDK's threads write."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write ``text``, or do away with it."""
        if threading.current_thread().name.startswith(THREAD):
            return len(text)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - what else a stream can do
        return getattr(self._stream, name)
