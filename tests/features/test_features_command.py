import os
import signal
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
from typer.testing import CliRunner

from features import compose
from features.cli import app
from features.compose import LOCAL_BATCH as BATCH
from features.errors import SpotifyUnavailable, StoreError
from features.profile import UserId
from features.settings import FeatureSettings, load
from features.spotify import tokens_rows
from features.spotify.kept import UnfinishedReadings
from features.spotify.shapes import Heard, ListedPlaylist
from features.spotify.tokens_file import TOKENS_FILE, TokensFile
from features.spotify.tokens_rows import Account, Row
from features.sqlite.store import SqliteFeatureStore
from features.text_cache import CachedTextEncoder
from features.text_encoder import DEFAULT_MODEL
from tests.builders import a_playlist, a_profile, features_of
from tests.fakes.stores import HashingEncoder

LINE = (
    '{"user_id": "%s", "playlists": [{"name": "p", "tracks": [{"artist": "Air", "genres": ["trip hop"], "plays": 4}]}]}'
)


# A run of tests in the background passes on that Ctrl-C is to be ignored.
HEEDING_CTRL_C = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("features", run_name="__main__")
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("SOUNDALIKE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("features.compose.SentenceTransformerEncoder", HashingEncoder)
    return CliRunner()


def _file(folder: Path, *lines: str) -> str:
    path = folder / "people.jsonl"
    path.write_text("\n".join(lines))
    return str(path)


def test_a_broken_line_is_named_and_the_rest_is_imported(run: CliRunner, tmp_path: Path) -> None:
    result = run.invoke(app, ["import", _file(tmp_path, LINE % "ann", "{broken", LINE % "bob")])

    assert result.exit_code == 2
    assert "people.jsonl:2" in result.output.replace("\n", "")
    assert run.invoke(app, ["show", "bob"]).exit_code == 0


def test_importing_twice_changes_nothing(run: CliRunner, tmp_path: Path) -> None:
    path = _file(tmp_path, LINE % "ann")
    assert "added      1" in run.invoke(app, ["import", path]).output

    again = run.invoke(app, ["import", path]).output

    assert "added      0" in again
    assert "unchanged  1" in again


def test_what_is_exported_can_be_imported_again(run: CliRunner, tmp_path: Path) -> None:
    run.invoke(app, ["import", _file(tmp_path, LINE % "ann", LINE % "bob")])
    out = tmp_path / "out.jsonl.gz"

    assert run.invoke(app, ["export", "-o", str(out)]).exit_code == 0

    assert "unchanged  2" in run.invoke(app, ["import", str(out)]).output.replace("unknown", "test")


def test_a_deleted_person_is_unknown(run: CliRunner, tmp_path: Path) -> None:
    run.invoke(app, ["import", _file(tmp_path, LINE % "ann")])

    assert run.invoke(app, ["delete", "ann"]).exit_code == 0
    assert run.invoke(app, ["show", "ann"]).exception is not None


@pytest.mark.parametrize("imported", [("ann", "bob"), ()])
def test_with_a_person_go_their_login_and_what_a_reading_left_known_or_not(
    run: CliRunner, tmp_path: Path, imported: tuple[str, ...]
) -> None:
    home = tmp_path / "home"
    if imported:
        run.invoke(app, ["import", _file(tmp_path, *(LINE % user for user in imported))])
    _log_in_and_stop_reading(home, "ann", "bob")

    result = run.invoke(app, ["delete", "ann"])

    assert "deleted 1" in result.stderr
    tokens = b"".join(path.read_bytes() for path in home.glob(f"{TOKENS_FILE}*"))  # before the file is opened again
    assert (b"tokens of ann" in tokens, b"tokens of bob" in tokens) == (False, True)
    with closing(TokensFile(home / TOKENS_FILE)) as file, file.reading() as connection:
        assert [row.user_id for row in tokens_rows.everyone(connection)] == ["bob"]
    left = b"".join(path.read_bytes() for path in (home / "spotify").glob("readings.db*"))
    assert (b"Song of ann" in left, b"Song of bob" in left) == (False, True)


def test_a_deletion_makes_no_file_of_logins_or_readings(run: CliRunner, tmp_path: Path) -> None:
    run.invoke(app, ["import", _file(tmp_path, LINE % "ann")])

    assert run.invoke(app, ["delete", "ann"]).exit_code == 0

    assert not {"spotify", TOKENS_FILE, "spotify.key"} & {path.name for path in (tmp_path / "home").iterdir()}


def _log_in_and_stop_reading(home: Path, *users: str) -> None:
    with closing(TokensFile(home / TOKENS_FILE)) as file, file.writing() as connection:
        for user in users:
            account = Account(UserId(user))
            tokens_rows.log_in(
                connection, account, Row(account.user_id, 1, f"tokens of {user}".encode()), user.encode()
            )
    with closing(UnfinishedReadings(home / "spotify" / "readings.db")) as readings:
        for user in users:
            with suppress(SpotifyUnavailable), readings.reading(UserId(user)) as reading:
                heard = Heard("Nico", title=f"Song of {user}")
                reading.add(ListedPlaylist("id", "Mix", "s1", 1), [heard])
                raise SpotifyUnavailable("no answer")


@pytest.mark.parametrize(
    ("room", "arguments", "code"),
    [
        ("features", ["show", "nobody"], 2),
        ("features", ["import", "missing.jsonl"], 2),
        ("features", ["delete", "a/b"], 2),
        ("trainer", ["evaluate"], 2),
        ("indexer", [], 2),
        ("indexer", ["--list"], 5),
        ("retriever", ["--port", "0"], 5),
        ("retriever", ["ask", "missing.zip"], 2),
    ],
)
def test_a_mistake_is_one_line_and_an_exit_code(room: str, arguments: list[str], code: int, tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", room, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SOUNDALIKE_HOME": str(tmp_path)},
    )

    assert result.returncode == code
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_large_file_is_read_ahead_by_another_process_and_comes_to_the_same(
    run: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _file(tmp_path, *(LINE % f"user-{number}" for number in range(620)), "{broken")
    small = run.invoke(app, ["import", path])
    exported = run.invoke(app, ["export"]).stdout
    monkeypatch.setenv("SOUNDALIKE_HOME", str(tmp_path / "other"))
    monkeypatch.setattr("features.cli._READ_AHEAD_BYTES", 0)

    large = run.invoke(app, ["import", path])

    assert (large.exit_code, large.output) == (small.exit_code, small.output)
    assert run.invoke(app, ["export"]).stdout == exported
    assert exported.count("\n") == 620


def test_what_a_server_acknowledged_earlier_does_not_come_after_an_import(run: CliRunner, tmp_path: Path) -> None:
    settings = load(FeatureSettings)
    (older,) = features_of(a_profile("ann", a_playlist("p", "Older Artist")))
    with closing(compose.outbox(settings)) as outbox:
        outbox.put(older)
    file = tmp_path / "ann.json"
    file.write_text(a_profile("ann", a_playlist("p", "Newer Artist")).model_dump_json())

    assert run.invoke(app, ["import", str(file)]).exit_code == 0

    with closing(compose.outbox(settings)) as outbox:
        assert outbox.depth().waiting == 0
    assert "Newer Artist" in run.invoke(app, ["show", "ann"]).output


def test_nothing_is_imported_while_the_store_refuses_what_waits(
    run: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_store: object, _people: object, **_how: object) -> None:
        raise StoreError("The disk is full.")

    settings = load(FeatureSettings)
    with closing(compose.outbox(settings)) as outbox:
        outbox.put(features_of(a_profile("ann", a_playlist("p", "Air")))[0])
    with monkeypatch.context() as patch:
        patch.setattr(SqliteFeatureStore, "upsert", full)
        result = run.invoke(app, ["import", _file(tmp_path, LINE % "bob")])

    assert (result.exit_code, str(result.exception)) == (1, "The disk is full.")
    assert run.invoke(app, ["show", "bob"]).exit_code != 0
    with closing(compose.outbox(settings)) as outbox:
        assert outbox.depth().waiting == 1


def test_ctrl_c_ends_an_import_at_once_keeps_what_was_done_and_says_so(tmp_path: Path) -> None:
    """Ctrl-C reaches both processes, the one that writes and the one that reads ahead."""
    path = _file(tmp_path, *(LINE % f"user-{number}" for number in range(200_000)))
    home = tmp_path / "home"
    CachedTextEncoder(HashingEncoder(DEFAULT_MODEL), home / "texts.db").encode(["Air", "trip hop", "p"])
    process = subprocess.Popen(
        [sys.executable, "-c", HEEDING_CTRL_C, "import", path],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "SOUNDALIKE_HOME": str(home)},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    store = SqliteFeatureStore(home / "features.db")
    while process.poll() is None and not store.count():
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=30)

    assert process.returncode == 130
    assert "what was finished is kept" in said
    assert "Traceback" not in said
    told = int(said.split("added")[1].split()[0].replace(",", ""))
    assert store.count() - told in {0, BATCH}  # the last batch may be kept and not yet counted
    assert 0 < store.count() < 200_000
    store.close()
