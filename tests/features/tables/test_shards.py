import errno
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from features.errors import StoreError
from features.fingerprint import fingerprint
from features.outbox import Outbox
from features.ports import EVER, FeatureStore
from features.profile import UserId
from features.sqlite.store import SqliteFeatureStore
from features.tables.columns import COLUMNS
from features.tables.shards import Shards, by_hash, write_shards
from features.tables.taking import Taken, Taker
from features.user_features import UserFeatures
from tests.builders import NOW, a_community, features_of

PEOPLE = features_of(*a_community(60))


def dumped(folder: Path, people: list[UserFeatures] = PEOPLE, shards: int = 4) -> Shards:
    batches = [people[at : at + 25] for at in range(0, len(people), 25)]
    assert write_shards(batches, folder, by_hash(shards), shards) == len(people)
    return Shards(folder)


def read(shards: Shards) -> list[UserFeatures]:
    return [person for file in shards.files for batch in shards.people(file, 7) for person in batch]


def take(shards: Shards, store: FeatureStore, outbox: Outbox) -> Taken:
    taker = Taker(store, outbox, datetime.now(UTC))
    taker.take(shards, lambda _count: None)
    return taker.taken


def everybody(store: FeatureStore) -> dict[UserId, str]:
    return {person.user_id: fingerprint(person) for batch in store.scan() for person in batch}


@pytest.fixture
def store(tmp_path: Path) -> SqliteFeatureStore:
    return SqliteFeatureStore(tmp_path / "features.db")


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with closing(Outbox(tmp_path / "outbox.db")) as outbox:
        yield outbox


def test_all_of_everybody_comes_back_and_each_shard_has_its_people_in_the_order_they_came(tmp_path: Path):
    shards = dumped(tmp_path / "people")
    found = read(shards)
    assert shards.count() == len(found) == len(PEOPLE)
    assert {fingerprint(person) for person in found} == {fingerprint(person) for person in PEOPLE}
    assert {person.updated_at for person in found} == {NOW}
    assert [file.name for file in shards.files] == [f"people-0000{shard}-of-00004.parquet" for shard in range(4)]
    for shard, file in enumerate(shards.files):
        ids = [person.user_id for batch in shards.people(file) for person in batch]
        assert ids == [person.user_id for person in PEOPLE if by_hash(4)(person.user_id) == shard]


def test_row_groups_are_cut_however_many_people_there_are_and_an_empty_shard_is_a_file_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("features.tables.shards._LEAST_IN_A_GROUP", 3)
    monkeypatch.setattr("features.tables.shards._IN_MEMORY", 3)
    write_shards([PEOPLE], tmp_path / "people", lambda _user_id: 1, 2)
    empty, full = Shards(tmp_path / "people").files
    assert parquet.ParquetFile(empty).metadata.num_rows == 0
    assert parquet.ParquetFile(full).metadata.num_row_groups == len(PEOPLE) / 3


def test_other_engines_find_typed_columns_with_what_they_mean(tmp_path: Path):
    file = dumped(tmp_path / "people").files[0]
    table = parquet.read_table(file)
    assert table.schema.names == [column.name for column in COLUMNS]
    assert table.schema.field("genre_embedding").type == pa.list_(pa.float32())
    assert table.schema.field("updated_at").type == pa.timestamp("us")
    person = next(person for person in PEOPLE if person.user_id == table["user_id"][0].as_py())
    np.testing.assert_array_equal(table["artist_embedding"][0].as_py(), person.artist)
    assert table["artists"][0].as_py() == list(person.listening.artist_weights())


def test_the_files_are_their_owners_alone(tmp_path: Path):
    shards = dumped(tmp_path / "people")
    assert stat.S_IMODE((tmp_path / "people").stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in shards.files} == {0o600}


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path: Path):
    (tmp_path / "people").mkdir()
    with pytest.raises(StoreError, match="is there already"):
        write_shards([PEOPLE], tmp_path / "people", by_hash(2), 2)
    assert list((tmp_path / "people").iterdir()) == []


def test_what_breaks_off_leaves_nothing_behind(tmp_path: Path):
    def half():
        yield PEOPLE[:30]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_shards(half(), tmp_path / "people", by_hash(2), 2)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said_so(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be written"):
        write_shards([PEOPLE], tmp_path / "file" / "people", by_hash(2), 2)


def test_everybody_is_taken_into_a_store_once(tmp_path: Path, store: SqliteFeatureStore, outbox: Outbox):
    shards = dumped(tmp_path / "people")
    assert take(shards, store, outbox) == Taken(added=len(PEOPLE))
    assert everybody(store) == {person.user_id: fingerprint(person) for person in PEOPLE}
    assert take(shards, store, outbox) == Taken(unchanged=len(PEOPLE))


def test_the_newest_state_wins_and_who_was_deleted_stays_deleted(
    tmp_path: Path, store: SqliteFeatureStore, outbox: Outbox
):
    same, older, newer, gone = PEOPLE[:4]
    day = timedelta(days=1)
    store.upsert([same, replace(older, display_name="here", updated_at=NOW + day)])
    store.upsert([replace(newer, display_name="here", updated_at=NOW - day)])
    store.delete([gone.user_id])
    done = take(dumped(tmp_path / "people", PEOPLE[:4]), store, outbox)
    assert done == Taken(updated=1, unchanged=1, older=1, left_out=1)
    assert {person.display_name for person in store.get([older.user_id, newer.user_id]).values()} == {"here", None}
    assert store.get([gone.user_id]) == {}


def test_who_changes_or_leaves_while_files_are_taken_is_left_as_they_are(
    tmp_path: Path, store: SqliteFeatureStore, outbox: Outbox
):
    shards = dumped(tmp_path / "people", PEOPLE[:4])
    changed, left, back, _ = PEOPLE[:4]
    taker = Taker(store, outbox, datetime.now(UTC))
    outbox.put(changed)
    store.delete([left.user_id, back.user_id])
    store.upsert([back])
    taker.take(shards, lambda _count: None)
    assert taker.taken == Taken(added=1, older=1, left_out=2)
    assert store.get([left.user_id, changed.user_id]) == {}


def test_of_two_states_of_one_time_the_stores_stays(tmp_path: Path, store: SqliteFeatureStore, outbox: Outbox):
    shards = dumped(tmp_path / "people", PEOPLE[:1])
    store.upsert([replace(PEOPLE[0], consented_at=NOW)])  # agreeing is no change of the listening
    assert take(shards, store, outbox) == Taken(unchanged=1)
    assert store.get([PEOPLE[0].user_id])[PEOPLE[0].user_id].consented_at == NOW
    store.upsert([replace(PEOPLE[0], display_name="filled in later")])
    assert take(shards, store, outbox) == Taken(older=1)
    assert store.get([PEOPLE[0].user_id])[PEOPLE[0].user_id].display_name == "filled in later"


def test_who_is_not_there_is_taken_whenever_their_state_is_from(
    tmp_path: Path, store: SqliteFeatureStore, outbox: Outbox
):
    assert take(dumped(tmp_path / "people", [replace(PEOPLE[0], updated_at=EVER)]), store, outbox) == Taken(added=1)


def test_files_that_others_split_filtered_or_put_together_are_taken(
    tmp_path: Path, store: SqliteFeatureStore, outbox: Outbox
):
    everything = pa.concat_tables(parquet.read_table(file) for file in dumped(tmp_path / "people").files)
    few = everything.sort_by("user_id").slice(10, 20).drop_columns(["artists", "consent"])
    (tmp_path / "spark").mkdir()
    parquet.write_table(few, tmp_path / "spark" / "part-0.snappy.parquet")
    assert take(Shards(tmp_path / "spark"), store, outbox) == Taken(added=20)
    assert Shards(tmp_path / "spark" / "part-0.snappy.parquet").count() == 20


def test_a_row_that_is_not_what_was_written_is_refused_and_named(
    tmp_path: Path, store: SqliteFeatureStore, outbox: Outbox
):
    table = parquet.read_table(dumped(tmp_path / "people", PEOPLE[:5], shards=1).files[0])
    names = table.schema.names
    forged = ["mine" if at == 2 else source for at, source in enumerate(table["source"].to_pylist())]
    broken = ["{" if at == 4 else each for at, each in enumerate(table["listening"].to_pylist())]
    table = table.set_column(names.index("source"), "source", pa.array(forged))
    table = table.set_column(names.index("listening"), "listening", pa.array(broken))
    (tmp_path / "other").mkdir()
    parquet.write_table(table, tmp_path / "other" / "some.parquet")
    assert take(Shards(tmp_path / "other"), store, outbox) == Taken(
        added=3, refused=["some.parquet, row 3", "some.parquet, row 5"]
    )


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.txt", b"", "holds no parquet files"),
        ("a.parquet", b"no parquet", "cannot be read"),
        ("a.parquet", None, "lacks the columns artist_embedding, consented_at"),
    ],
)
def test_files_of_something_else_are_refused(
    tmp_path: Path, store: SqliteFeatureStore, outbox: Outbox, name: str, content: bytes | None, told: str
):
    if content is None:
        parquet.write_table(pa.table({"user_id": ["ann"]}), tmp_path / name)
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(StoreError, match=told):
        take(Shards(tmp_path), store, outbox)


def test_a_column_of_another_type_is_told(tmp_path: Path, store: SqliteFeatureStore, outbox: Outbox):
    (file,) = dumped(tmp_path / "people", PEOPLE[:5], shards=1).files
    table = parquet.read_table(file)
    at = table.schema.names.index("updated_at")
    parquet.write_table(table.set_column(at, "updated_at", pa.array(["2026-01-01 00:00+02:00"] * 5)), file)
    with pytest.raises(StoreError, match="has a column of another type"):
        take(Shards(file), store, outbox)


def test_of_too_many_open_files_the_mend_is_fewer_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refused(*_arguments: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("features.tables.shards.os.open", refused)
    with pytest.raises(StoreError, match="Too many open files") as refusal:
        write_shards([PEOPLE], tmp_path / "people", by_hash(2), 2)
    assert refusal.value.mend == "Ask for fewer shards."
