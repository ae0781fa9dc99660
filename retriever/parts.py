"""What the application is made of; put together in ``retriever.compose``, or by a test out of fakes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from features.outbox import Outbox
from features.profile import TasteProfile
from features.settings import FeatureSettings
from retriever.access.idempotency import Idempotent
from retriever.access.leave_codes import LeaveCodes
from retriever.cartographer import Cartographer
from retriever.elsewhere import Elsewhere
from retriever.history import History
from retriever.jobs import Jobs
from retriever.lanes import Lanes
from retriever.live import Live
from retriever.members import Members
from retriever.models import ModelShelf
from retriever.reconcile import Reconciler
from retriever.remaining import time_left
from retriever.repeating import Repeating
from retriever.service import Service
from retriever.settings import RetrieverSettings
from retriever.status import Statuses

STOP_WITHIN_S = 3.0
"""For the threads, after the requests had ``server._GRACE_S`` to end; together less than the 15 s of a stop."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Parts:
    """The service and what surrounds it.

    Attributes:
        service: answers questions.
        members: takes people in and lets them go.
        statuses: tells how everything is.
        live: the live version.
        outbox: what was acknowledged and is not in the feature store yet.
        reconciler: compares the stores, and mends.
        idempotent: answers repeated writes as before.
        codes: by which people are known who want to leave.
        encoding: makes features of new profiles.
        elsewhere: where profiles are read that are not sent.
        cartographer: has the map of everybody.
        models: tells which models there are.
        history: tells how everything was.
        jobs: runs programs for the operator.
        background: threads that keep the stores in step while the application runs.
        settings: of this room.
        features: of the features room, for the limits on uploads.
        identified: gives an upload that names nobody an id that follows from its content.
        warm_up: loads what the first new text would load.
        close: lets go of everything.
    """

    service: Service
    members: Members
    statuses: Statuses
    live: Live
    outbox: Outbox
    reconciler: Reconciler
    idempotent: Idempotent
    codes: LeaveCodes
    encoding: Lanes
    elsewhere: Elsewhere
    cartographer: Cartographer
    models: ModelShelf
    history: History
    jobs: Jobs
    background: tuple[Repeating, ...]
    settings: RetrieverSettings
    features: FeatureSettings
    identified: Callable[[TasteProfile], TasteProfile]
    warm_up: Callable[[], None]
    close: Callable[[], None]

    def start(self) -> None:
        """Start the threads."""
        self.encoding.start()
        for part in self.background:
            part.start()

    def stop(self) -> None:
        """Stop the threads and close; requests must be over.

        A thread that hangs in a store is not waited for, and nothing is closed under it: a process may end anywhere.
        """
        for part in self.background:
            part.stopping.set()
        left = time_left(STOP_WITHIN_S)
        ended = [stop(left()) for stop in (self.encoding.stop, *[part.stop for part in self.background])]
        if all(ended):
            self.close()
        else:
            _log.error("a store or the text model hangs; this process ends without it")
