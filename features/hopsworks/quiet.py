"""Keeps the SDK's manners to itself: what it prints, warns of and sets up in the whole process when it is imported."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from importlib import import_module
from pathlib import Path
from types import ModuleType

from features.errors import SettingsError

_LOGGERS = ("hopsworks", "hopsworks_common", "hsfs", "hsml")
EXTRA = "soundalike[hopsworks]"


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
    """Nothing that is printed or warned of in here comes out; for all threads, so one at a time and not for long."""
    with ExitStack() as stack:
        sink = stack.enter_context(Path(os.devnull).open("w", encoding="utf-8"))
        stack.enter_context(redirect_stdout(sink))
        stack.enter_context(redirect_stderr(sink))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        yield
