"""``python -m features genres``: look-ups that can be interrupted, and people made anew whom they help."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from features import compose
from features.cli import app
from features.compact import as_told, filled_from, gaps_of
from features.errors import SettingsError, SourceUnavailable
from features.genres.rebuild import Rebuilder
from features.outbox import Outbox
from features.ports import ArtistFacts
from features.profile import UserId
from features.provenance import SPOTIFY_API
from features.settings import FeatureSettings, load
from features.sqlite.store import SqliteFeatureStore
from features.user_features import UserFeatures
from tests.builders import NOW, KnownFacts, WordEncoder, a_playlist, a_profile, a_track, features_of
from tests.fakes.musicbrainz import Artist, FakeMusicBrainz
from tests.fakes.stores import HashingEncoder, MemoryFeatureStore
from tests.fakes.web import Reply

ANN = UserId("ann")
HEEDING_CTRL_C = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("features", run_name="__main__")
"""


@pytest.fixture
def fake() -> Iterator[FakeMusicBrainz]:
    with FakeMusicBrainz(Artist("Air", genres={"trip hop": 9}), Artist("Moby", genres={"techno": 2})) as fake:
        yield fake


@pytest.fixture
def run(tmp_path: Path, fake: FakeMusicBrainz, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("SOUNDALIKE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SOUNDALIKE_MUSICBRAINZ_CONTACT", "me@example.org")
    monkeypatch.setenv("SOUNDALIKE_MUSICBRAINZ_URL", f"{fake.url}/ws/2")
    monkeypatch.setattr("features.compose.SentenceTransformerEncoder", HashingEncoder)
    monkeypatch.setattr("features.metabrainz.pace.Pace.turn", lambda _pace, _within_s: None)
    return CliRunner()


def people_of(*artists: str) -> SqliteFeatureStore:
    """Ann, who listens to all of ``artists``, and Bob, who listens to the first of them."""
    store = compose.local_store(load(FeatureSettings))
    ann = a_profile("ann", a_playlist("p", *artists)).model_copy(update={"profile_url": "https://example.org/ann"})
    bob = replace(features_of(a_profile("bob", a_playlist("p", artists[0])))[0], consented_at=None)
    store.upsert([*features_of(ann), bob])
    return store


def said(result: Result) -> str:
    return " ".join(result.output.split())


def test_who_is_helped_is_made_anew_and_stays_who_they_are(run: CliRunner, fake: FakeMusicBrainz) -> None:
    with closing(people_of("Moby", "Air", "Nobody")) as store:
        before = store.get([ANN, UserId("bob")])

        result = run.invoke(app, ["genres"])

        after = store.get([ANN, UserId("bob")])
    assert result.exit_code == 0, result.output
    assert "found 2, without genres 0, unknown 1, failed 0; still to look up: 0" in said(result)
    assert "people whose features were made anew: 2" in said(result)
    assert fake.names_asked == ["moby", "air", "nobody"]
    ann, bob = after[ANN], after[UserId("bob")]
    assert ann.listening.genres == {"Air": ("trip hop",), "Moby": ("techno",)}
    assert ann.listening.filled_genres == {"Air", "Moby"}
    assert ann.genre is not None
    assert (ann.profile_url, ann.source, ann.consent) == ("https://example.org/ann", "test", True)
    assert (bob.consent, bob.coverage.genres) == (False, 1.0)
    assert ann.updated_at > before[ANN].updated_at
    assert ann.consented_at == before[ANN].consented_at


def test_running_it_again_asks_for_nobody_and_changes_nobody(run: CliRunner, fake: FakeMusicBrainz) -> None:
    people_of("Moby", "Nobody").close()
    run.invoke(app, ["genres"])
    asked = len(fake.asked)

    again = said(run.invoke(app, ["genres"]))

    assert len(fake.asked) == asked
    assert "found 0, without genres 0, unknown 0, failed 0; still to look up: 0" in again
    assert "made anew: 0" in again


def test_a_limit_looks_up_some_and_the_next_run_goes_on(run: CliRunner, fake: FakeMusicBrainz) -> None:
    people_of("Moby", "Air").close()

    first = said(run.invoke(app, ["genres", "--limit", "1"]))
    second = said(run.invoke(app, ["genres", "--limit", "1"]))

    assert "found 1, without genres 0, unknown 0, failed 0; still to look up: 1" in first
    assert "made anew: 2" in first
    assert "still to look up: 0" in second
    assert "made anew: 1" in second  # Bob does not listen to Air
    assert fake.names_asked == ["moby", "air"]


def test_one_failure_passes_and_three_in_a_row_end_it_with_what_was_found_kept(
    run: CliRunner, fake: FakeMusicBrainz, monkeypatch: pytest.MonkeyPatch
) -> None:
    people_of("Moby", "A", "Air", "B", "C", "D", "E").close()
    broken = Reply(403)
    fake.next.append(broken)  # for Moby, who has the most listeners

    result = run.invoke(app, ["genres", "--limit", "3"])

    assert result.exit_code == 0, result.output
    assert "found 1, without genres 0, unknown 1, failed 1; still to look up: 5" in said(result)
    fake.next.extend([broken] * 3)
    result = run.invoke(app, ["genres"])
    assert isinstance(result.exception, SourceUnavailable)
    assert "failed 3; still to look up: 5" in said(result)


def test_failures_that_are_not_in_a_row_end_nothing(run: CliRunner, fake: FakeMusicBrainz) -> None:
    people_of("A", "B", "C", "D", "E", "F").close()
    fake.next.extend([Reply(403), Reply(document={"artists": []})] * 3)

    result = run.invoke(app, ["genres"])

    assert result.exit_code == 0, result.output
    assert "unknown 3, failed 3; still to look up: 3" in said(result)


def test_an_import_after_the_look_ups_is_helped_by_them_at_once(
    run: CliRunner, fake: FakeMusicBrainz, tmp_path: Path
) -> None:
    people_of("Moby").close()
    run.invoke(app, ["genres"])
    asked = len(fake.asked)
    file = tmp_path / "eve.json"
    file.write_text(a_profile("eve", a_playlist("p", "MOBY")).model_dump_json())

    run.invoke(app, ["import", str(file)])

    assert "techno" in run.invoke(app, ["show", "eve"]).output
    assert len(fake.asked) == asked


def test_without_a_contact_musicbrainz_is_off_and_says_so(
    run: CliRunner, fake: FakeMusicBrainz, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    people_of("Moby").close()
    monkeypatch.delenv("SOUNDALIKE_MUSICBRAINZ_CONTACT")

    result = run.invoke(app, ["genres"])

    assert isinstance(result.exception, SettingsError)
    assert "SOUNDALIKE_MUSICBRAINZ_CONTACT is not set" in str(result.exception)
    assert not (tmp_path / "home" / "metabrainz.db").exists()
    assert fake.asked == []


def test_a_table_helps_people_without_musicbrainz(
    run: CliRunner, fake: FakeMusicBrainz, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    people_of("Moby").close()
    (tmp_path / "genres.csv").write_text("artist,genres\nMoby,electronica\n")
    monkeypatch.delenv("SOUNDALIKE_MUSICBRAINZ_CONTACT")
    monkeypatch.setenv("SOUNDALIKE_GENRE_TABLE", str(tmp_path / "genres.csv"))

    result = run.invoke(app, ["genres"])

    assert "MusicBrainz is off" in said(result)
    assert "made anew: 2" in said(result)
    assert "electronica" in run.invoke(app, ["show", "ann"]).output
    assert fake.asked == []


@pytest.mark.parametrize("contact", ["me", "me@example.org\r\nX: y", "a b@c", "(me@example.org)", "@", "é@example.org"])
def test_a_contact_that_nobody_could_be_reached_at_is_refused(contact: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOUNDALIKE_MUSICBRAINZ_CONTACT", contact)

    with pytest.raises(SettingsError, match="SOUNDALIKE_MUSICBRAINZ_CONTACT"):
        load(FeatureSettings)


def test_ctrl_c_loses_no_answer(fake: FakeMusicBrainz, run: CliRunner, tmp_path: Path) -> None:
    people_of(*(f"Artist {number}" for number in range(200))).close()
    process = subprocess.Popen(
        [sys.executable, "-c", HEEDING_CTRL_C, "genres"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "SOUNDALIKE_HOME": str(tmp_path / "home")},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    while process.poll() is None and len(fake.asked) < 2:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, output = process.communicate(timeout=60)

    assert process.returncode == 130, output
    assert "Traceback" not in output
    kept = int(output.split("unknown ")[1].split(",")[0])
    assert kept >= 1
    assert f"still to look up: {200 - kept}" in " ".join(output.split())
    settings = load(FeatureSettings)
    with closing(compose.lookups(settings, compose.build(settings, encoder=WordEncoder()))) as lookups:
        assert len(lookups.waiting()) in {200 - kept, 199 - kept}  # one may be kept and not counted yet


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with closing(Outbox(tmp_path / "outbox.db")) as outbox:
        yield outbox


KNOWN = KnownFacts(Air=ArtistFacts(0, ("pop",)))


class Meddled(MemoryFeatureStore):
    """A store in which something happens to Ann after she was read."""

    def __init__(self, meddle) -> None:
        super().__init__()
        self._meddle, self._was_read = meddle, False

    def scan(self, **how):
        yield from [*super().scan(**how)]
        assert self._was_read, "nobody was looked at again"

    def get(self, user_ids):
        if self._was_read:
            self._meddle(self)
        self._was_read = True
        return super().get(user_ids)


def rebuilt(store: MemoryFeatureStore, outbox: Outbox) -> int:
    from features.build import FeatureBuilder

    later = NOW + timedelta(days=1)
    return Rebuilder(store, KNOWN, FeatureBuilder(WordEncoder(), KNOWN), outbox).run(lambda: later, lambda _done: None)


def ann(*artists: str) -> UserFeatures:
    return features_of(a_profile("ann", a_playlist("p", *artists)))[0]


def test_who_is_deleted_meanwhile_does_not_come_back(outbox: Outbox) -> None:
    store = Meddled(lambda store: store.delete([ANN]))
    store.upsert([ann("Air")])

    assert rebuilt(store, outbox) == 0
    assert store.count() == 0


def test_who_has_changed_meanwhile_stays_as_they_are_now(outbox: Outbox) -> None:
    newer = replace(ann("Can"), updated_at=NOW + timedelta(hours=1))
    store = Meddled(lambda store: store.upsert([newer]))
    store.upsert([ann("Air")])

    assert rebuilt(store, outbox) == 0
    assert list(next(MemoryFeatureStore.scan(store))[0].listening.artists) == ["Can"]


def test_who_has_a_deletion_waiting_is_left_alone(outbox: Outbox) -> None:
    store = MemoryFeatureStore()
    store.upsert([ann("Air")])
    outbox.remove(ANN)

    assert rebuilt(store, outbox) == 0
    assert store.get([ANN])[ANN].genre is None


def test_what_was_filled_in_before_is_filled_in_anew_and_never_becomes_what_the_source_told(outbox: Outbox) -> None:
    facts = KnownFacts(Moby=ArtistFacts(2, ("house",), 1999))
    told = a_track("Can", genres=["krautrock"], release_year=1971)
    store = MemoryFeatureStore()
    store.upsert(features_of(a_profile("ann", a_playlist("p", "Moby", "Air", told)), facts=facts))

    assert rebuilt(store, outbox) == 1

    listening = store.get([ANN])[ANN].listening
    assert listening.genres == {"Can": ("krautrock",), "Air": ("pop",)}
    assert (listening.filled_genres, listening.filled_years) == ({"Air"}, frozenset())
    assert listening.dated_artists == {"Can"}


@pytest.mark.parametrize("source", sorted(SPOTIFY_API))
def test_what_expires_is_made_anew_and_expires_no_later(outbox: Outbox, source: str) -> None:
    store = MemoryFeatureStore()
    store.upsert([replace(ann("Air"), source=source)])

    assert rebuilt(store, outbox) == 1

    anew = store.get([ANN])[ANN]
    assert anew.listening.genres == {"Air": ("pop",)}
    assert anew.updated_at == NOW
    assert rebuilt(store, outbox) == 0


def test_filling_in_and_taking_out_again_leaves_what_the_source_told() -> None:
    told = ann("Moby", "Air").listening
    filled = filled_from(
        told, gaps_of(told), {"Moby": ArtistFacts(2, ("house",), 1999), "Air": ArtistFacts(1, (), 1998)}
    )

    assert filled != told
    assert as_told(filled) == told
