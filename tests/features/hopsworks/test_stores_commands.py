"""The commands on stores as a whole: who is brought over, and that deleted means gone in either direction."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from features import compose
from features.cli import app
from features.hopsworks.group import FeatureGroup
from features.hopsworks.ledger import Ledger
from features.hopsworks.people import RemotePeople
from features.hopsworks.schema import NAME, VERSION
from features.hopsworks.session import session_of
from features.hopsworks.settings import HopsworksSettings
from features.profile import UserId
from features.settings import FeatureSettings, load
from tests.cluster import Cluster
from tests.fakes.stores import HashingEncoder
from tests.features.hopsworks.machines import person
from tests.features.hopsworks.version_2 import columns, left_behind

pq = pytest.importorskip("pyarrow.parquet")
LINE = '{"user_id": "%s", "playlists": [{"name": "p", "tracks": [{"artist": "Air"}]}]}'
PARTS = [[0.1] * HashingEncoder().width] * 3
Command = Callable[..., str]


@pytest.fixture
def command(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    """Runs a command of the features room, by default with the features in Hopsworks; returns what it says."""
    if cluster.fake is None:
        pytest.skip("the feature group has a fixed name, so only in the fake cluster")
    for name, value in {**cluster.fake.variables(), "SOUNDALIKE_HOME": str(tmp_path / "home")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("features.compose.SentenceTransformerEncoder", HashingEncoder)

    def run(*arguments: str, store: str = "hopsworks") -> str:
        monkeypatch.setenv("SOUNDALIKE_FEATURE_STORE", store)
        result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return " ".join(result.output.split())

    yield run
    session_of(load(HopsworksSettings)).close()
    session_of.cache_clear()


@pytest.fixture
def people(tmp_path: Path) -> str:
    path = tmp_path / "people.jsonl"
    path.write_text("\n".join(LINE % name for name in ("ann", "bob", "cleo")))
    return str(path)


def there(cluster: Cluster) -> list[str]:
    return sorted(key.user_id for keys in FeatureGroup(cluster.session).row_keys() for key in keys)


def here() -> list[str]:
    with closing(compose.local_store(load(FeatureSettings))) as store:
        return sorted(each.user_id for batch in store.scan() for each in batch)


TO, BACK = ("sync", "--from", "local", "--to", "hopsworks"), ("sync", "--from", "hopsworks", "--to", "local")


def test_who_was_deleted_from_hopsworks_is_not_brought_back_from_this_disk(
    command: Command, people: str, cluster: Cluster
):
    command("import", people, store="local")
    assert "synced 3: 3 new" in command(*TO)
    command("delete", "ann")
    assert "synced 2: 0 new, 0 changed, 2 the same; only in hopsworks: 0; deleted there and left out: 1" in command(*TO)
    assert there(cluster) == ["bob", "cleo"]


def test_who_was_deleted_from_this_disk_is_not_brought_back_from_hopsworks(command: Command, people: str):
    command("import", people, store="local")
    command(*TO)
    command("delete", "ann", store="local")
    assert "only in local: 0; deleted there and left out: 1" in command(*BACK)
    assert here() == ["bob", "cleo"]


def test_a_sync_brings_what_another_machine_has_written_meanwhile(
    command: Command, people: str, cluster: Cluster, tmp_path: Path
):
    command("import", people)
    with closing(RemotePeople(FeatureGroup(cluster.session), Ledger(tmp_path / "elsewhere.db"))) as elsewhere:
        elsewhere.upsert([person("dan")])
    assert "synced 4: 4 new" in command(*BACK)
    assert here() == ["ann", "bob", "cleo", "dan"]


@pytest.mark.parametrize(("way", "store"), [(TO, "local"), (BACK, "hopsworks")])
def test_who_was_acknowledged_and_waits_in_the_outbox_is_brought_too(
    command: Command, people: str, cluster: Cluster, way: tuple[str, ...], store: str
):
    command("import", people, store=store)
    with closing(compose.outbox(load(FeatureSettings))) as outbox:
        outbox.put(person("dan"))
    assert "synced 4: 4 new" in command(*way, store=store)
    assert here() == there(cluster) == ["ann", "bob", "cleo", "dan"]


def test_a_refresh_says_how_many_there_are(command: Command, people: str):
    command("import", people)
    assert command("refresh") == "3 people"


def test_a_vacuum_keeps_young_files_unless_it_is_told_otherwise(command: Command, people: str, cluster: Cluster):
    def hold_ann() -> bool:
        table = cluster.fake.table(NAME, VERSION)
        files = [file for file in table.rglob("*.parquet") if "_delta_log" not in file.parts]
        return any("ann" in pq.read_table(file, partitioning=None)["user_id"].to_pylist() for file in files)

    command("import", people)
    command("delete", "ann")
    assert there(cluster) == ["bob", "cleo"]
    assert "vacuumed; 0 rows" in command("vacuum")
    assert hold_ann()
    command("vacuum", "--retention-hours", "0")
    assert not hold_ann()


def test_only_who_is_not_known_and_was_not_deleted_is_migrated_with_the_consent_that_is_said(
    command: Command, people: str, cluster: Cluster
):
    command("import", people)
    command("delete", "ann")
    left_behind(cluster, columns(*[(name, *PARTS) for name in ("ann", "bob", "dan")]))
    assert "migrated 1; left as they are: 2" in command("migrate", "--consent")
    assert there(cluster) == ["bob", "cleo", "dan"]
    with closing(compose.build(load(FeatureSettings)).store) as store:
        dan = store.get([UserId("dan")])[UserId("dan")]
    assert (dan.source, dan.consent) == ("feature-group-2", True)


def test_who_is_migrated_has_not_agreed_to_be_found_unless_that_is_said(command: Command, cluster: Cluster):
    left_behind(cluster, columns(("dan", *PARTS)))
    command("migrate")
    with closing(compose.build(load(FeatureSettings)).store) as store:
        assert not store.get([UserId("dan")])[UserId("dan")].consent
