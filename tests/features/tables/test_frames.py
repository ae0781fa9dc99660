from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import StoreError
from features.fingerprint import fingerprint
from features.listening import Listening, PlaylistListening
from features.tables.columns import COLUMNS
from features.tables.frames import Encoded, encoded, people_of, schema_of, table_of
from features.user_features import Coverage, UserFeatures, YearStats
from tests.builders import NOW, a_playlist, a_profile, a_track, features_of

pa = pytest.importorskip("pyarrow")


def ann(**changes: object) -> UserFeatures:
    tracks = [a_track("Air", genres=["electronic"], release_year=1998, plays=7), a_track("Moby", plays=9)]
    person = features_of(a_profile("ann", a_playlist("mix", *tracks)))[0]
    return replace(person, **changes)  # type: ignore[arg-type]


def there_and_back(*people: UserFeatures) -> list[UserFeatures]:
    (batch,) = table_of([encoded(person) for person in people]).combine_chunks().to_batches()
    return [each.person for each in read(batch)]


def read(batch: object) -> list[Encoded]:
    found = people_of(batch)
    assert all(isinstance(each, Encoded) for each in found)
    return found


def of_nothing(user_id: str = "bob") -> UserFeatures:
    nothing = Listening((PlaylistListening(""),))
    return ann(user_id=user_id, genre=None, artist=None, playlist=None, years=None, listening=nothing)


vectors = st.none() | st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=3, max_size=3).map(
    lambda values: np.array(values, np.float32)
)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@st.composite
def people(draw: st.DrawFn) -> UserFeatures:
    artists = tuple(draw(st.lists(words, max_size=4, unique=True)))
    weights = tuple(draw(st.lists(st.floats(0.5, 1e6), min_size=len(artists), max_size=len(artists))))
    playlist = PlaylistListening(
        draw(words), artists, weights, tuple(draw(st.sampled_from([None, 1999])) for _ in artists)
    )
    shares = np.float32([0.25] * 12)
    return ann(
        user_id=draw(words),
        display_name=draw(st.none() | words),
        profile_url=draw(st.none() | words),
        source=draw(words),
        consented_at=draw(st.none() | st.datetimes(timezones=st.just(NOW.tzinfo))),
        updated_at=draw(st.datetimes(timezones=st.just(NOW.tzinfo))),
        genre=draw(vectors),
        artist=draw(vectors),
        playlist=draw(vectors),
        years=draw(st.none() | st.builds(YearStats, st.floats(1900, 2030), st.floats(0, 50), st.just(shares))),
        coverage=Coverage(draw(st.floats(0, 1)), draw(st.floats(0, 1))),
        listening=Listening((playlist,), dict.fromkeys(artists[:2], ("rock",)), frozenset(artists[:1])),
    )


@given(st.lists(people(), min_size=1, max_size=4))
def test_people_come_back_from_a_table_as_they_were(some: list[UserFeatures]):
    back = there_and_back(*some)
    assert [fingerprint(person) for person in back] == [fingerprint(person) for person in some]
    assert [person.updated_at for person in back] == [person.updated_at for person in some]
    assert [person.consented_at for person in back] == [person.consented_at for person in some]


def test_what_is_not_known_of_anybody_is_still_a_list_of_floats_or_words():
    table = table_of([encoded(of_nothing())])
    assert table.schema == schema_of()
    assert table["genre_embedding"].to_pylist() == [None]
    assert table["artists"].to_pylist() == [[]]
    assert table["genre_weights"].type == pa.list_(pa.float32())


def test_vectors_are_float32_and_times_have_no_zone_and_microseconds():
    table = table_of([encoded(ann())])
    assert table["artist_embedding"].type == pa.list_(pa.float32())
    assert table["updated_at"].type == pa.timestamp("us")
    assert table["updated_at"].to_pylist() == [NOW.replace(tzinfo=None)]


def test_artists_and_genres_stand_there_with_their_weights_the_heaviest_first():
    row = table_of([encoded(ann())]).to_pylist()[0]
    assert (row["artists"], row["artist_weights"]) == (["Moby", "Air"], [9.0, 7.0])
    assert (row["genres"], row["genre_weights"]) == (["electronic"], [7.0])


def test_every_column_has_a_description_and_the_table_just_these_columns():
    assert all(column.description for column in COLUMNS)
    assert table_of([encoded(ann())]).column_names == [column.name for column in COLUMNS]


def test_a_row_that_is_not_what_was_written_is_refused():
    table = table_of([encoded(ann())])
    at = table.column_names.index("source")
    (batch,) = table.set_column(at, "source", pa.array(["elsewhere"])).to_batches()
    (damaged,) = people_of(batch)
    assert damaged is None


def test_a_listening_that_cannot_be_read_is_refused():
    table = table_of([encoded(ann())])
    at = table.column_names.index("listening")
    (batch,) = table.set_column(at, "listening", pa.array(["{}"])).to_batches()
    (damaged,) = people_of(batch)
    assert damaged is None


@pytest.mark.parametrize("name", ["listening", "consented_at", "source", "text_model", "genre_coverage"])
def test_a_null_where_none_may_be_is_a_row_that_cannot_be_read(name: str):
    table = table_of([encoded(ann())])
    at = table.column_names.index(name)
    (batch,) = table.set_column(at, name, pa.array([None], table[name].type)).to_batches()
    (damaged,) = people_of(batch)
    assert damaged is None


def test_doubles_are_taken_as_floats():
    table = table_of([encoded(ann())])
    at = table.column_names.index("artist_embedding")
    doubles = table["artist_embedding"].cast(pa.list_(pa.float64()))
    (batch,) = table.set_column(at, "artist_embedding", doubles).to_batches()
    assert read(batch)[0].fingerprint == fingerprint(ann())


def test_a_part_of_a_batch_is_read_as_the_whole_of_it():
    everybody = [ann(user_id=f"p{at}", artist=None if at % 2 else ann().artist) for at in range(6)]
    batch = table_of([encoded(person) for person in everybody]).to_batches()[0].slice(2, 3)
    assert [each.fingerprint for each in read(batch)] == [fingerprint(p) for p in everybody[2:5]]


@pytest.mark.parametrize("part", ["genre", "artist", "playlist"])
def test_vectors_of_different_widths_are_refused_before_anything_is_written(part: str):
    with pytest.raises(StoreError, match="are not as wide"):
        table_of([encoded(ann()), encoded(ann(user_id="bob", **{part: np.ones(7, np.float32)}))])


def test_vectors_of_another_text_model_may_have_another_width():
    narrow = dict.fromkeys(("genre", "artist", "playlist"), np.ones(7, np.float32))
    both = [ann(), ann(user_id="bob", text_model="another", **narrow)]
    assert [fingerprint(person) for person in there_and_back(*both)] == [fingerprint(person) for person in both]


@pytest.mark.parametrize("part", ["genre", "artist", "playlist"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_vectors_that_are_not_finite_are_refused(part: str, value: float):
    with pytest.raises(StoreError, match="not finite"):
        table_of([encoded(ann(**{part: np.full(384, value, np.float32)}))])


@pytest.mark.parametrize("kind", [pa.timestamp("ns"), pa.timestamp("us", "UTC"), pa.timestamp("ms")])
def test_times_are_read_in_whatever_unit_they_come(kind: object):
    table = table_of([encoded(ann())])
    at = table.column_names.index("updated_at")
    (batch,) = table.set_column(at, "updated_at", table["updated_at"].cast(kind)).to_batches()
    assert [each.person.updated_at for each in read(batch)] == [NOW]
