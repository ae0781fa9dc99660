"""The connection to Hopsworks: an explicit login, one call at a time, each with a deadline and its errors in words.

The SDK keeps its connection in globals and its requests have no timeout, so a call runs in a thread that is left behind
when it takes too long; the next one logs in anew. What is asked for lives with the callers.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import threading
import warnings
import weakref
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, wait
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import lru_cache, partial
from typing import Any, ClassVar, TypeAlias, TypeVar

from features.errors import HopsworksError
from features.hopsworks import certificates
from features.hopsworks.quiet import THREAD, quiet, sdk
from features.hopsworks.settings import HopsworksSettings
from features.hopsworks.trouble import in_words, too_late

_log = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")
Project: TypeAlias = Any
"""The SDK's ``Project``; the SDK has no types."""
_MISMATCH = re.compile(r"version (\S+) may not be compatible with the connected Hopsworks backend version (\d+)\.(\d+)")

# For these two the SDK passes over what it is told, and an empty path of a trust store it takes for "do not check".
_WIN_OVER_ARGUMENTS = ("HOPSWORKS_HOSTNAME_VERIFICATION", "HOPSWORKS_TRUST_STORE_PATH")


class Session:
    """Calls of one project. The SDK is imported and the login made with the first one.

    The SDK has one connection in a process: sessions take turns, and whoever finds another one logged in logs in anew.
    """

    _turn = threading.Lock()
    _logged_in: ClassVar[Session | None] = None

    def __init__(self, settings: HopsworksSettings) -> None:
        self._settings = settings
        self._project: Project = None
        self._given_up: list[Future[Any]] = []  # writes that may still come through
        self._certificates = certificates.make_folder()
        self._clean_up = weakref.finalize(self, shutil.rmtree, self._certificates, ignore_errors=True)

    def call(
        self, what: str, work: Callable[[Project], _Answer], *, patience: float = 1.0, is_write: bool = False
    ) -> _Answer:
        """What ``work`` makes of the project.

        A write that was given up may come through later: it could double what is written after it, or bring back what
        is deleted after it. So until it has ended, no other write is begun.

        Args:
            what: done by it, in words, such as "reading the features".
            work: is handed the SDK's ``Project``.
            patience: how many times ``HOPSWORKS_TIMEOUT_S`` it may take, and wait for its turn.
            is_write: whether it changes rows.

        Raises:
            HopsworksUnavailable: it took too long, or trying again may help.
            HopsworksError: it was refused, or cannot be done.
            SettingsError: the SDK is not installed.
        """
        seconds = self._settings.timeout_s * patience
        if not self._turn.acquire(timeout=seconds):
            raise too_late(f"what stands before {what}", self._settings, seconds)
        try:
            sdk()
            with quiet():
                if is_write:
                    self._see_off_what_was_given_up(seconds)
                if Session._logged_in is not self:
                    self._project = self._in_time("logging in", self._login, min(seconds, self._settings.timeout_s))
                    Session._logged_in = self
                return self._in_time(what, partial(work, self._project), seconds, is_write=is_write)
        except HopsworksError:
            Session._logged_in = None  # whatever was wrong with it, the next call begins anew
            raise
        finally:
            self._turn.release()

    def stream(
        self, what: str, opened: Callable[[Project], AbstractContextManager[Iterator[_Answer]]]
    ) -> Generator[_Answer]:
        """What comes out of a context that ``opened`` makes of the project, each with a deadline of its own.

        Who may stop before its end closes it (``contextlib.closing``): the collector would do so in the midst of
        another call, which it would wait for.

        Raises:
            HopsworksError: as for :meth:`call`.
        """
        context = self.call(what, opened)
        items = self.call(what, lambda _project: context.__enter__())
        is_whole = True  # after an error there is nothing left to close, and a login only for that would be in vain
        try:
            while True:
                is_whole = False
                item = self.call(what, lambda _project: next(items, None))
                is_whole = True
                if item is None:
                    return
                yield item
        finally:
            if is_whole:
                with suppress(HopsworksError):
                    self.call(what, lambda _project: context.__exit__(None, None, None))

    def close(self) -> None:
        """Log out and leave no certificate behind."""
        with self._turn:
            if Session._logged_in is self:
                Session._logged_in = None
                with quiet(), suppress(HopsworksError):
                    self._in_time("logging out", sdk().logout, self._settings.timeout_s)
            self._project = None
            self._clean_up()

    def _login(self) -> Project:
        settings = self._settings
        with warnings.catch_warnings(record=True) as heard, _without(_WIN_OVER_ARGUMENTS):
            warnings.simplefilter("always")
            project = sdk().login(
                host=settings.host,
                port=settings.port,
                project=settings.project,
                api_key_value=settings.api_key.get_secret_value(),
                hostname_verification=settings.hostname_verification,
                trust_store_path=None if settings.trust_store_path is None else str(settings.trust_store_path),
                cert_folder=self._certificates,
                engine="python",
            )
        for warning in heard:
            self._compare_versions(str(warning.message))
        return project

    @staticmethod
    def _compare_versions(warning: str) -> None:
        """Another major version does not fit; of another minor one it is told, since most of it works."""
        found = _MISMATCH.search(warning)
        if found is None:
            return
        ours, major, minor = found.groups()
        what = f"This cluster runs Hopsworks {major}.{minor}; the SDK that is installed is {ours}."
        mend = f"Install the one that fits: pip install 'hopsworks[python]=={major}.{minor}.*'"
        if ours.split(".")[0] != major:
            raise HopsworksError(what, mend)
        _log.warning("%s %s", what, mend)

    def _see_off_what_was_given_up(self, seconds: float) -> None:
        under_way = wait(self._given_up, seconds).not_done
        self._given_up = list(under_way)
        if under_way:
            raise too_late("a write that was given up", self._settings, seconds)

    def _in_time(self, what: str, work: Callable[[], _Answer], seconds: float, *, is_write: bool = False) -> _Answer:
        answer: Future[_Answer] = Future()
        # Not of a pool: those are waited for when the program ends, and one that hangs would never let it.
        threading.Thread(target=_do, args=(work, answer), name=f"{THREAD}{what}", daemon=True).start()
        try:
            return answer.result(seconds)
        except TimeoutError as error:
            if answer.done():
                raise in_words(error, what, self._settings) from error
            if is_write:
                self._given_up.append(answer)
            raise too_late(what, self._settings, seconds) from None
        except HopsworksError:
            raise
        except Exception as error:
            raise in_words(error, what, self._settings) from error


@contextmanager
def _without(variables: Iterable[str]) -> Iterator[None]:
    """Environment variables away for as long as the block lasts."""
    away = {name: os.environ.pop(name) for name in variables if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(away)


def _do(work: Callable[[], _Answer], answer: Future[_Answer]) -> None:
    try:
        answer.set_result(work())
    except BaseException as error:  # noqa: BLE001 - it belongs to who asked
        answer.set_exception(error)


@lru_cache(maxsize=1)
def session_of(settings: HopsworksSettings) -> Session:
    """The session with these settings; one in a process, as the SDK has room for no more than one."""
    return Session(settings)
