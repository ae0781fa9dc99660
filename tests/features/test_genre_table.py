"""A table of genres is read once, when it is first asked, and what is wrong with it is said with its line."""

import sys
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from features.errors import GenreTableError
from features.genres.table import TableGenres


def a_csv(folder: Path, content: str | bytes) -> TableGenres:
    path = folder / "genres.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return TableGenres(path)


def refused(table: TableGenres) -> str:
    with pytest.raises(GenreTableError) as refusal:
        table.genres(["Air"])
    return refusal.value.what


def test_genres_stand_with_semicolons_or_with_commas_between_them(tmp_path: Path) -> None:
    table = a_csv(tmp_path, 'genres,Artist\n"trip hop; R&B, soul",Air\n"techno, house",Moby\n')

    assert table.genres(["Air", "Moby"]) == {"Air": ("trip hop", "r&b, soul"), "Moby": ("techno", "house")}


def test_an_artist_of_several_rows_has_the_genres_of_all(tmp_path: Path) -> None:
    table = a_csv(tmp_path, "\ufeffartist,genres\nAir,pop\n\nAIR,Trip Hop\nAir,pop\n")

    assert table.genres(["Air"]) == {"Air": ("pop", "trip hop")}


def test_other_columns_are_passed_over_and_a_trailing_comma_too(tmp_path: Path) -> None:
    assert a_csv(tmp_path, "id,artist,genres\n1,Air,pop,\n").genres(["Air"]) == {"Air": ("pop",)}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "genres.csv, line 1, names no columns"),
        ("name,genres\nAir,pop\n", "genres.csv, line 1, names no columns"),
        ("artist,genres\nMoby,techno\nAir\n", "genres.csv, line 3, has too few cells: 1."),
        ("artist,genres\nAir,pop,trip hop\n", "genres.csv, line 2, has more cells than there are columns."),
        ("artist,genres\n ,pop\n", "genres.csv, line 2, names no artist."),
        ('artist,genres\nMoby,a\n"Air"x,pop\n', "genres.csv, line 3, is no CSV: "),
        (b"artist,genres\nMoby,a\nBj\xf6rk,pop\n", "genres.csv, line 3, is not UTF-8 text."),
        ("artist,genres\nAir,pop\n".encode("utf-16"), "genres.csv, line 1, is not UTF-8 text."),
    ],
)
def test_what_is_wrong_is_said_with_its_line(content: str | bytes, said: str, tmp_path: Path) -> None:
    assert refused(a_csv(tmp_path, content)).startswith(said)


def test_a_table_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    assert "No such file" in refused(TableGenres(tmp_path / "genres.csv"))
    assert "directory" in refused(TableGenres(tmp_path))


def test_a_table_is_read_once_and_only_when_it_is_asked(tmp_path: Path) -> None:
    table = a_csv(tmp_path, "artist,genres\n,\nbroken")
    a_csv(tmp_path, "artist,genres\nAir,pop\n")

    assert table.genres(["Air"]) == {"Air": ("pop",)}
    (tmp_path / "genres.csv").unlink()
    assert table.genres(["AIR"]) == {"AIR": ("pop",)}


def test_a_table_that_was_mended_is_read_again(tmp_path: Path) -> None:
    table = a_csv(tmp_path, "broken")
    refused(table)
    a_csv(tmp_path, "artist,genres\nAir,pop\n")

    assert table.genres(["Air"]) == {"Air": ("pop",)}


def a_parquet(folder: Path, **columns: object) -> TableGenres:
    parquet.write_table(pa.table(columns), folder / "genres.parquet")
    return TableGenres(folder / "genres.parquet")


def test_in_parquet_genres_may_be_texts_too(tmp_path: Path) -> None:
    table = a_parquet(tmp_path, artist=["Air", "Moby"], genres=["pop; trip hop", None])

    assert table.genres(["Air", "Moby"]) == {"Air": ("pop", "trip hop")}


def test_what_is_wrong_with_parquet_is_said_with_its_row(tmp_path: Path) -> None:
    assert refused(a_parquet(tmp_path, artist=["Moby", None], genres=["a", "b"])).startswith(
        "genres.parquet, row 2, names no artist"
    )
    assert "row 1, has genres that are neither" in refused(a_parquet(tmp_path, artist=["Air"], genres=[7]))
    assert "names no columns" in refused(a_parquet(tmp_path, artist=["Air"], tags=["a"]))
    (tmp_path / "genres.parquet").write_bytes(b"PAR1 and then something else")
    assert "genres.parquet" in refused(TableGenres(tmp_path / "genres.parquet"))


def test_parquet_without_pyarrow_is_told_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = a_parquet(tmp_path, artist=["Air"], genres=["pop"])
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(GenreTableError, match=r"pip install 'soundalike\[parquet\]'"):
        table.genres(["Air"])


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f"artist,genres\n{text}".encode()))
def test_whatever_a_table_holds_it_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    table = a_csv(tmp_path_factory.getbasetemp(), content)
    with suppress(GenreTableError):
        assert all(table.genres(["Air"]).values())
