"""Names as other programs wrote them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.profile import Track
from features.sources.names import clean, clean_unescaped, shown


@given(st.text(st.characters(), max_size=600) | st.integers() | st.floats() | st.none() | st.booleans())
def test_a_clean_name_is_always_a_valid_name_and_stays_as_it_is(value):
    name = clean(value)

    assert clean(name) == name
    if name:
        assert Track(artist=name).artist == name


@pytest.mark.parametrize(
    ("escaped", "name"),
    [("Rock &amp; Roll", "Rock & Roll"), ("R&B", "R&B"), ("AT&T", "AT&T"),
     ("&#x27;90s", "'90s"), ("a&copy2024", "a&copy2024"), ("&#7;&#27;x", "x"),
     ("&nosuch;", "&nosuch;"), ("&#9999999;", "\N{REPLACEMENT CHARACTER}"), (None, "")],
)  # fmt: skip
def test_whole_entities_are_unescaped_and_nothing_else(escaped, name):
    assert clean_unescaped(escaped) == name


@pytest.mark.parametrize("filename", ["", "/", "\x00", "a/b/"])
def test_a_file_without_a_name_is_still_called_something(filename):
    assert shown(filename) == "the file"
