from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from features.cli import app
from features.fingerprint import fingerprint
from features.outbox import Outbox
from features.profile import UserId
from features.provenance import expired, for_training
from features.sqlite.store import SqliteFeatureStore
from features.user_features import UserFeatures
from tests.builders import NOW, a_playlist, a_profile, features_of

SOURCES = ("by-hand", "feature-group-2", "listenbrainz", "spotify-api", "spotify-export", "spotify-login")


def of(source: str, *, days_ago: float = 0) -> UserFeatures:
    (person,) = features_of(a_profile(source, a_playlist("mix", "Air")))
    return replace(person, source=source, updated_at=NOW - timedelta(days=days_ago))


def test_what_was_read_from_spotify_s_api_trains_nothing_unless_the_operator_says_so():
    people = [of(source) for source in SOURCES]
    kept = [person.source for person in for_training(people, with_spotify_api=False)]
    assert kept == ["by-hand", "listenbrainz", "spotify-export"]
    assert for_training(people, with_spotify_api=True) == people


def test_only_what_was_read_from_spotify_s_api_expires_and_only_when_it_is_old():
    batches = [[of(source, days_ago=days)] for source in SOURCES for days in (29.9, 30.1)]
    assert list(expired(batches, now=NOW, after=timedelta(days=30))) == [
        "feature-group-2",
        "spotify-api",
        "spotify-login",
    ]


def test_the_same_listening_read_on_another_day_is_another_state_only_where_it_expires():
    changed = {source for source in SOURCES if fingerprint(of(source)) != fingerprint(of(source, days_ago=1))}
    assert changed == {"feature-group-2", "spotify-api", "spotify-login"}
    assert fingerprint(of("spotify-api")) == fingerprint(of("spotify-api", days_ago=0.01))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOUNDALIKE_HOME", str(tmp_path))
    return tmp_path


def test_the_command_deletes_who_is_too_old_but_not_who_was_read_again_and_waits(home: Path):
    store, outbox = SqliteFeatureStore(home / "features.db"), Outbox(home / "outbox.db")
    old = [replace(of("spotify-api", days_ago=3650), user_id=UserId(name)) for name in ("ann", "bob")]
    store.upsert([*old, of("by-hand", days_ago=3650)])
    outbox.put(replace(old[1], updated_at=old[1].updated_at + timedelta(days=36_500)))
    run = CliRunner().invoke(app, ["expire"])
    assert run.exit_code == 0, run.output
    assert "expired 1" in run.stderr
    assert store.get([UserId("ann"), UserId("bob"), UserId("by-hand")]).keys() == {"bob", "by-hand"}
    outbox.close()
    store.close()


def test_the_command_leaves_who_was_read_again_and_delivered_while_it_looked_at_others(
    home: Path, monkeypatch: pytest.MonkeyPatch
):
    store, everybody = SqliteFeatureStore(home / "features.db"), SqliteFeatureStore.scan
    ann, bob = (replace(of("spotify-api", days_ago=3650), user_id=UserId(name)) for name in ("ann", "bob"))
    store.upsert([ann, bob])

    def scan(self: SqliteFeatureStore, **how) -> Iterator[list[UserFeatures]]:
        yield from everybody(self, **how)
        self.upsert([replace(bob, updated_at=datetime.now(UTC))])

    monkeypatch.setattr(SqliteFeatureStore, "scan", scan)
    run = CliRunner().invoke(app, ["expire"])
    assert "expired 1" in run.stderr
    assert store.get([UserId("ann"), UserId("bob")]).keys() == {"bob"}
    store.close()
