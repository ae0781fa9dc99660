from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from pyarrow import parquet
from typer.testing import CliRunner, Result

from features import compose
from features.cli import app
from features.settings import FeatureSettings, load
from tests.builders import a_playlist, a_profile, features_of
from tests.fakes.stores import HashingEncoder

Run = Callable[..., Result]
LINE = '{"user_id": "%s", "playlists": [{"name": "p", "tracks": [{"artist": "Air", "genres": ["trip hop"]}]}]}\n'


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr("features.compose.SentenceTransformerEncoder", HashingEncoder)

    def run(*arguments: object, home: str = "home") -> Result:
        monkeypatch.setenv("SOUNDALIKE_HOME", str(tmp_path / home))
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


@pytest.fixture
def people(tmp_path: Path, run: Run) -> Path:
    """What a home with three people was dumped to."""
    (tmp_path / "people.jsonl").write_text("".join(LINE % name for name in ("ann", "bob", "cleo")))
    assert run("import", tmp_path / "people.jsonl").exit_code == 0
    folder = tmp_path / "dump"
    assert "dumped 3 people to 2 files" in run("dump", folder, "--shards", 2).output.replace("\n", " ")
    return folder


def said(result: Result) -> str:
    return " ".join(result.output.split())


def test_a_community_moves_by_files(run: Run, people: Path):
    assert said(run("load", people, home="other")).startswith("loaded 3 new, 0 changed, 0 the same;")
    assert "bob" in run("export", home="other").output
    assert said(run("load", people, home="other")).startswith("loaded 0 new, 0 changed, 3 the same;")


def test_who_was_deleted_here_is_left_out(run: Run, people: Path):
    assert run("delete", "ann").exit_code == 0
    assert "deleted here and left out: 1" in said(run("load", people))
    assert run("show", "ann").exit_code != 0


def test_who_was_acknowledged_and_waits_in_the_outbox_is_dumped_too(run: Run, people: Path, tmp_path: Path):
    with closing(compose.outbox(load(FeatureSettings))) as outbox:
        outbox.put(features_of(a_profile("dan", a_playlist("mix", "Air")))[0])
    assert "dumped 4 people" in said(run("dump", tmp_path / "again"))


def test_rows_that_were_changed_are_named_the_others_loaded_and_the_exit_code_tells(run: Run, people: Path):
    file = next(file for file in people.iterdir() if parquet.ParquetFile(file).metadata.num_rows)
    table = parquet.read_table(file)
    parquet.write_table(table.set_column(table.schema.names.index("source"), "source", [["mine"] * len(table)]), file)
    result = run("load", people, home="other")
    assert result.exit_code == 2
    assert f"refused: {len(table)} refused: {file.name}, row 1 is not what was written" in said(result)
    assert f"loaded {3 - len(table)} new" in said(result)


@pytest.mark.parametrize("command", ["dump", "load"])
def test_what_cannot_be_done_is_said_in_a_line(run: Run, people: Path, command: str, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    result = run(command, people if command == "dump" else tmp_path / "empty")
    assert "Name a" in str(result.exception)


@pytest.mark.parametrize("command", ["dump", "load"])
def test_without_pyarrow_the_line_that_installs_it_is_given(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
):
    monkeypatch.setattr("features.tables.cli.find_spec", lambda _name: None)
    assert "pip install 'soundalike[parquet]'" in str(run(command, tmp_path / "people").exception)
