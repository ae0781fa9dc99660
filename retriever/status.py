"""How everything is: whether questions can be answered, how old model and index are, what waits to be delivered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeVar

from features.errors import SoundalikeError
from features.outbox import Outbox
from features.ports import FeatureStore
from retriever.answers_status import (
    FeaturesStatus,
    IndexStatus,
    ModelStatus,
    OutboxStatus,
    Readiness,
    SpotifyStatus,
    Status,
)
from retriever.live import Live
from retriever.observe.state import State

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Statuses:
    """Asks all parts how they are. Blocking.

    Attributes:
        live: the live version.
        store: the feature store, guarded.
        store_is_given_up: whether it is not even asked at the moment.
        outbox: what waits for it.
        troubles: of the background threads, why each of them does not get on; None where it does.
        text_model: name of the text encoder.
        model_created_at: when a version of the model was trained; None where that is unknown.
        encoding_depth: profiles that wait to be encoded.
        spotify: what it lets this server read.
    """

    live: Live
    store: FeatureStore
    store_is_given_up: Callable[[], bool]
    outbox: Outbox
    troubles: Callable[[], Sequence[str | None]]
    text_model: str
    model_created_at: Callable[[int], datetime | None]
    encoding_depth: Callable[[], int]
    spotify: Callable[[], SpotifyStatus]

    def readiness(self) -> Readiness:
        """Whether questions can be answered."""
        version = self.live.version
        people, down = _told(self._people_in_index)
        waiting, full = _told(lambda: self.outbox.depth().waiting)
        _, refused = _told(self.store.count)
        reasons = dict.fromkeys(filter(None, (down, full, refused, self.live.trouble, *self.troubles())))
        status = self._status(is_down=down is not None, has_reasons=bool(reasons))
        return Readiness(status, version.model_version, version.name, people, waiting, tuple(reasons))

    def status(self) -> Status:
        """Everything at a glance. Raises StoreError where the outbox cannot be read."""
        ready, version, now = self.readiness(), self.live.version, datetime.now(UTC)
        trained = self.model_created_at(version.model_version)
        depth = self.outbox.depth()
        return Status(
            status=ready.status,
            reasons=ready.reasons,
            model=ModelStatus(version.model_version, trained, None if trained is None else _age(trained, now)),
            index=IndexStatus(
                version=version.name,
                built_at=version.created_at,
                age_s=_age(version.created_at, now),
                people=ready.people,
                people_when_built=version.count,
                recall_at_10=version.recall_at_10,
            ),
            features=self._features(now),
            outbox=OutboxStatus(depth.waiting, 0.0 if depth.oldest is None else _age(depth.oldest, now)),
            encoding_waiting=self.encoding_depth(),
            spotify=self.spotify(),
        )

    def _features(self, now: datetime) -> FeaturesStatus:
        people, changed = _told(self.store.count)[0], _told(self.store.last_change)[0]
        return FeaturesStatus(people, self.text_model, changed, None if changed is None else _age(changed, now))

    def state(self) -> State:
        """The same for the metrics, with what is known of it. Raises StoreError where the outbox cannot be read."""
        version, now, depth = self.live.version, datetime.now(UTC), self.outbox.depth()
        trained = self.model_created_at(version.model_version)
        return State(
            people=_told(self._people_in_index)[0],
            model_age_s=None if trained is None else _age(trained, now),
            index_age_s=_age(version.created_at, now),
            encoding_waiting=self.encoding_depth(),
            outbox_waiting={"features": depth.waiting},
            outbox_oldest_s={"features": 0.0 if depth.oldest is None else _age(depth.oldest, now)},
            breakers_open={"features": self.store_is_given_up(), "index": self.live.is_down},
        )

    def _people_in_index(self) -> int:
        with self.live.lease() as unit:
            return unit.index.count()

    @staticmethod
    def _status(*, is_down: bool, has_reasons: bool) -> Literal["ready", "degraded", "not ready"]:
        if is_down:
            return "not ready"
        return "degraded" if has_reasons else "ready"


def _told(ask: Callable[[], _Answer]) -> tuple[_Answer | None, str | None]:
    """The answer, or why there is none."""
    try:
        return ask(), None
    except SoundalikeError as error:
        return None, str(error)


def _age(moment: datetime, now: datetime) -> float:
    return round(max((now - moment).total_seconds(), 0.0), 1)
