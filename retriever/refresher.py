"""The background thread that fetches what others wrote to a feature store elsewhere; requests read what is here."""

from __future__ import annotations

import logging
from collections.abc import Callable

from features.errors import StoreError
from retriever.repeating import Repeating

_log = logging.getLogger(__name__)


class Refresher(Repeating):
    """Refreshes every ``every_s`` seconds.

    Attributes:
        trouble: why the last time failed; None where it did not.
    """

    def __init__(self, every_s: float, refresh: Callable[[], None]) -> None:
        super().__init__("refresher", every_s)
        self._refresh = refresh
        self.trouble: str | None = None

    def step(self) -> None:
        """Refresh once; a store that does not answer is asked again the next time."""
        try:
            self._refresh()
        except StoreError as error:
            if self.trouble != str(error):
                _log.error("cannot refresh: %s", error)
            self.trouble = str(error)
        else:
            self.trouble = None

    def failed(self, error: Exception) -> None:
        """Tell of it where people look, too."""
        super().failed(error)
        self.trouble = f"refreshing failed: {type(error).__name__}"
