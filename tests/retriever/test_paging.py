import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retriever.errors import StaleCursor, UnknownCursor
from retriever.paging import MAX_DEPTH, Page, cursor_after, page_of

INDEX = "users-v7-b2"
INDEXES = st.builds(lambda model, build: f"users-v{model}-b{build}", st.integers(1, 10**9), st.integers(1, 10**9))
LIMITS = st.integers(1, 100)


def a_cursor(offset: int, index: str = INDEX) -> str:
    cursor = cursor_after(Page(offset - 1, 1), 1, index=index)
    assert cursor is not None
    return cursor


def spelt(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@given(LIMITS)
def test_without_a_cursor_a_list_begins_at_the_nearest(limit: int) -> None:
    assert page_of(None, limit, index=INDEX) == Page(0, limit)


@given(st.integers(1, MAX_DEPTH - 1), LIMITS, INDEXES)
def test_a_cursor_leads_to_the_place_it_was_made_for(offset: int, limit: int, index: str) -> None:
    page = page_of(a_cursor(offset, index), limit, index=index)
    assert page.offset == offset
    assert page.limit == min(limit, MAX_DEPTH - offset)
    assert page.end <= MAX_DEPTH


@given(st.integers(0, 1500), st.lists(LIMITS, min_size=1))
def test_page_after_page_shows_everybody_once_and_in_order_down_to_the_greatest_depth(
    people: int, limits: list[int]
) -> None:
    everybody, shown, cursor = [*range(people)], [], None
    for turn in range(MAX_DEPTH + 1):
        page = page_of(cursor, limits[turn % len(limits)], index=INDEX)
        found = everybody[: page.end][page.offset :]
        shown += found
        cursor = cursor_after(page, len(found), index=INDEX)
        if cursor is None:
            break
    assert shown == everybody[:MAX_DEPTH]


@given(st.integers(0, MAX_DEPTH - 1), LIMITS, st.data())
def test_a_page_that_is_not_full_is_the_last(offset: int, limit: int, data: st.DataObject) -> None:
    page = Page(offset, min(limit, MAX_DEPTH - offset))
    found = data.draw(st.integers(0, page.limit - 1))
    assert cursor_after(page, found, index=INDEX) is None


@given(st.integers(1, MAX_DEPTH - 1), LIMITS, INDEXES.filter(lambda name: name != INDEX))
def test_a_cursor_of_another_index_says_to_begin_again(offset: int, limit: int, index: str) -> None:
    with pytest.raises(StaleCursor, match=f"of the index {index}, and {INDEX} is live") as refused:
        page_of(a_cursor(offset, index), limit, index=INDEX)
    assert (refused.value.http_status, refused.value.mend) == (410, "Begin again without a cursor.")


def refuse(cursor: str) -> None:
    with pytest.raises(UnknownCursor, match="none that was given out") as refused:
        page_of(cursor, 10, index=INDEX)
    assert refused.value.http_status == 404


@given(st.text(max_size=200) | st.text("ABCDxyz019-_=", max_size=40) | st.binary(max_size=60).map(str))
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    refuse(cursor)


@given(st.integers(1, MAX_DEPTH - 1), st.integers(0, 40), st.sampled_from("=\n +/%.Aé\x00"))
def test_no_letter_can_be_added_to_a_cursor(offset: int, place: int, letter: str) -> None:
    cursor = a_cursor(offset)
    refuse(cursor[:place] + letter + cursor[place:])


@pytest.mark.parametrize(
    "text",
    ["0@users-v7-b2", "-1@users-v7-b2", "01@users-v7-b2", "1.5@users-v7-b2", "1e2@users-v7-b2", "+1@users-v7-b2",
     f"{MAX_DEPTH}@users-v7-b2", "9999@users-v7-b2", f"{10**30}@users-v7-b2", "@users-v7-b2", "10@", "10@users",
     "10@../users-v7-b2", "10@users-v7-b2\n", "10@users-v0-b2", "10", "", "١٠@users-v7-b2", "10@users-v7-b2@"],
)  # fmt: skip
def test_a_place_that_no_page_ends_at_is_refused(text: str) -> None:
    refuse(spelt(text))


def test_a_cursor_tells_nothing_at_a_glance_and_needs_no_quoting_in_a_url() -> None:
    cursor = a_cursor(10)
    assert INDEX not in cursor
    assert cursor.replace("-", "").replace("_", "").isalnum()
