"""The command that deletes what Spotify's terms do not let us keep. Registered in ``features.cli``."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from features import console
from features.settings import FeatureSettings, load

if TYPE_CHECKING:
    from features.outbox import Outbox
    from features.ports import FeatureStore
    from features.profile import UserId


def expire() -> None:
    """Delete people whose listening was read from Spotify's Web API, and not again for 30 days.

    A server does this by itself once a day; SOUNDALIKE_EXPIRE_SPOTIFY_API_DAYS sets another number of days.
    """
    from features import compose
    from features.delivery import deliver_all
    from features.provenance import expired
    from features.refreshing import refreshed
    from features.settled import Settled

    settings = load(FeatureSettings)
    store = refreshed(compose.build(settings)).store
    after = timedelta(days=settings.expire_spotify_api_days)
    with closing(compose.outbox(settings)) as outbox:
        deliver_all(outbox, store)  # who was read again, and waits there, does not expire
        old = list(expired(Settled(store, outbox).scan(), now=datetime.now(UTC), after=after))
        people = sum(_removed(user_id, store, outbox, after) for user_id in old)
        deliver_all(outbox, store)
    console.stderr().print(f"expired {people:,}")


def _removed(user_id: UserId, store: FeatureStore, outbox: Outbox, after: timedelta) -> bool:
    """Have somebody deleted, unless they were read again while others were looked at, delivered or not."""
    from features.provenance import is_expired

    with outbox.delivering():  # nothing comes to the store between the two looks
        person = None if outbox.get([user_id]) else store.get([user_id]).get(user_id)
        if person is None or not is_expired(person, now=datetime.now(UTC), after=after):
            return False
        outbox.remove(user_id)
        return True
