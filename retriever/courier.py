"""The background thread that takes what waits in the outbox to the feature store, in small batches."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_when_event_set, wait_random_exponential
from tenacity.nap import sleep_using_event

from features.delivery import Delivered, deliver
from features.errors import StoreError
from features.outbox import Outbox
from features.ports import FeatureStore
from retriever.repeating import Repeating

_log = logging.getLogger(__name__)
OnDelivery = Callable[[Delivered, float], None]
"""Told what was delivered, and the seconds it took."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often to deliver.

    Attributes:
        every_s: seconds between looks at the outbox; what comes in between is one batch.
        longest_wait_s: most seconds between two tries while the store refuses.
        batch: most people in a delivery.
    """

    every_s: float = 0.25
    longest_wait_s: float = 10.0
    batch: int = 500


class Courier(Repeating):
    """Delivers what came since the last time; a store that refuses is tried again with growing, jittered waits.

    Attributes:
        trouble: why the last delivery failed; None where it did not.
    """

    def __init__(
        self, outbox: Outbox, store: FeatureStore, pace: Pace, *, on_delivery: OnDelivery = lambda _done, _seconds: None
    ) -> None:
        super().__init__("courier", pace.every_s)
        self._outbox, self._store, self._pace, self._on_delivery = outbox, store, pace, on_delivery
        self.trouble: str | None = None

    def deliver(self) -> Delivered:
        """Deliver one batch now. Raises StoreError where something is refused."""
        started = time.perf_counter()
        done = deliver(self._outbox, self._store, most=self._pace.batch)
        if done != Delivered():
            self._on_delivery(done, time.perf_counter() - started)
        if done.refused is not None:
            raise done.refused
        self.trouble = None
        return done

    def step(self) -> None:
        """Deliver one batch, however often that has to be tried; told to stop, leave the rest to the next process."""
        retrying = Retrying(
            retry=retry_if_exception_type(StoreError),
            wait=wait_random_exponential(multiplier=self._pace.every_s, max=self._pace.longest_wait_s),
            stop=stop_when_event_set(self.stopping),
            sleep=sleep_using_event(self.stopping),
            after=self._refused,
            reraise=True,
        )
        with suppress(StoreError):  # only where it was told to stop
            retrying(self.deliver)

    def failed(self, error: Exception) -> None:
        """Tell of it where people look, too."""
        super().failed(error)
        self.trouble = f"delivering failed: {type(error).__name__}"

    def _refused(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if self.trouble != str(error):
            _log.error("cannot deliver: %s", error)
        self.trouble = str(error)
