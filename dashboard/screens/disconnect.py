"""Taking Spotify away: the part of My data for who is logged in there."""

from __future__ import annotations

import streamlit as st

from dashboard.room import Room
from dashboard.views import fragments


def show_disconnect(room: Room) -> None:
    """Draw it; nothing for who is not logged in."""
    if not room.api.session or room.api.logged_in().user_id is None:
        return
    st.html(
        fragments.section(
            "Disconnect Spotify",
            "Forgets the tokens, and deletes you if what is kept of you came from Spotify's API. A file that you "
            "uploaded stays. You can also take the app away at spotify.com/account/apps.",
        )
    )
    if st.button("Disconnect Spotify", key="disconnect"):
        done = room.api.disconnect()
        if done.user_id is not None and done.deleted:
            room.gone(done.user_id)
        after = "What came from Spotify's API was deleted." if done.deleted else "Nothing kept of you came from there."
        st.html(fragments.notice("Disconnected", f"The tokens are forgotten. {after}", kind="good"))
