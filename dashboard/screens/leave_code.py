"""The leave code: shown to who joined, and asked of who comes back and wants to see, take or delete their data."""

from __future__ import annotations

import streamlit as st

from dashboard.errors import NotThere
from dashboard.room import Room
from dashboard.views import fragments

KEEP = (
    "Keep it where you keep passwords: it is shown while this page is open, and never again. Who has it can have your "
    "data, and delete you, under My data. Only a digest of it is kept; joining again makes another one."
)


def show_code(code: str) -> None:
    """The code of who has just joined, with the advice to keep it."""
    with st.container(border=True, key="card-leave-code"):
        st.html(f"{fragments.section('Your leave code')}<p>{KEEP}</p>")
        st.code(code, language=None, wrap_lines=True)


def ask_for_code(room: Room) -> None:
    """A field for it; who has one is taken for whom it was given to, for as long as the page is open."""
    with st.form("leave-code", border=True):
        code = st.text_input(
            "Leave code",
            type="password",
            max_chars=400,
            autocomplete="off",
            help="It was shown when you joined, above the answer.",
        )
        sent = st.form_submit_button("This is me")
    if not sent or not code.strip():
        return
    try:
        room.use_leave_code(code.strip())
    except NotThere as error:
        st.html(fragments.trouble(error))
        return
    st.rerun()
