"""Whole lists from pages, side by side and one after the other."""

import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import SpotifyNotFound, SpotifyUnavailable
from features.spotify.paging import Ask, Page, by_cursor, in_turn
from features.spotify.side_by_side import read_lists

LENGTHS = st.lists(st.integers(0, 23), max_size=6)


def a_list(rows: list[object], size: int, *, total: object = ..., asked: list[int] | None = None) -> Ask:
    def ask(offset: int) -> Page:
        if asked is not None:
            asked.append(offset)
        return {
            "items": rows[offset : offset + size],
            "total": len(rows) if total is ... else total,
            "next": "https://elsewhere" if offset + size < len(rows) else None,
            "limit": size,
        }

    return ask


@given(LENGTHS, st.integers(1, 7), st.integers(1, 5), st.sampled_from([..., None, "many", 0, -1, 10**30, True]))
def test_every_list_comes_once_whole_and_in_order(lengths: list[int], size: int, at_once: int, total: object):
    lists = [[None if row % 3 == 0 else (number, row) for row in range(n)] for number, n in enumerate(lengths)]
    asks = [a_list(rows, size, total=total) for rows in lists]
    found = list(read_lists(asks, size=size, at_once=at_once, most=1000))
    if total is not True:  # which is 1
        assert sorted(number for number, _ in found) == list(range(len(lists)))
        assert dict(found) == dict(enumerate(lists))


@given(st.integers(0, 23), st.integers(1, 7), st.sampled_from([..., None]))
def test_one_list_in_turn_is_the_same(length: int, size: int, total: object):
    rows: list[object] = [None if row % 3 == 0 else row for row in range(length)]
    assert list(in_turn(a_list(rows, size, total=total), size=size, most=1000)) == rows


def test_pages_smaller_than_asked_for_are_followed_by_their_size():
    rows: list[object] = list(range(35))
    assert dict(read_lists([a_list(rows, 10)], size=50, at_once=2, most=1000)) == {0: rows}


def test_a_list_that_never_ends_is_left_at_the_limit():
    def endless(offset: int) -> Page:
        return {"items": [offset] * 10, "total": 10**9, "next": "more"}

    ((_, rows),) = read_lists([endless], size=10, at_once=4, most=100)
    assert isinstance(rows, list)
    assert 100 < len(rows) <= 110
    assert len(list(in_turn(endless, size=10, most=100))) == 100


def test_no_more_pages_are_asked_for_at_once_than_may_be():
    most, now, guard = 0, 0, threading.Lock()
    meeting = threading.Barrier(3, timeout=10)

    def ask(offset: int) -> Page:
        nonlocal most, now
        with guard:
            now += 1
            most = max(most, now)
        meeting.wait()
        with guard:
            now -= 1
        return {"items": [offset], "total": 3}

    list(read_lists([ask] * 2 + [ask], size=1, at_once=3, most=10))
    assert most == 3


def _failing(error: Exception) -> Callable[[int], Page]:
    def ask(offset: int) -> Page:
        raise error

    return ask


def test_a_list_that_cannot_be_read_says_so_and_leaves_the_others_alone():
    gone = SpotifyNotFound("gone")
    asks = [_failing(gone), a_list([1, 2, 3], 2), _failing(gone)]
    assert dict(read_lists(asks, size=2, at_once=2, most=10)) == {0: gone, 1: [1, 2, 3], 2: gone}


def test_what_is_whole_when_spotify_fails_is_handed_out_first():
    asks = [a_list([1, 2, 3], 1), _failing(SpotifyUnavailable("no answer")), a_list([4], 1)]
    found: list[object] = []
    with pytest.raises(SpotifyUnavailable):
        found.extend(read_lists(asks, size=1, at_once=1, most=10))
    assert found == [(0, [1, 2, 3])]


def test_a_cursor_is_followed_until_it_repeats_or_ends():
    pages: dict[str | None, Page] = {
        None: {"items": [1, None], "cursors": {"after": "b"}},
        "b": {"items": [2], "cursors": {"after": "c"}},
        "c": {"items": [3], "cursors": {"after": "b"}},
    }
    assert list(by_cursor(lambda after: pages[after], most=100)) == [1, None, 2, 3]
    assert list(by_cursor(lambda _: {"items": [1], "cursors": None}, most=100)) == [1]
    assert list(by_cursor(lambda _: {"items": [], "cursors": {"after": "x"}}, most=100)) == []
    assert list(by_cursor(lambda after: {"items": [1], "cursors": {"after": f"{after}x"}}, most=3)) == [1, 1, 1]
