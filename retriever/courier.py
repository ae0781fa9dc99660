"""The background thread that takes what waits in the outbox to the feature store, in small batches."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_when_event_set, wait_random_exponential
from tenacity.nap import sleep_using_event

from features.delivery import Delivered, deliver
from features.errors import StoreError
from features.outbox import Outbox
from features.ports import FeatureStore

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


class Courier:
    """Delivers until it is stopped; a store that refuses is tried again with growing, jittered waits."""

    def __init__(
        self, outbox: Outbox, store: FeatureStore, pace: Pace, *, on_delivery: OnDelivery = lambda _done, _seconds: None
    ) -> None:
        self._outbox, self._store, self._pace, self._on_delivery = outbox, store, pace, on_delivery
        self.trouble: str | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """Return once the delivery under way is over; what still waits is delivered by the next process."""
        self._stop.set()
        self._thread.join()

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

    def _run(self) -> None:
        retrying = Retrying(
            retry=retry_if_exception_type(StoreError),
            wait=wait_random_exponential(multiplier=self._pace.every_s, max=self._pace.longest_wait_s),
            stop=stop_when_event_set(self._stop),
            sleep=sleep_using_event(self._stop),
            after=self._refused,
            reraise=True,
        )
        while not self._stop.wait(self._pace.every_s):
            try:
                retrying(self.deliver)
            except StoreError:
                return  # told to stop while the store refuses
            except Exception as error:  # noqa: BLE001 - the rim of this thread: a bug must not end the deliveries for good
                _log.exception("delivering failed")
                self.trouble = f"delivering failed: {type(error).__name__}"

    def _refused(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if self.trouble != str(error):
            _log.error("cannot deliver: %s", error)
        self.trouble = str(error)
