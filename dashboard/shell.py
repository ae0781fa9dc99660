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
        try:
            screen(room)
        except DashboardError as error:
            st.html(fragments.trouble(error))
            if isinstance(error, ApiDown):
                st.button("Try again", key=f"again-{name}")

    run.__name__ = name
    return run
