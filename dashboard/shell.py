"""The frame around all pages: look, navigation, and the one place where an error becomes a sentence."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

import streamlit as st

from dashboard.errors import ApiDown, DashboardError
from dashboard.room import Room
from dashboard.screens import compare, find, mine, operations, quality, taste_map
from dashboard.views import fragments

PAGES: tuple[tuple[str, str, Callable[[Room], None]], ...] = (
    ("find", "Find my soundalikes", find.show),
    ("map", "Taste map", taste_map.show),
    ("compare", "Compare two people", compare.show),
    ("quality", "Quality", quality.show),
    ("operations", "Operations", operations.show),
    ("mine", "My data", mine.show),
)

_BEGINS_AT_THE_TOP = "<script data-page='{}'>document.querySelector('[data-testid=stMain]').scrollTop = 0</script>"


def show(room: Room, first: str = "find") -> None:
    """Draw the page that the visitor is on; ``first`` is the one at the bare address."""
    st.set_page_config(page_title="Soundalike", page_icon=":material/graphic_eq:", layout="wide")
    st.html(f"<style>{(files('dashboard.views') / 'style.css').read_text(encoding='utf-8')}</style>")
    room.pages = {
        name: st.Page(_guarded(screen, room, name), title=title, url_path=name, default=name == first)
        for name, title, screen in PAGES
    }
    st.navigation(list(room.pages.values()), position="top").run()


def _guarded(screen: Callable[[Room], None], room: Room, name: str) -> Callable[[], None]:
    def run() -> None:
        _begin_at_the_top(name)
        try:
            screen(room)
        except DashboardError as error:
            st.html(fragments.trouble(error))
            if isinstance(error, ApiDown):
                st.button("Try again", key=f"again-{name}")

    run.__name__ = name
    return run


def _begin_at_the_top(name: str) -> None:
    """Scroll up when a page is opened, and only then: a script runs once, as its text is the same at each redrawing.

    Streamlit keeps how far down the page before was scrolled wherever the new one is drawn before the old is gone.
    """
    with st.container(key="to-the-top"):
        st.html(_BEGINS_AT_THE_TOP.format(name), unsafe_allow_javascript=True)
