"""Lists of ids, in whatever form they come: each line is an id, or is told with its number."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.backfill.ids import NotAnId, ids_in
from features.errors import UnreadableSource
from features.spotify.links import profile_url

IDS = st.text(st.sampled_from("abz09._-+#é坂"), min_size=1, max_size=20).filter(
    lambda text: text.strip(".") and not text.startswith("#")
)


def read(text: str) -> list[object]:
    return list(ids_in(io.StringIO(text)))


def test_ids_and_links_stand_one_a_line():
    assert read(
        "# people\n\nann\n  spotify:user:bob \nhttps://open.spotify.com/user/o.d%2Bd?si=1\n31abc#\n123456\n"
    ) == [*("ann", "bob", "o.d+d", "31abc#", "123456")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_is_told_by_its_header(delimiter: str):
    rows = [("name", "User_ID"), ('"Ann, the first"', "ann"), ("Bob", ""), ("Eve", "spotify:user:eve")]
    text = "\n".join(delimiter.join(row) for row in rows)
    assert read(f"# made by hand\n{text}") == ["ann", NotAnId("line 4", "There is no id."), "eve"]


def test_of_several_columns_the_one_that_names_spotify_is_taken():
    assert read("id,user_id,spotify_url\n1,7,https://open.spotify.com/user/ann") == ["ann"]
    assert read('{"id": 1, "spotify_id": "ann"}\n{"id": 2, "user_id": 99}\n{"id": 3}') == ["ann", "99", "3"]


def test_json_lines_that_are_none_are_told():
    found = read('{"user_id": "ann"}\n{"user_id": \n[1]\n{"name": "x"}\n{"user_id": null}\n{"user_id": true}')
    assert found[0] == "ann"
    assert [each.where for each in found[1:]] == [f"line {number}" for number in range(2, 7)]


@pytest.mark.parametrize(
    "line",
    [
        *("a b", "a/b", "..", "ann,bob", "https://open.spotify.com/playlist/1", "spotify:track:1", "a" * 129, "a%20b"),
        *("http://open.spotify.com/user/ann", "https://spotify.link/x", "[1]", '"ann"', "a\x00b", "a\u2028b"),
    ],
)
def test_what_names_nobody_is_told_and_not_repeated(line: str):
    (told,) = ids_in([line])
    assert isinstance(told, NotAnId)
    assert told.where == "line 1"
    assert line not in told.why


def test_a_quote_that_is_never_closed_is_one_error():
    with pytest.raises(UnreadableSource, match="no CSV"):
        read('user_id,name\nann,"Ann\nbob,Bob')


@given(st.lists(IDS))
def test_every_id_comes_back_from_every_form(ids: list[str]):
    table = io.StringIO()
    csv.writer(table).writerows([("n", "user_id"), *((number, user_id) for number, user_id in enumerate(ids))])
    assert read(table.getvalue()) == ids
    assert read("".join(f"{profile_url(user_id)}\n" for user_id in ids)) == ids
    assert read("".join(json.dumps({"user_id": user_id}) + "\n" for user_id in ids)) == ids
    if not ids or ids[0] != "id":
        assert read("".join(f"{user_id}\n" for user_id in ids)) == ids


@given(st.text())
def test_no_text_is_too_odd(text: str):
    try:
        found = read(text)
    except UnreadableSource:
        return
    assert all(isinstance(each, NotAnId) or each for each in found)
