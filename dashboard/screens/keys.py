"""Asking for an admin's key, which is remembered for as long as the page is open and never shown."""

from __future__ import annotations

import streamlit as st
from pydantic import SecretStr

from dashboard.errors import KeyWanted
from dashboard.room import Room
from dashboard.views import fragments


def ask_for_key(room: Room) -> None:
    """A field for it; with a key that the API takes for an admin's the page is drawn anew."""
    with st.form("admin-key", border=True):
        key = st.text_input("Admin's API key", type="password", max_chars=200)
        sent = st.form_submit_button("Use it")
        st.caption("Made on the server with: python -m retriever keys add NAME --role admin")
    if not sent or not key.strip():
        return
    try:
        room.use_admin_key(SecretStr(key.strip()))
    except KeyWanted as error:
        st.html(fragments.trouble(error))
        return
    st.rerun()
