"""Profiles from ListenBrainz, by real HTTP against a stand-in."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from typer.testing import CliRunner

from features.cli import app
from features.errors import EmptyProfile, FeaturesError, SourceUnavailable, UnknownUser, UnreadableSource
from features.listenbrainz.names import is_reference, page_of, user_id_of, user_name_of
from features.listenbrainz.profiles import ListenBrainzProfiles
from features.metabrainz.database import metabrainz_database
from features.metabrainz.pace import Pace
from features.metabrainz.web import Patience, Web
from features.profile import TasteProfile, Url, UserIdText
from tests.builders import a_playlist, a_profile
from tests.fakes.listenbrainz import FakeListenBrainz, Heard, Person, mbid_of
from tests.fakes.stores import HashingEncoder
from tests.fakes.web import Reply


@pytest.fixture
def fake() -> Iterator[FakeListenBrainz]:
    with FakeListenBrainz() as fake:
        fake.people["Rob"] = Person({"Air": 40, "Moby": 2})
        yield fake


@pytest.fixture
def profiles(fake: FakeListenBrainz, tmp_path: Path) -> Iterator[ListenBrainzProfiles]:
    pace = Pace(metabrainz_database(tmp_path), "ListenBrainz", 0.0)
    web = Web("ListenBrainz", fake.url, pace, contact=None, patience=Patience(2, 0.001, 1.0))
    made = ListenBrainzProfiles(web)
    yield made
    made.close()


def tracks(profile: TasteProfile) -> dict[str, tuple[int | None, tuple[str, ...], int | None]]:
    (playlist,) = profile.playlists
    return {track.artist: (track.plays, track.genres, track.release_year) for track in playlist.tracks}


def test_a_person_s_top_artists_are_their_profile(profiles: ListenBrainzProfiles) -> None:
    profile = profiles.read("Rob")

    assert tracks(profile) == {"Air": (40, (), None), "Moby": (2, (), None)}
    assert (profile.user_id, profile.display_name, profile.source) == ("listenbrainz:rob", "Rob", "listenbrainz")
    assert profile.profile_url == "https://listenbrainz.org/user/Rob/"


def test_genres_are_those_that_the_artist_was_tagged_with_most(
    profiles: ListenBrainzProfiles, fake: FakeListenBrainz
) -> None:
    fake.genres["Air"] = {"Downtempo": 6, "Trip Hop": 13}
    fake.tags = {"Air": {"french": 90}, "Moby": {"vegan": 1}}

    assert {artist: genres for artist, (_, genres, _) in tracks(profiles.read("Rob")).items()} == {
        "Air": ("trip hop", "downtempo"),
        "Moby": ("vegan",),
    }


def test_years_are_the_median_of_the_artist_s_recordings_that_were_heard_and_never_when_a_band_began(
    profiles: ListenBrainzProfiles, fake: FakeListenBrainz
) -> None:
    fake.genres["Air"] = {"pop": 1}  # with which the year comes that the band began in
    fake.people["Rob"].recordings = [
        Heard("Late", ("Air",), 9, 2009),
        Heard("Early", ("Air",), 8, 1998),
        Heard("Together", ("Air", "Moby"), 7, 2001),
        Heard("Unlinked", ("Moby",), 6, 2003, is_linked=False),
        Heard("Undated", ("Moby",), 5),
        Heard("Nonsense", ("Moby",), 5, 0),
    ]

    assert {artist: year for artist, (_, _, year) in tracks(profiles.read("Rob")).items()} == {
        "Air": 2001,
        "Moby": 2001,
    }


def test_all_pages_are_read_up_to_the_last_that_holds_anything(
    profiles: ListenBrainzProfiles, fake: FakeListenBrainz
) -> None:
    fake.page = 40
    fake.people["Rob"] = Person({f"Artist {number}": 300 - number for number in range(90)})

    assert list(tracks(profiles.read("Rob"))) == [f"Artist {number}" for number in range(90)]
    offsets = [asked.query["offset"] for asked in fake.asked if asked.path.endswith("/artists")]
    assert offsets == ["0", "40", "80", "90"]  # a total is told, of which not all are ranked


def test_a_profile_holds_no_more_than_it_may(fake: FakeListenBrainz, tmp_path: Path) -> None:
    pace = Pace(metabrainz_database(tmp_path), "ListenBrainz", 0.0)
    with Web("ListenBrainz", fake.url, pace, contact=None) as web:
        assert list(tracks(ListenBrainzProfiles(web, max_tracks=1).read("Rob"))) == ["Air"]


def test_a_person_takes_few_requests_however_much_they_listen_to(
    profiles: ListenBrainzProfiles, fake: FakeListenBrainz
) -> None:
    recordings = [Heard(f"Song {number}", ("Artist 1",), 5, 1999) for number in range(3000)]
    fake.people["Rob"] = Person({f"Artist {number}": 9 for number in range(3000)}, recordings)

    assert len(tracks(profiles.read("Rob"))) == 2000
    assert len(fake.asked) == 2 + 5 + 1 + 5
    assert max(len(f"{asked.path}?{asked.query}") for asked in fake.asked) < 4096


def test_artists_without_an_identifier_are_not_asked_about(
    profiles: ListenBrainzProfiles, fake: FakeListenBrainz
) -> None:
    fake.unlinked = {"Air", "Moby"}

    assert tracks(profiles.read("Rob"))["Air"] == (40, (), None)
    assert not any("metadata" in path for path in fake.paths())


def test_a_name_is_one_segment_of_the_path(profiles: ListenBrainzProfiles, fake: FakeListenBrainz) -> None:
    name = "Zoë ?&#%2F..\\ +"
    fake.people[name] = Person({"Air": 1})

    profile = profiles.read(f"listenbrainz:{name}")

    assert profile.display_name == name
    assert fake.paths()[0] == "/1/stats/user/Zo%C3%AB%20%3F%26%23%252F..%5C%20%2B/artists"


def test_nobody_of_that_name_is_said_to_be_so_without_the_name(profiles: ListenBrainzProfiles) -> None:
    with pytest.raises(UnknownUser, match="ListenBrainz knows nobody") as error:
        profiles.read("Hidden")
    assert "Hidden" not in str(error.value)


def test_statistics_that_were_not_counted_yet_are_said_to_be_so(
    profiles: ListenBrainzProfiles, fake: FakeListenBrainz
) -> None:
    fake.people["Rob"].is_counted = False

    with pytest.raises(SourceUnavailable, match="has not counted"):
        profiles.read("Rob")


def test_who_has_listened_to_nobody_has_an_empty_profile(
    profiles: ListenBrainzProfiles, fake: FakeListenBrainz
) -> None:
    fake.people["Rob"] = Person()

    with pytest.raises(EmptyProfile):
        profiles.read("Rob")


def test_several_artists_together_do_not_have_the_genres_of_one_of_them(
    profiles: ListenBrainzProfiles, fake: FakeListenBrainz
) -> None:
    fake.genres["Air"] = {"pop": 3}
    together = {"artist_name": "Air & Moby", "artist_mbids": [mbid_of("Air"), mbid_of("Moby")], "listen_count": 4}
    alone = {"artist_name": "Air", "artist_mbids": [mbid_of("Air")], "listen_count": 3}
    fake.next.append(Reply(document={"payload": {"artists": [together, alone]}}))

    assert tracks(profiles.read("Rob")) == {"Air & Moby": (4, (), None), "Air": (3, ("pop",), None)}


def test_rows_that_are_odd_are_passed_over(profiles: ListenBrainzProfiles, fake: FakeListenBrainz) -> None:
    odd = [
        None, 7, {}, {"artist_name": None}, {"artist_name": " "}, {"artist_name": 1989, "listen_count": "many"},
        {"artist_name": "Air\n", "artist_mbid": "no-mbid", "listen_count": -3},
        {"artist_name": "Can", "artist_mbids": ["x", None], "listen_count": 1e300},
    ]  # fmt: skip
    fake.next.append(Reply(document={"payload": {"artists": odd}}))

    assert tracks(profiles.read("Rob")) == {"1989": (0, (), None), "Air": (0, (), None), "Can": (0, (), None)}


@pytest.mark.parametrize("document", [None, [], {}, {"payload": None}, {"payload": {"artists": "x"}}])
def test_an_answer_of_another_shape_holds_nobody(
    document: object, profiles: ListenBrainzProfiles, fake: FakeListenBrainz
) -> None:
    fake.next.append(Reply(document=document))

    with pytest.raises(EmptyProfile):
        profiles.read("Rob")


@pytest.mark.parametrize("at", range(4))
def test_a_failure_at_any_request_is_no_thinner_profile_but_an_error(
    at: int, profiles: ListenBrainzProfiles, fake: FakeListenBrainz
) -> None:
    fake.people["Rob"].recordings = [Heard("Song", ("Air",), 5, 1999)]
    fake.page = 1
    profiles.read("Rob")
    good = [fake.answer(asked) for asked in fake.asked]
    fake.next.extend([*good[:at], Reply(500), Reply(500)])

    with pytest.raises(SourceUnavailable, match="answered 500"):
        profiles.read("Rob")


@pytest.mark.parametrize(
    "name", ["", " Rob", "Rob ", "a/b", "..", ".", "a\nb", "a\x00", "x" * 65, "a\u202eb", "%00", "\ud800"]
)
def test_what_cannot_be_a_name_is_refused_and_nobody_asked(
    name: str, profiles: ListenBrainzProfiles, fake: FakeListenBrainz
) -> None:
    if name == "%00":  # only an address is percent-encoded
        name = "https://listenbrainz.org/user/%00/"
    with pytest.raises(UnreadableSource, match="no name of somebody on ListenBrainz"):
        profiles.read(name)
    assert fake.asked == []


def test_the_address_of_a_page_names_its_person() -> None:
    assert user_name_of("https://listenbrainz.org/user/Zo%C3%AB/") == "Zoë"
    assert is_reference("https://listenbrainz.org/user/Rob/?range=week")
    assert is_reference("listenbrainz:Rob")
    for path in ("rob.zip", "./listenbrainz:rob", "https://example.org/user/Rob/", "https://listenbrainz.org/user/"):
        assert not is_reference(path)


@given(st.text(max_size=70))
def test_whoever_has_a_name_has_an_id_and_a_page(text: str) -> None:
    try:
        name = user_name_of(text)
    except UnreadableSource:
        return
    TypeAdapter(UserIdText).validate_python(user_id_of(name))
    TypeAdapter(Url).validate_python(page_of(name))
    assert user_name_of(page_of(name)) == name


@pytest.fixture
def run(tmp_path: Path, fake: FakeListenBrainz, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("SOUNDALIKE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SOUNDALIKE_LISTENBRAINZ_URL", fake.url)
    monkeypatch.setattr("features.compose.SentenceTransformerEncoder", HashingEncoder)
    monkeypatch.setattr("features.metabrainz.pace.Pace.turn", lambda _pace, _within_s: None)
    return CliRunner()


def test_people_of_listenbrainz_are_imported_beside_files(run: CliRunner, tmp_path: Path) -> None:
    file = tmp_path / "ann.json"
    file.write_text(a_profile("ann", a_playlist("p", "Can")).model_dump_json())

    result = run.invoke(app, ["import", "listenbrainz:Rob", str(file)])

    assert result.exit_code == 0, result.output
    assert "added      2" in result.output
    shown = run.invoke(app, ["show", "listenbrainz:rob"]).output
    assert "Air" in shown
    assert "listenbrainz" in shown


def test_importing_somebody_again_changes_nothing_whatever_case_the_name_is_in(run: CliRunner) -> None:
    run.invoke(app, ["import", "listenbrainz:rob"])

    assert "unchanged  1" in run.invoke(app, ["import", "listenbrainz:rob"]).output
    assert "added      0" in run.invoke(app, ["import", "listenbrainz:ROB"]).output


def test_somebody_of_listenbrainz_can_have_another_id(run: CliRunner) -> None:
    run.invoke(app, ["import", "listenbrainz:Rob", "--user-id", "robert"])

    assert run.invoke(app, ["show", "robert"]).exit_code == 0


@pytest.mark.parametrize("name", ["listenbrainz:Hidden", "listenbrainz:a/b"])
def test_who_cannot_be_imported_is_an_error_in_one_line(run: CliRunner, name: str) -> None:
    assert isinstance(run.invoke(app, ["import", name]).exception, FeaturesError)


def test_a_user_id_may_hold_a_colon() -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(UserIdText).validate_python("listenbrainz:a/b")
    TypeAdapter(UserIdText).validate_python("listenbrainz:a b")
