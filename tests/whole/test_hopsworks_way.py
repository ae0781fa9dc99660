"""The whole system with its features and models in Hopsworks: the programs as a user runs them, against the fake."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from features.hopsworks.group import FeatureGroup
from features.hopsworks.session import Session
from features.tables.columns import VECTORS
from features.tables.frames import encoded, table_of
from tests.builders import a_playlist, a_profile, features_of
from tests.cluster import an_address, settings_of
from tests.fakes.hopsworks import FakeHopsworks
from tests.waiting import until
from tests.whole.programs import a_home_that_knows_texts, a_server, command, done

pytestmark = pytest.mark.xdist_group("hopsworks way")
PEOPLE = 60
THERE = {"SOUNDALIKE_FEATURE_STORE": "hopsworks", "SOUNDALIKE_MODEL_REGISTRY": "hopsworks"}


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeHopsworks]:
    pytest.importorskip("hopsworks", reason="the extra soundalike[hopsworks] is not installed")
    with FakeHopsworks(tmp_path_factory.mktemp("cluster"), address=an_address(1)) as fake:
        yield fake
        assert fake.unhandled == []


@pytest.fixture(scope="module")
def settings(fake: FakeHopsworks) -> dict[str, str]:
    return {**THERE, **fake.variables()}


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with everybody on its own disk."""
    folder = tmp_path_factory.mktemp("local")
    home = a_home_that_knows_texts(tmp_path_factory, folder)
    done(home, "features", "synthesize", "--people", str(PEOPLE), "--out", str(folder))
    done(home, "features", "import", str(folder / "profiles.jsonl.gz"))
    return home


@pytest.fixture(scope="module")
def home(local: Path, fake: FakeHopsworks, settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of another machine, which has everything from Hopsworks: synced there, trained, registered, indexed."""
    run = command(local, "features", "sync", "--from", "local", "--to", "hopsworks", **fake.variables())
    assert run.returncode == 0, run.stderr
    assert f"synced {PEOPLE}: {PEOPLE} new, 0 changed, 0 the same; only in hopsworks: 0" in run.stderr
    home = tmp_path_factory.mktemp("other") / "home"
    assert f"{PEOPLE} people" in command(home, "features", "refresh", **settings).stderr
    assert "accepted" in done(home, "trainer", "train", SOUNDALIKE_EPOCHS="2", **settings)
    done(home, "indexer", **settings)
    return home


def in_hopsworks(fake: FakeHopsworks) -> set[str]:
    session = Session(settings_of(fake))
    try:
        return {key.user_id for keys in FeatureGroup(session).row_keys() for key in keys}
    finally:
        session.close()


def test_a_second_sync_finds_everybody_there(home: Path, local: Path, fake: FakeHopsworks):
    run = command(local, "features", "sync", "--from", "local", "--to", "hopsworks", **fake.variables())
    assert f"0 new, 0 changed, {PEOPLE} the same" in run.stderr
    assert "the same in both" in run.stderr


def test_the_model_is_in_the_registry_and_another_machine_lists_it(
    home: Path, settings: dict[str, str], tmp_path: Path, fake: FakeHopsworks
):
    assert "v1" in done(tmp_path, "trainer", "list", **settings)
    files = {file.name for file in fake.files().rglob("*") if file.is_file() and "two_tower_model_torch" in file.parts}
    assert {"model.safetensors", "texts.json", "model.json", "report.md", "input_example.json"} <= files
    assert not any(name.endswith((".pkl", ".pt", ".pth", ".bin")) for name in files)


def test_new_people_and_deletions_reach_hopsworks_and_a_server_sees_what_others_wrote(
    home: Path, settings: dict[str, str], fake: FakeHopsworks, tmp_path: Path
):
    with a_server(home, SOUNDALIKE_REFRESH_EVERY_S="0.2", **settings) as server:
        profile = {"user_id": "newcomer", "playlists": [{"name": "p", "tracks": [{"artist": "Nina Simone"}]}]}
        answer = httpx.post(f"{server.url}/v1/recommendations", json={"profile": profile}, timeout=150)
        assert answer.status_code == 200, answer.text
        until(lambda: "newcomer" in in_hopsworks(fake))

        someone = tmp_path / "someone.json"
        someone.write_text('{"user_id": "from-afar", "playlists": [{"name": "p", "tracks": [{"artist": "Air"}]}]}')
        run = command(tmp_path / "elsewhere", "features", "import", str(someone), **settings)
        assert run.returncode == 0, run.stderr
        until(lambda: server.get("/v1/users/from-afar").status_code == 200)

        assert httpx.delete(f"{server.url}/v1/users/newcomer", timeout=150).status_code in {200, 204}
        until(lambda: "newcomer" not in in_hopsworks(fake))
        compared = httpx.post(f"{server.url}/v1/admin/reconcile?dry_run=true", timeout=60).json()
        assert (compared["missing"], compared["extra"], compared["stale"]) == (0, 0, 0)
    done(home, "features", "vacuum", "--retention-hours", "0", **settings)
    data = [file for file in fake.table("spotify_user_embeddings", 3).rglob("*.parquet") if file.is_file()]
    assert data
    assert not any(b"newcomer" in file.read_bytes() for file in data if "_delta_log" not in file.parts)


@pytest.fixture
def away(fake: FakeHopsworks) -> Iterator[None]:
    fake.close()
    yield
    fake.start()


@pytest.mark.usefixtures("away")
def test_a_server_starts_and_answers_while_hopsworks_is_away(home: Path, settings: dict[str, str]):
    with a_server(home, SOUNDALIKE_REFRESH_EVERY_S="0.2", **settings) as server:
        profile = {"user_id": "guest", "playlists": [{"name": "p", "tracks": [{"artist": "Nina Simone"}]}]}
        answer = httpx.post(
            f"{server.url}/v1/recommendations", json={"profile": profile, "remember": False}, timeout=150
        )
        assert answer.status_code == 200, answer.text
        until(lambda: server.ready()["status"] == "degraded")
        assert "cannot be reached" in str(server.ready())


def test_everybody_comes_back_to_a_disk_as_they_were(
    home: Path, local: Path, settings: dict[str, str], fake: FakeHopsworks, tmp_path: Path
):
    run = command(tmp_path / "back", "features", "sync", "--from", "hopsworks", "--to", "local", **fake.variables())
    assert run.returncode == 0, run.stderr
    back = done(tmp_path / "back", "features", "export").splitlines()
    before = done(local, "features", "export").splitlines()
    assert set(before) <= set(back)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"HOPSWORKS_API_KEY": "wrong"}, "does not accept the API key"),
        ({"HOPSWORKS_PROJECT": "elsewhere"}, "no project 'elsewhere'"),
        ({"HOPSWORKS_PORT": "1"}, "cannot be reached"),
        ({"HOPSWORKS_TRUST_STORE_PATH": ""}, "certificate"),
        ({"HOPSWORKS_API_KEY": ""}, "HOPSWORKS_API_KEY"),
        ({"HOPSWORKS_HOST": ""}, "HOPSWORKS_HOST"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(settings: dict[str, str], tmp_path: Path, changes: dict, said: str):
    for program in (["features", "stats"], ["trainer", "list"]):
        run = command(tmp_path, *program, **{**settings, **changes})
        assert run.returncode == 2
        assert said in run.stderr
        assert len(run.stderr.splitlines()) == 1, run.stderr
        assert run.stdout == ""


def test_a_store_is_not_synced_with_itself_and_the_local_one_needs_no_vacuum(tmp_path: Path):
    run = command(tmp_path, "features", "sync", "--from", "local", "--to", "local")
    assert (run.returncode, "cannot be synced with itself" in run.stderr) == (2, True)
    run = command(tmp_path, "features", "vacuum")
    assert (run.returncode, "needs no vacuum" in run.stderr) == (2, True)


def test_the_people_of_version_2_are_brought_over_and_indexed_and_who_is_there_already_stays_as_they_are(
    home: Path, settings: dict[str, str], fake: FakeHopsworks
):
    somebody = min(in_hopsworks(fake))
    _leave_version_2(fake, [somebody, "old-friend"])
    run = command(home, "features", "migrate", **settings)
    assert run.returncode == 0, run.stderr
    assert "migrated 1; left as they are: 1" in run.stderr
    assert "old-friend" in in_hopsworks(fake)
    assert "feature-group-2" in done(home, "features", "show", "old-friend", **settings)
    assert "feature-group-2" not in done(home, "features", "show", somebody, **settings)
    done(home, "indexer", **settings)
    assert "migrated 0; left as they are: 2" in command(home, "features", "migrate", **settings).stderr


def _leave_version_2(fake: FakeHopsworks, user_ids: list[str]) -> None:
    import pandas as pd

    vectors = {name: [[0.1] * 384] * len(user_ids) for name in VECTORS}
    rows = pd.DataFrame({"user_id": user_ids, **vectors, "release_year_embedding": [[0.5]] * len(user_ids)})

    def make(project):
        store = project.get_feature_store()
        group = store.create_feature_group(
            name="spotify_user_embeddings", version=2, primary_key=["user_id"], statistics_config=False
        )
        group.insert(rows)

    session = Session(settings_of(fake))
    session.call("leaving version 2 behind", make)
    session.close()


def test_a_row_that_cannot_be_read_keeps_no_command_from_its_work_and_can_be_deleted(
    home: Path, settings: dict[str, str], fake: FakeHopsworks
):
    session = Session(settings_of(fake))
    table = table_of([encoded(features_of(a_profile("spoilt", a_playlist("mix", "Air")))[0])])
    at = table.column_names.index("listening")
    FeatureGroup(session).write(table.set_column(at, "listening", [[None]]), is_new=True)
    session.close()
    run = command(home, "features", "stats", **settings)
    assert run.returncode == 0, run.stderr
    assert "They are: spoilt" in run.stderr
    assert "deleted 1" in command(home, "features", "delete", "spoilt", **settings).stderr
    assert "spoilt" not in in_hopsworks(fake)
    assert command(home, "features", "stats", **settings).stderr == ""
