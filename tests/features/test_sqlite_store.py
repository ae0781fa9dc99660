"""What is particular to the feature store in an SQLite file: bytes, processes, threads and clocks."""

import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from features.errors import StoreError
from features.identity import point_id
from features.profile import UserId
from features.sqlite.store import SqliteFeatureStore
from features.user_features import UserFeatures
from tests.builders import NOW, a_playlist, a_profile, a_track, features_of

ROOT = Path(__file__).parent.parent.parent
SOMEBODY = features_of(a_profile("somebody", a_playlist("mix", "Air")))[0]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "folder" / "features.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteFeatureStore]:
    made = SqliteFeatureStore(path)
    yield made
    made.close()


def a_fan(number: int, *, artists: int = 12) -> UserFeatures:
    """A person with an id and artists that nobody else has, of a size that differs from person to person."""
    own = [f"artist-{number:05}-{index:02}" for index in range(artists + number % 7)]
    tracks = [a_track(artist, genres=[f"genre-{number:05}"], release_year=1990, plays=3) for artist in own]
    playlist = a_playlist(f"playlist-{number:05}", *tracks)
    return replace(
        SOMEBODY,
        user_id=UserId(f"fan-{number:05}"),
        display_name=f"name-{number:05}",
        listening=features_of(a_profile("x", playlist))[0].listening,
    )


def bytes_of(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def traces_of(number: int, content: bytes) -> list[bytes]:
    words = [f"{kind}-{number:05}".encode() for kind in ("fan", "artist", "genre", "playlist", "name")]
    return [word for word in words if word in content]


def test_folders_are_made_and_the_files_are_the_owner_s_alone(store: SqliteFeatureStore, path: Path):
    store.upsert([SOMEBODY])
    files = list(path.parent.iterdir())
    assert {file.name for file in files} >= {"features.db", "features.db-wal"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_what_was_written_is_there_after_reopening(store: SqliteFeatureStore, path: Path):
    store.upsert([SOMEBODY])
    store.close()
    again = SqliteFeatureStore(path)
    assert again.get([SOMEBODY.user_id]).keys() == {SOMEBODY.user_id}
    assert again.catalog.popularity() == ({"air": 1}, {})
    again.close()


def test_names_lie_readable_in_the_file_so_that_their_absence_means_something(store: SqliteFeatureStore, path: Path):
    store.upsert([a_fan(1)])
    assert len(traces_of(1, bytes_of(path))) == 5


def test_no_byte_of_a_deleted_person_stays(store: SqliteFeatureStore, path: Path):
    store.upsert([a_fan(1), a_fan(2)])
    store.upsert([a_fan(1, artists=40)])
    store.delete([UserId("fan-00001")])
    assert traces_of(1, bytes_of(path)) == []
    assert len(traces_of(2, bytes_of(path))) == 5


def test_no_byte_of_deleted_people_stays_where_pages_were_split_and_merged(store: SqliteFeatureStore, path: Path):
    people = [a_fan(number) for number in range(600)]
    for start in range(0, 600, 40):
        store.upsert(people[start::15])
        store.delete([person.user_id for person in people[start // 2 : start // 2 + 9]])
    store.upsert(people)
    gone = range(0, 600, 3)
    store.delete([people[number].user_id for number in gone])
    content = bytes_of(path)
    assert {number: traces_of(number, content) for number in gone if traces_of(number, content)} == {}


def test_traces_that_could_not_be_wiped_are_wiped_at_the_next_opening(path: Path, monkeypatch: pytest.MonkeyPatch):
    store = SqliteFeatureStore(path)
    store.upsert([a_fan(1)])
    with monkeypatch.context() as patch:
        patch.setattr("features.sqlite.database.Database.clear_traces", lambda _: False)
        store.delete([UserId("fan-00001")])
    assert traces_of(1, bytes_of(path))
    SqliteFeatureStore(path).close()
    assert traces_of(1, bytes_of(path)) == []
    store.close()


def test_a_store_opens_even_if_traces_cannot_be_wiped(path: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(_: object) -> bool:
        raise StoreError("disk full")

    store = SqliteFeatureStore(path)
    store.upsert([a_fan(1), a_fan(2)])
    monkeypatch.setattr("features.sqlite.database.Database.clear_traces", fail)
    with pytest.raises(StoreError):
        store.delete([UserId("fan-00001")])
    again = SqliteFeatureStore(path)
    assert again.count() == 1
    again.close()
    store.close()


def test_written_at_is_the_store_s_own_time_and_never_runs_backwards(path: Path):
    times = iter([NOW, NOW - timedelta(hours=1), NOW + timedelta(hours=1)])
    store = SqliteFeatureStore(path, clock=lambda: next(times))
    store.upsert([replace(SOMEBODY, user_id=UserId("ann"), updated_at=NOW - timedelta(days=900))])
    store.upsert([replace(SOMEBODY, user_id=UserId("bob"))])
    assert [person.user_id for batch in store.scan(since=NOW) for person in batch] == ["ann", "bob"]
    a_moment_later = NOW + timedelta(microseconds=1)
    assert [person.user_id for batch in store.scan(since=a_moment_later) for person in batch] == ["bob"]
    store.delete([UserId("bob")])
    assert store.deleted(since=NOW + timedelta(hours=1)) == [point_id(UserId("bob"))]
    assert store.deleted(since=NOW + timedelta(hours=1, microseconds=1)) == []
    store.close()


def test_a_tombstone_tells_no_user_id(store: SqliteFeatureStore, path: Path):
    store.upsert([a_fan(1)])
    store.delete([UserId("fan-00001")])
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT * FROM tombstones").fetchall()
    connection.close()
    assert [row[0] for row in rows] == [point_id(UserId("fan-00001")).bytes]


def test_a_batch_is_written_whole_or_not_at_all(store: SqliteFeatureStore, monkeypatch: pytest.MonkeyPatch):
    store.upsert([a_fan(1)])

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("features.sqlite.catalog.Changes.apply", interrupted)
        with pytest.raises(KeyboardInterrupt):
            store.upsert([a_fan(1, artists=2), a_fan(2)])
        with pytest.raises(KeyboardInterrupt):
            store.delete([UserId("fan-00001")])
    assert list(store.get([UserId("fan-00001"), UserId("fan-00002")])) == ["fan-00001"]
    assert "artist-00001-11" in store.catalog.popularity()[0]
    assert store.deleted(since=datetime(2000, 1, 1, tzinfo=UTC)) == []
    assert store.upsert([a_fan(2)]).added == 1


def test_a_scan_holds_no_transaction_between_its_batches(store: SqliteFeatureStore, path: Path):
    store.upsert([a_fan(1), a_fan(2)])
    scan = store.scan(batch_size=1)
    next(scan)
    with sqlite3.connect(path) as connection:
        busy, left, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    connection.close()
    assert (busy, left) == (0, 0)
    assert len(list(scan)) == 1


def test_threads_share_a_store(store: SqliteFeatureStore):
    def write_and_read(number: int) -> bool:
        fan = a_fan(number)
        store.upsert([fan])
        return store.get([fan.user_id])[fan.user_id].listening == fan.listening

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(write_and_read, range(40)))
    assert store.count() == 40
    assert len(store.catalog.popularity()[1]) == 40


def test_a_reader_does_not_wait_for_a_writer(store: SqliteFeatureStore):
    store.upsert([SOMEBODY])
    writing, done = threading.Event(), threading.Event()

    def hold() -> None:
        with store._database.writing():
            writing.set()
            done.wait(20)

    writer = threading.Thread(target=hold)
    writer.start()
    assert writing.wait(20)
    assert store.count() == 1
    done.set()
    writer.join()


WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from features.profile import UserId
from features.sqlite.store import SqliteFeatureStore
from tests.features.test_sqlite_store import a_fan

path, first = Path(sys.argv[1]), int(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
store = SqliteFeatureStore(path)
for number in range(first, first + 30):
    store.upsert([a_fan(number), a_fan(999)])
    if number % 3 == 0:
        store.delete([UserId(f"fan-{number:05}")])
store.close()
"""


def test_processes_share_a_store_from_its_first_moment(path: Path):
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(path)]
    writers = [
        subprocess.Popen([*command, str(first)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for first in (0, 30, 60)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.communicate("go\n", timeout=120)
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    store = SqliteFeatureStore(path)
    assert store.count() == 61
    assert store.catalog.popularity()[1]["genre-00999"] == 1
    assert len(store.deleted(since=datetime(2000, 1, 1, tzinfo=UTC))) == 30
    store.close()
