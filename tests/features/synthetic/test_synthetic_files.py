"""The files that ``synthesize`` writes: whole or not at all, the same bytes each time."""

import csv
import gzip

import pytest
import typer
from typer.testing import CliRunner

from features.profile import TasteProfile
from features.synthetic.cli import synthesize
from features.synthetic.write import UnwritableFile, write_bytes, write_profiles

app = typer.Typer()
app.command()(synthesize)


def _synthesize(out, people=20):
    result = CliRunner().invoke(app, ["--people", str(people), "--seed", "7", "--out", str(out)])
    assert result.exit_code == 0, result.output
    return result


def test_every_line_of_the_file_is_a_valid_profile(tmp_path):
    _synthesize(tmp_path)
    lines = gzip.decompress((tmp_path / "profiles.jsonl.gz").read_bytes()).splitlines()
    assert len([TasteProfile.model_validate_json(line) for line in lines]) == 20


def test_friendships_are_between_people_of_the_file(tmp_path):
    _synthesize(tmp_path)
    with gzip.open(tmp_path / "friends.csv.gz", "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    known = {f"synthetic-{number:06d}" for number in range(20)}
    assert rows
    assert all({row["user_a"], row["user_b"]} <= known for row in rows)


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    _synthesize(tmp_path / "one")
    _synthesize(tmp_path / "other")
    for name in ("profiles.jsonl.gz", "friends.csv.gz"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def test_it_says_that_the_people_are_invented(tmp_path):
    result = _synthesize(tmp_path)
    assert "synthetic community of 20 invented people" in " ".join(result.output.split())


def test_an_interrupted_write_keeps_the_old_file_and_leaves_no_other(tmp_path):
    path = tmp_path / "profiles.jsonl.gz"
    path.write_bytes(b"old")

    def interrupted():
        yield TasteProfile()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_profiles(path, interrupted())
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UnwritableFile, match=r"sample\.zip cannot be written"):
        write_bytes(tmp_path / "file" / "sample.zip", b"")
