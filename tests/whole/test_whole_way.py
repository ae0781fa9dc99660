"""The whole way, as separate programs with the real text model: what the demo does, and what may befall a server."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from features.profile import UserId
from indexer.edge_catalog import EdgeIndexCatalog
from indexer.settings import IndexSettings
from tests.waiting import until
from tests.whole.chaos import Ledger, must_be_whole, writers
from tests.whole.load import load
from tests.whole.programs import LARGE, Server, a_home, a_home_that_knows_texts, a_server, command, done

pytestmark = pytest.mark.xdist_group("whole way")  # one home for all of them


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a community, a model and an index; and files beside it."""
    folder = tmp_path_factory.mktemp("whole")
    a_home_that_knows_texts(tmp_path_factory, folder)
    home = a_home(folder, people=LARGE, epochs=10)
    done(home, "features", "sample-export", "--out", str(folder / "export.zip"))
    shutil.copytree(home, folder / "at-rest")
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    with a_server(folder / "home", SOUNDALIKE_WARM_UP="true") as server:
        yield server


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    """A home of one's own, to break, as the shared one was when nothing wrote to it yet."""
    return shutil.copytree(folder / "at-rest", tmp_path / "home")


@pytest.fixture(scope="module")
def two_models(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home at rest with a second model, of which there is no index yet."""
    home = shutil.copytree(folder / "at-rest", tmp_path_factory.mktemp("two") / "home")
    done(home, "trainer", "train", "--force", SOUNDALIKE_EPOCHS="3", SOUNDALIKE_SEED="7")
    return home


@pytest.fixture
def copy_with_two(two_models: Path, tmp_path: Path) -> Path:
    """Such a home of one's own."""
    return shutil.copytree(two_models, tmp_path / "home")


def a_person(user_id: str, *artists: str) -> dict[str, object]:
    return {"user_id": user_id, "playlists": [{"name": "p", "tracks": [{"artist": artist} for artist in artists]}]}


def artists_of(server: Server, user_id: str) -> list[str]:
    found: list[str] = server.get(f"/v1/users/{user_id}").json()["top_artists"]
    return found


def somebody(folder: Path) -> str:
    import gzip

    with gzip.open(folder / "profiles.jsonl.gz") as file:
        user_id: str = json.loads(next(file))["user_id"]
    return user_id


def test_the_model_is_printed_beside_its_rivals_and_the_report_is_written(folder: Path, tmp_path: Path) -> None:
    arguments = ["--friends", str(folder / "friends.csv.gz"), "--report", str(tmp_path / "a" / "report")]

    table = done(folder / "home", "trainer", "evaluate", *arguments)

    for method in ("model v1", "raw features", "play counts", "artist tf-idf", "co-listening mean", "SVD 64", "random"):
        assert method in table
    assert "# model v1" in (tmp_path / "a" / "report" / "report.md").read_text()
    assert (tmp_path / "a" / "report" / "metrics.svg").stat().st_size > 1000
    for header in ("hit@1 ", "hit@10", "MRR", "AUC", "R@20", "k-occ.", "coverage"):
        assert header in table


def test_an_export_is_answered_over_http_with_reasons(folder: Path, server: Server) -> None:
    shown = done(folder / "home", "retriever", "ask", str(folder / "export.zip"), "--url", server.url, "--forget-me")

    assert "not remembered" in shown
    assert "To discover through them" in shown


def test_a_server_moves_over_to_another_model_and_back_under_load_and_under_writes(
    folder: Path, copy_with_two: Path
) -> None:
    copy = copy_with_two
    path = f"/v1/users/{somebody(folder)}/similar"
    with a_server(copy) as server:
        seen = {"users-v1-b1": server.get(path).json()}
        ledger = Ledger()
        with writers(server, ledger, seed=1) as working, load(server.url, [path], rate=200) as asked:
            done(copy, "indexer")
            until(lambda: server.ready()["index"] == "users-v2-b1")
            seen["users-v2-b1"] = server.get(path).json()
            done(copy, "indexer", "--rollback")
            until(lambda: server.ready()["index"] == "users-v1-b1")
        assert [text for writer in working for text in writer.refused] == []
        done(copy, "indexer", "--rollback")  # and forth again: what was written meanwhile is in both
        until(lambda: server.ready()["index"] == "users-v2-b1")
    must_be_whole(copy, ledger, LARGE)

    assert (asked.statuses, asked.dropped, asked.refused) == ({200}, [], 0)
    models = {answer.headers["soundalike-index"]: answer.headers["soundalike-model"] for answer in asked.answers}
    assert models == {"users-v1-b1": "1", "users-v2-b1": "2"}
    cosines = {name: {p["user_id"]: p["similarity"] for p in found["recommendations"]} for name, found in seen.items()}
    assert cosines["users-v1-b1"] != cosines["users-v2-b1"]
    for answer in asked.answers:
        found = answer.json()
        assert (found["index"], str(found["model_version"])) in models.items()
        of_this_version = cosines[found["index"]]
        for person in found["recommendations"]:  # people who joined meanwhile may stand among them
            assert of_this_version.get(person["user_id"], person["similarity"]) == person["similarity"]


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def _flip_a_bit(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def test_a_damaged_model_is_refused_and_the_live_one_goes_on(folder: Path, copy_with_two: Path) -> None:
    copy = copy_with_two
    done(copy, "indexer")
    done(copy, "indexer", "--rollback")
    tensors = sorted((copy / "models").rglob("model.safetensors"))[-1]
    whole = tensors.read_bytes()
    with a_server(copy) as server:
        for damage in (_cut, _flip_a_bit, Path.unlink):
            damage(tensors)
            done(copy, "indexer", "--rollback")  # to the version whose model is damaged

            until(lambda: server.ready()["status"] == "degraded")

            assert "model" in str(server.ready()["reasons"]).lower()
            assert (server.ready()["index"], server.get("/readyz").status_code) == ("users-v1-b1", 200)
            assert server.get(f"/v1/users/{somebody(folder)}/similar").status_code == 200
            done(copy, "indexer", "--rollback")
            until(lambda: server.ready()["status"] == "ready")
            tensors.write_bytes(whole)


def test_who_is_imported_or_deleted_by_another_process_comes_and_goes(
    folder: Path, server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "people.jsonl"
    file.write_text(json.dumps(a_person("newcomer", *artists_of(server, somebody(folder)))))

    done(folder / "home", "features", "import", str(file))
    until(lambda: server.get("/v1/users/newcomer/similar").status_code == 200)
    done(folder / "home", "features", "delete", "newcomer")
    until(lambda: server.get("/v1/users/newcomer/similar").status_code == 404)


def _intrude(home: Path, somebody_known: str, intruder: str) -> None:
    """Put somebody into the index of whom the feature store knows nothing."""
    catalog = EdgeIndexCatalog(home / "index", IndexSettings())
    index = catalog.open(catalog.live().name)
    point = index.get([UserId(somebody_known)])[UserId(somebody_known)]
    index.upsert([replace(point, user_id=UserId(intruder))])
    index.close()


def test_the_stores_are_compared_and_mended_with_a_server_and_without(folder: Path, copy: Path) -> None:
    _intrude(copy, somebody(folder), "intruder")

    looked = command(copy, "retriever", "reconcile", "--dry-run")
    assert (looked.returncode, looked.stdout.strip()) == (1, "1 extra in the index (nothing was changed): intruder")
    with a_server(copy) as server:
        asked = ["retriever", "reconcile", "--url", server.url]
        assert command(copy, *asked, "--dry-run").returncode == 1
        assert done(copy, *asked).strip() == "1 extra in the index (mended): intruder"
        assert "nobody missing" in done(copy, *asked, "--dry-run")
        assert server.get("/v1/users/intruder/similar").status_code == 404
    _intrude(copy, somebody(folder), "another")
    assert done(copy, "retriever", "reconcile").strip() == "1 extra in the index (mended): another"
    assert "nobody missing" in done(copy, "retriever", "reconcile", "--dry-run")


def test_an_index_is_served_by_one_process_and_the_other_says_so(folder: Path, server: Server) -> None:
    second = command(folder / "home", "retriever", "--port", "0")

    assert second.returncode == 2
    assert "Another process has the index open" in second.stderr
    assert "Traceback" not in second.stderr
    assert server.ready()["status"] == "ready"


def test_what_was_acknowledged_survives_the_servers_violent_death(folder: Path, copy: Path) -> None:
    doomed = somebody(folder)
    with a_server(copy) as server:
        artists = artists_of(server, doomed)
        for number in range(5):
            asked = {"profile": a_person(f"late-{number}", *artists)}
            assert httpx.post(f"{server.url}/v1/recommendations", json=asked, timeout=150).json()["stored"] is True
        assert httpx.delete(f"{server.url}/v1/users/{doomed}", timeout=60).status_code == 204
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
    with a_server(copy) as again:
        for number in range(5):
            assert again.get(f"/v1/users/late-{number}/similar").status_code == 200
            assert again.get(f"/v1/users/late-{number}").status_code == 200
        assert again.get(f"/v1/users/{doomed}/similar").status_code == 404
        assert again.get(f"/v1/users/{doomed}").status_code == 404
        assert again.ready()["people"] == LARGE + 4
        # Nor does a deleted person come back with the next build.
        built = done(copy, "indexer")
        until(lambda: str(again.ready()["index"]) in built)
        assert again.ready()["people"] == LARGE + 4
        assert again.get(f"/v1/users/{doomed}/similar").status_code == 404


def test_a_server_that_is_told_to_stop_answers_what_it_was_asked_and_ends_well(folder: Path, copy: Path) -> None:
    paths = [f"/v1/users/{somebody(folder)}/similar", "/readyz"]
    with a_server(copy) as server, load(server.url, paths, rate=100) as asked:
        until(lambda: len(asked.answers) > 50)
        server.process.terminate()
        assert server.process.wait(timeout=60) == 0
        until(lambda: asked.refused > 3)

    assert asked.dropped == []
    similar = [answer for answer in asked.answers if answer.url.path != "/readyz"]
    assert {answer.status_code for answer in similar} == {200}
    # For a while it still answers, but says that it is about to go, and ends each connection.
    moments = [
        (answer.status_code, span)
        for answer, span in zip(asked.answers, asked.spans, strict=True)
        if answer.url.path == "/readyz"
    ]
    told = min(arrived for status, (_, arrived) in moments if status == 503)
    assert {status for status, (begun, _) in moments if begun > told} == {503}
    assert moments[0][0] == 200
    assert similar[-1].headers["connection"] == "close"


def test_an_index_whose_model_is_gone_or_other_is_not_served(copy: Path) -> None:
    other = command(copy, "retriever", "--port", "0", SOUNDALIKE_TEXT_MODEL="somebody/else")
    shutil.rmtree(copy / "models")
    gone = command(copy, "retriever", "--port", "0")

    for run, reason in ((other, "SOUNDALIKE_TEXT_MODEL"), (gone, "There is no model 1")):
        assert run.returncode == 2
        assert reason in run.stderr
        assert len(run.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["trainer", "train"], 2, "it takes 20"),
        (["trainer", "evaluate"], 2, "No model has been trained yet"),
        (["trainer", "evaluate", "--report", "/dev/null/report"], 2, "cannot be written to"),
        (["trainer", "stability"], 2, "No model has been trained yet"),
        (["indexer"], 2, "No model has been trained yet"),
        (["indexer", "--rollback"], 5, "no earlier version"),
        (["retriever", "--port", "0"], 5, "python -m indexer"),
        (["retriever", "ask", "nowhere.zip", "--url", "http://127.0.0.1:9"], 2, "cannot be read"),
        (["features", "import", "nowhere.jsonl"], 2, "cannot be read"),
        (["features", "show", "nobody"], 2, "Unknown"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_that_cannot_work_says_why_in_one_line(
    tmp_path: Path, arguments: list[str], code: int, reason: str
) -> None:
    run = command(tmp_path / "home", *arguments)

    assert run.returncode == code
    assert reason in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
