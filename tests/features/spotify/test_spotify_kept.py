"""What is kept of Spotify's answers, and for how long."""

from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import EmptyProfile, SpotifyLoginNeeded, SpotifyUnavailable, StoreError
from features.profile import UserId
from features.spotify.artists import ArtistGenres
from features.spotify.kept import UnfinishedReadings
from features.spotify.shapes import Heard, ListedPlaylist
from features.spotify.web_api import WebApi
from tests.fakes.spotify import FakeSpotify, a_world
from tests.fakes.spotify.ids import spotify_id
from tests.features.spotify.test_spotify_web_api import an_api

ANN, BOB = UserId("ann"), UserId("bob")
MIX = ListedPlaylist("p1", "mix", "s1", 2)
HEARD = [Heard("Nico", "A1", "These Days", 1967), Heard("Halsey")]


class Day:
    """A clock that is set by hand."""

    now = datetime(2026, 11, 24, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def day() -> Day:
    return Day()


@pytest.fixture
def readings(tmp_path: Path, day: Day) -> Iterator[UnfinishedReadings]:
    with closing(UnfinishedReadings(tmp_path / "readings.db", clock=day)) as readings:
        yield readings


def stop(readings: UnfinishedReadings, user_id: UserId, heard: list[Heard]) -> None:
    """Read one playlist, and no further."""
    with suppress(SpotifyUnavailable), readings.reading(user_id) as reading:
        reading.add(MIX, heard)
        raise SpotifyUnavailable("no answer")


def left(readings: UnfinishedReadings, user_id: UserId, *playlists: ListedPlaylist) -> dict[str, list[Heard]]:
    with suppress(SpotifyUnavailable), readings.reading(user_id) as reading:
        found = reading.found(playlists)
        raise SpotifyUnavailable("no answer")
    return found


def test_a_playlist_is_found_as_it_was_read_by_whom_it_was_read_of(readings: UnfinishedReadings):
    stop(readings, ANN, HEARD)
    assert left(readings, ANN, MIX, ListedPlaylist("p2")) == {"p1": HEARD}
    assert left(readings, BOB, MIX) == {}


def test_another_snapshot_is_another_playlist(readings: UnfinishedReadings):
    stop(readings, ANN, HEARD)
    assert left(readings, ANN, ListedPlaylist("p1", "mix", "s2", 2)) == {}


@pytest.mark.parametrize("asks", [True, False])
def test_after_a_day_nothing_is_left(readings: UnfinishedReadings, day: Day, tmp_path: Path, asks: bool):
    stop(readings, ANN, HEARD)
    day.now += timedelta(hours=23)
    assert readings.wipe_expired() == 0
    day.now += timedelta(hours=1, seconds=1)
    if asks:
        assert left(readings, ANN, MIX) == {}
    else:
        assert readings.wipe_expired() == 1
    assert b"These Days" not in b"".join(path.read_bytes() for path in tmp_path.glob("readings.db*"))


def test_what_is_too_old_goes_when_the_file_is_opened(readings: UnfinishedReadings, day: Day, tmp_path: Path):
    stop(readings, ANN, HEARD)
    readings.close()
    day.now += timedelta(days=2)
    with closing(UnfinishedReadings(tmp_path / "readings.db", clock=day)):
        assert b"These Days" not in (tmp_path / "readings.db").read_bytes()


def test_a_damaged_file_is_begun_anew(tmp_path: Path):
    (tmp_path / "readings.db").write_bytes(b"no database at all" * 100)
    with closing(UnfinishedReadings(tmp_path / "readings.db")) as readings:
        stop(readings, ANN, HEARD)
        assert left(readings, ANN, MIX)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path):
    (tmp_path / "spotify").write_text("a file")
    with pytest.raises(StoreError):
        UnfinishedReadings(tmp_path / "spotify" / "readings.db")


def test_a_reading_that_comes_to_its_end_leaves_nothing_and_neither_does_one_of_no_use(
    readings: UnfinishedReadings, tmp_path: Path
):
    stop(readings, ANN, HEARD)
    with readings.reading(ANN) as reading:
        assert reading.found([MIX]) == {"p1": HEARD}
    assert left(readings, ANN, MIX) == {}
    stop(readings, ANN, HEARD)
    with suppress(EmptyProfile), readings.reading(ANN) as reading:
        reading.add(MIX, HEARD)
        raise EmptyProfile("nothing")
    assert left(readings, ANN, MIX) == {}
    assert b"These Days" not in b"".join(path.read_bytes() for path in tmp_path.glob("readings.db*"))


def test_whose_login_is_over_leaves_nothing(readings: UnfinishedReadings, tmp_path: Path):
    stop(readings, ANN, HEARD)
    with suppress(SpotifyLoginNeeded), readings.reading(ANN) as reading:
        reading.add(MIX, HEARD)
        raise SpotifyLoginNeeded("not any more")
    assert left(readings, ANN, MIX) == {}
    assert b"These Days" not in b"".join(path.read_bytes() for path in tmp_path.glob("readings.db*"))


def test_who_is_forgotten_while_they_are_read_leaves_nothing_whatever_ends_the_reading(readings: UnfinishedReadings):
    with suppress(SpotifyUnavailable), readings.reading(ANN) as reading, readings.reading(BOB) as bobs:
        reading.add(MIX, HEARD)
        bobs.add(MIX, HEARD)
        readings.forget(ANN)
        raise SpotifyUnavailable("no answer")
    assert left(readings, ANN, MIX) == {}
    assert left(readings, BOB, MIX) == {"p1": HEARD}


def test_a_file_that_cannot_be_written_does_not_hide_why_the_reading_stopped(readings: UnfinishedReadings):
    def stopped() -> None:
        with readings.reading(ANN) as reading:
            reading.add(MIX, HEARD)
            readings.close()
            raise SpotifyUnavailable("no answer")

    with pytest.raises(SpotifyUnavailable):
        stopped()


ROWS = st.builds(
    Heard,
    st.text(min_size=1),
    st.none() | st.from_regex(r"[0-9A-Za-z]{1,22}", fullmatch=True),
    st.none() | st.text(),
    st.none() | st.integers(1000, 2099),
)


@settings(max_examples=25)
@given(st.lists(ROWS))
def test_rows_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, rows: list[Heard]):
    with closing(UnfinishedReadings(tmp_path_factory.mktemp("kept") / "readings.db")) as readings:
        stop(readings, ANN, rows)
        assert left(readings, ANN, MIX) == {"p1": rows}


NICO, ODD, NOBODY = spotify_id("artist", "Nico"), spotify_id("artist", "Odd"), spotify_id("artist", "Nobody")


@pytest.fixture
def fake() -> Iterator[FakeSpotify]:
    with FakeSpotify(a_world().with_artist("Nico", ["art pop"]).with_artist("Odd", None)) as fake:
        yield fake


@pytest.fixture
def api(fake: FakeSpotify) -> Iterator[WebApi]:
    with an_api(fake) as api:
        yield api


def untold(_done: int, _total: int) -> None:
    pass


def test_genres_are_asked_for_once_a_week_those_that_spotify_does_not_know_as_well(
    fake: FakeSpotify, api: WebApi, tmp_path: Path, day: Day
):
    for _ in range(2):
        with closing(ArtistGenres(tmp_path / "artists.db", clock=day)) as genres:
            assert genres.of(api, [NICO, ODD, NOBODY, NICO], untold) == {NICO: ("art pop",)}
    assert len(fake.asked("GET /v1/artists")) == 1
    day.now += timedelta(days=7, seconds=1)
    with closing(ArtistGenres(tmp_path / "artists.db", clock=day)) as genres:
        genres.of(api, [NICO], untold)
    assert len(fake.asked("GET /v1/artists")) == 2


def test_genres_are_asked_for_fifty_at_a_time(fake: FakeSpotify, api: WebApi, tmp_path: Path):
    told: list[tuple[int, int]] = []
    ids = [spotify_id("artist", str(number)) for number in range(101)]
    with closing(ArtistGenres(tmp_path / "artists.db")) as genres:
        assert genres.of(api, ids, lambda *done: told.append(done)) == {}
        assert genres.of(api, [], untold) == {}
    assert len(fake.asked("GET /v1/artists")) == 3
    assert (told[0], told[-1]) == ((0, 101), (101, 101))


def test_artists_that_are_left_out_of_an_answer_are_told_apart_by_their_ids(
    fake: FakeSpotify, api: WebApi, tmp_path: Path
):
    from tests.fakes.spotify import Answer

    fake.fail("GET /v1/artists", Answer(200, {"artists": [{"id": NICO, "genres": ["art pop"]}]}))
    with closing(ArtistGenres(tmp_path / "artists.db")) as genres:
        assert genres.of(api, [ODD, NICO], untold) == {NICO: ("art pop",)}
