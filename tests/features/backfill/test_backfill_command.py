"""``python -m features backfill`` as it is typed: what it prints, and its exit codes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from features import compose
from features.cli import app
from features.errors import SpotifyForbidden, UnreadableSource
from features.settings import FeatureSettings, load
from features.sqlite.store import SqliteFeatureStore
from features.text_cache import CachedTextEncoder
from features.text_encoder import DEFAULT_MODEL
from tests.fakes.spotify import FakeSpotify
from tests.fakes.spotify import answers as told
from tests.fakes.stores import HashingEncoder
from tests.features.backfill.backfill_world import a_world_of

PEOPLE = [f"person{number}" for number in range(30)]
# A run of tests in the background passes on that Ctrl-C is to be ignored.
HEEDING_CTRL_C = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("features", run_name="__main__")
"""


@pytest.fixture
def fake() -> Iterator[FakeSpotify]:
    with FakeSpotify(a_world_of(*PEOPLE)) as fake:
        yield fake
        assert fake.unhandled == []


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def run(fake: FakeSpotify, home: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    for name, value in {**fake.variables(), "SOUNDALIKE_HOME": str(home)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("features.compose.SentenceTransformerEncoder", HashingEncoder)
    return CliRunner()


def a_list(folder: Path, *lines: str) -> str:
    path = folder / "people.txt"
    path.write_text("\n".join(lines))
    return str(path)


def said(result: Result) -> str:
    return " ".join(result.output.split())


def kept() -> dict[str, bool]:
    with closing(compose.local_store(load(FeatureSettings))) as store:
        return {person.user_id: person.consent for batch in store.scan() for person in batch}


def test_what_became_of_everybody_is_told_at_the_end(run: CliRunner, tmp_path: Path):
    people = a_list(tmp_path, "person0", "# a comment", "person1", "nobody", "person0")

    result = run.invoke(app, ["backfill", people, "--consent"])

    assert result.exit_code == 0, result.output
    assert "read 2 new 2 updated 0 unchanged 0 fresh already 0 unknown 1" in said(result)
    assert "failed 0 refused 0" in said(result)
    assert kept() == {"person0": True, "person1": True}
    again = run.invoke(app, ["backfill", people])
    assert "read 0 new 0 updated 0 unchanged 0 fresh already 2 unknown 1" in said(again)
    assert not any(person in again.output for person in PEOPLE)


def test_lines_that_name_nobody_are_told_up_to_ten_and_the_others_are_read(run: CliRunner, tmp_path: Path):
    result = run.invoke(app, ["backfill", a_list(tmp_path, "person0", *["not an id"] * 12)])

    assert result.exit_code == 2
    assert [f"line {number} " in said(result) for number in (1, 2, 11, 12)] == [False, True, True, False]
    assert "and 2 more" in result.output
    assert "not an id" not in result.output
    assert kept() == {"person0": False}


def test_a_rate_limit_that_takes_too_long_tells_when_to_try_again(run: CliRunner, fake: FakeSpotify, tmp_path: Path):
    fake.fail("GET /v1/users/person1", told.rate_limited(3600), times=99)

    result = run.invoke(app, ["backfill", a_list(tmp_path, *PEOPLE)])

    assert result.exit_code == 4
    assert "All that was read is kept; try again at" in said(result)
    assert list(kept()) == ["person0"]


def test_a_quota_that_is_used_up_is_told(run: CliRunner, fake: FakeSpotify, tmp_path: Path):
    fake.fail("GET /v1/users/person0", told.quota_exceeded(), times=99)

    result = run.invoke(app, ["backfill", a_list(tmp_path, *PEOPLE)])

    assert result.exit_code == 4
    assert "quota that Spotify grants the owner of this server is used up" in said(result)


def test_who_is_left_to_be_read_is_told_by_the_exit_code(run: CliRunner, fake: FakeSpotify, tmp_path: Path):
    fake.fail("GET /v1/users/nobody", told.bad_request(), times=99)

    result = run.invoke(app, ["backfill", a_list(tmp_path, "person0", "nobody")])

    assert result.exit_code == 4
    assert "failed 1 Spotify did not answer; the same command tries again" in said(result)


def test_a_rate_limit_is_waited_for_and_that_is_told_where_there_is_no_bar(
    run: CliRunner, fake: FakeSpotify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SOUNDALIKE_SPOTIFY_WAIT_AT_MOST_S", "0")
    fake.fail("GET /v1/users/person1", told.rate_limited(1))

    result = run.invoke(app, ["backfill", a_list(tmp_path, "person0", "person1")])

    assert result.exit_code == 0, result.output
    assert "Spotify wants to be left alone; going on at" in said(result)


def test_without_access_nothing_is_begun(run: CliRunner, fake: FakeSpotify, home: Path, tmp_path: Path):
    fake.mode = "dev"

    result = run.invoke(app, ["backfill", a_list(tmp_path, *PEOPLE)])

    assert isinstance(result.exception, SpotifyForbidden)
    assert not (home / "features.db").exists()
    assert result.output == ""


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_list_that_cannot_be_read_is_an_error(run: CliRunner, tmp_path: Path, content: bytes | None):
    if content is not None:
        (tmp_path / "people.txt").write_bytes(content)

    result = run.invoke(app, ["backfill", str(tmp_path / "people.txt")])

    assert isinstance(result.exception, UnreadableSource)


def test_the_help_says_what_consent_is_and_what_the_exit_codes_are(run: CliRunner):
    help_text = said(run.invoke(app, ["backfill", "--help"]))

    assert "Nobody is found by others without --consent" in help_text
    assert "Exit codes: 0, all were asked about; 2" in help_text
    assert "hf:OWNER/NAME" in help_text
    assert "--fresher-than" in help_text


def test_a_data_set_is_read_as_a_file_is(run: CliRunner, tmp_path: Path):
    pytest.importorskip("datasets")
    (tmp_path / "set").mkdir()
    rows = [json.dumps({"n": number, "user_id": person}) for number, person in enumerate(["person0", "a b", "person1"])]
    (tmp_path / "set" / "train.jsonl").write_text("\n".join(rows))

    result = run.invoke(app, ["backfill", f"hf:{tmp_path / 'set'}"])

    assert result.exit_code == 2, result.output
    assert "row 2" in result.output
    assert sorted(kept()) == ["person0", "person1"]


def ready(home: Path) -> None:
    """Texts whose vectors are known need no text model."""
    names = [*(f"Artist {number}" for number in range(len(PEOPLE))), "Nico", "Sunday"]
    CachedTextEncoder(HashingEncoder(DEFAULT_MODEL), home / "texts.db").encode(names)


def command(fake: FakeSpotify, home: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HEEDING_CTRL_C, "backfill", *arguments],
        cwd=Path(__file__).parents[3],
        env={**os.environ, **fake.variables(), "SOUNDALIKE_HOME": str(home)},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_ctrl_c_loses_nothing_and_the_same_command_goes_on(fake: FakeSpotify, home: Path, tmp_path: Path):
    ready(home)
    people = a_list(tmp_path, *PEOPLE)
    fake.latency_s = 0.02
    process = command(fake, home, people)
    while process.poll() is None and len(fake.asked("GET /v1/playlists")) < 3:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, output = process.communicate(timeout=60)

    assert process.returncode == 130, output
    assert "what was finished is kept" in output
    assert "Traceback" not in output
    with closing(SqliteFeatureStore(home / "features.db")) as store:
        count = store.count()
    assert 2 <= count < len(PEOPLE)
    assert f"read {count} " in " ".join(output.split())

    fake.latency_s = 0
    process = command(fake, home, people)
    _, output = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert f"fresh already {count} " in " ".join(output.split())
    asked = [fake.asked(f"GET /v1/users/{person}/playlists") for person in PEOPLE]
    assert sorted(map(len, asked)) in ([1] * 30, [1] * 29 + [2])


def test_development_mode_is_one_line_and_exit_code_2(fake: FakeSpotify, home: Path, tmp_path: Path):
    fake.mode = "dev"
    process = command(fake, home, a_list(tmp_path, *PEOPLE))
    output, trouble = process.communicate(timeout=60)

    assert (process.returncode, output) == (2, "")
    assert trouble.startswith("error: Public profiles cannot be read:")
    assert len(trouble.strip().splitlines()) == 1
