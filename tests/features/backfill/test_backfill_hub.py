"""Ids in a data set, which lies in a folder here as it would on Hugging Face."""

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from features.backfill.hub import ids_on_hub
from features.backfill.ids import NotAnId
from features.errors import UnreadableSource

# The library leaves files that were not read to their end to the garbage collector; it comes before the next test.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


def test_without_the_library_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UnreadableSource) as missing:
        next(ids_on_hub("hf:owner/name"))
    assert missing.value.mend == "Install it with: pip install 'soundalike[datasets]'"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    pytest.importorskip("datasets")
    yield tmp_path
    gc.collect()


def test_a_column_is_found_or_named(folder: Path):
    (folder / "train.csv").write_text("id,who,spotify_url\n1,bob,https://open.spotify.com/user/ann\n2,eve,\n")
    assert list(ids_on_hub(f"hf:{folder}")) == ["ann", NotAnId("row 2", "There is no id.")]
    assert list(ids_on_hub(f"hf:{folder}#who")) == ["bob", "eve"]


def test_parquet_is_streamed(folder: Path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pa.table({"user_id": [f"person{number}" for number in range(3000)]}), folder / "train.parquet")
    ids = ids_on_hub(f"hf:{folder}")
    assert [next(ids) for _ in range(3)] == ["person0", "person1", "person2"]
    assert len(list(ids)) == 2997


def test_a_column_of_numbers_with_a_gap_is_read(folder: Path):
    (folder / "train.csv").write_text("user_id,n\n31415926,1\n,2\n27182818,3\n")
    assert list(ids_on_hub(f"hf:{folder}")) == ["31415926", NotAnId("row 2", "There is no id."), "27182818"]


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("train.csv", "a,b\n1,2\n", "none of spotify_id"),
        ("test.csv", "user_id\nann\n", "train"),
        ("train.csv", "", "cannot be read"),
        (".nothing", "", "data file"),
    ],
)
def test_what_cannot_be_read_is_one_clear_error(folder: Path, name: str, content: str, complaint: str):
    (folder / name).write_text(content)
    with pytest.raises(UnreadableSource, match=complaint) as trouble:
        list(ids_on_hub(f"hf:{folder}"))
    assert "hf:" in trouble.value.mend


def test_a_column_that_is_not_there_is_told_with_those_that_are(folder: Path):
    (folder / "train.csv").write_text("user_id,name\nann,Ann\n")
    with pytest.raises(UnreadableSource, match="no column person; it has: user_id, name"):
        list(ids_on_hub(f"hf:{folder}#person"))


def test_a_folder_that_is_not_there_is_told(tmp_path: Path):
    pytest.importorskip("datasets")
    with pytest.raises(UnreadableSource, match="cannot be read"):
        list(ids_on_hub(f"hf:{tmp_path / 'none'}"))
