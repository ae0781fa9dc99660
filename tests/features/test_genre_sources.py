"""Whatever knows genres keeps the same contract; a chain of them does, too; and the catalogue that asks further."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from features.genres.answers import Answer, MusicBrainzGenres, Outcome
from features.genres.sources import CatalogGenres, FirstKnown, WiderCatalog
from features.genres.table import TableGenres
from features.metabrainz.database import metabrainz_database
from features.ports import ArtistFacts, GenreSource
from features.sqlite.store import SqliteFeatureStore
from tests.builders import KnownFacts, a_playlist, a_profile, a_track, features_of

Known = Mapping[str, tuple[str, ...]]
ASourceThatKnows = Callable[[Known], GenreSource]
FEW: Known = {"Daft Punk": ("house", "french touch"), "Björk": ("art pop",), "Nobody Told": ()}


def of_the_community(known: Known, folder: Path) -> GenreSource:
    store = SqliteFeatureStore(folder / "features.db")
    people = [
        a_profile(f"{artist} {liked}", a_playlist("p", a_track(artist, genres=genres[:liked])))
        for artist, genres in known.items()
        for liked in range(len(genres) + 1)  # so that the first genre is the commonest
    ]
    store.upsert(features_of(*people))
    return CatalogGenres(store.catalog)


def of_a_csv(known: Known, folder: Path) -> GenreSource:
    lines = "".join(f'"{artist}",{"; ".join(genres).title()}\n' for artist, genres in known.items())
    (folder / "genres.csv").write_text(f"artist,genres\n{lines}", encoding="utf-8")
    return TableGenres(folder / "genres.csv")


def of_parquet(known: Known, folder: Path) -> GenreSource:
    table = pa.table(
        {"id": range(len(known)), "genres": [list(each) for each in known.values()], "artist": list(known)}
    )
    parquet.write_table(table, folder / "genres.parquet")
    return TableGenres(folder / "genres.parquet")


def of_musicbrainz(known: Known, folder: Path) -> GenreSource:
    answers = MusicBrainzGenres(metabrainz_database(folder))
    for artist, genres in known.items():
        answers.keep(artist, Answer(Outcome.FOUND, genres) if genres else Answer(Outcome.WITHOUT_GENRES))
    return answers


def of_a_chain(known: Known, folder: Path) -> GenreSource:
    return FirstKnown([of_musicbrainz({}, folder), of_a_csv(known, folder)])


@pytest.fixture(
    params=[of_the_community, of_a_csv, of_parquet, of_musicbrainz, of_a_chain], ids=lambda made: made.__name__
)
def a_source(request: pytest.FixtureRequest, tmp_path: Path) -> ASourceThatKnows:
    return lambda known: request.param(known, tmp_path)


def test_genres_are_told_the_most_fitting_first_to_any_spelling_and_keyed_as_asked(a_source: ASourceThatKnows) -> None:
    source = a_source(FEW)

    found = source.genres(["DAFT  punk", "Daft Punk", "BJÖRK"])

    assert found == {
        "DAFT  punk": ("house", "french touch"),
        "Daft Punk": ("house", "french touch"),
        "BJÖRK": ("art pop",),
    }


def test_who_is_unknown_or_known_without_genres_is_left_out(a_source: ASourceThatKnows) -> None:
    assert a_source(FEW).genres(["Nobody Told", "Air", "", "a\0b"]) == {}


def test_nobody_is_asked_for_and_nobody_is_told(a_source: ASourceThatKnows) -> None:
    assert a_source(FEW).genres([]) == {}
    assert a_source({}).genres(["Air"]) == {}


def test_as_many_as_a_large_import_asks_for_can_be_asked_for_at_once(a_source: ASourceThatKnows) -> None:
    artists = [*(f"Artist {number}" for number in range(40_000)), "daft punk"]

    assert a_source(FEW).genres(artists) == {"daft punk": ("house", "french touch")}


def test_the_first_source_that_knows_wins_and_the_next_is_asked_for_the_rest(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    chain = FirstKnown([of_a_csv({"Air": ("pop",)}, first), of_a_csv({"Air": ("rock",), "Moby": ("techno",)}, second)])

    assert chain.genres(["Air", "Moby", "Can"]) == {"Air": ("pop",), "Moby": ("techno",)}


def test_a_wider_catalogue_leaves_what_the_community_knows_and_counts_as_it_is(tmp_path: Path) -> None:
    community = KnownFacts(Air=ArtistFacts(3, ("pop",), 1998), Moby=ArtistFacts(2, (), 1999))
    further = of_a_csv({"Air": ("rock",), "Moby": ("techno",), "Can": ("krautrock",)}, tmp_path)
    wider = WiderCatalog(community, further)

    assert wider.facts(["Air", "Moby", "Can", "Nobody"]) == {
        "Air": ArtistFacts(3, ("pop",), 1998),
        "Moby": ArtistFacts(2, ("techno",), 1999),
        "Can": ArtistFacts(0, ("krautrock",)),
    }
    assert wider.popularity() == community.popularity()


def test_genres_of_a_further_source_are_marked_as_filled_in_and_teach_the_community_nothing(tmp_path: Path) -> None:
    store = SqliteFeatureStore(tmp_path / "features.db")
    wider = WiderCatalog(store.catalog, of_a_csv({"Air": ("pop",)}, tmp_path))
    (ann,) = features_of(a_profile("ann", a_playlist("p", "Air")), facts=wider)

    store.upsert([ann])

    assert ann.listening.genres == {"Air": ("pop",)}
    assert ann.listening.filled_genres == {"Air"}
    assert ann.coverage.genres == 1.0
    assert store.catalog.popularity() == ({"air": 1}, {})
    assert store.catalog.without_genres() == ["air"]


def test_no_name_lies_in_the_cache_of_musicbrainz(tmp_path: Path) -> None:
    of_musicbrainz(FEW, tmp_path)

    content = b"".join(file.read_bytes().lower() for file in tmp_path.iterdir())

    assert b"french touch" in content
    assert b"daft" not in content
