"""The command that deletes what Spotify's terms do not let us keep. Registered in ``features.cli``."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

from features import console
from features.settings import FeatureSettings, load


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
        people = 0
        for user_id in list(expired(Settled(store, outbox).scan(), now=datetime.now(UTC), after=after)):
            if not outbox.get([user_id]):  # nor who was read again while we looked at others
                outbox.remove(user_id)
                people += 1
        deliver_all(outbox, store)
    console.stderr().print(f"expired {people:,}")
