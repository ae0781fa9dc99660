"""People whose states wait in an outbox."""

from datetime import UTC, datetime

from features.profile import UserId
from features.user_features import UserFeatures
from tests.builders import a_playlist, a_profile, features_of

ANN, BOB, CLEO = UserId("ann"), UserId("bob"), UserId("cleo")
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def a_person(user_id: str = "ann", artist: str = "Nick Drake") -> UserFeatures:
    return features_of(a_profile(user_id, a_playlist("p", artist)))[0]


def artists_of(person: UserFeatures | None) -> set[str] | None:
    return person and person.listening.artists
