"""Find my soundalikes: where to read a listening from, the consent, and the answer."""

from __future__ import annotations

import re

import streamlit as st

from dashboard.api.asked import Asked
from dashboard.api.people import Recommendations
from dashboard.api.service import Status
from dashboard.errors import DashboardError
from dashboard.room import Room
from dashboard.screens.find_source import Source, choose
from dashboard.screens.leave_code import show_code
from dashboard.screens.results import show_answer
from dashboard.views import fragments
from dashboard.views.words import count_text

NOT_LOGGED_IN = (
    "This browser brings no login with it.",
    "Log in again. If that does not help, whoever runs this must serve page and API under one host name.",
)
USUAL = 5  # what the sliders stood at before there was an "all"
LOOK = "adds nothing of you to the community. You see who is near, and nobody sees you."
JOIN = (
    "lets others find you, until you leave. They see your name, the link to your profile, what you share with them, "
    "your ten top artists and genres, decades, and where you are on the map."
)
KEPT = """
Kept, until you delete it: your id, display name and the link to your profile; where your listening was read from, that
you agreed, and when; per playlist its name and its artists with weights and years; genres by artist; and the vectors
made of it. **Not** kept: single plays, times of listening, titles of tracks, addresses, devices, Spotify's own answers.

What was read from Spotify's API is deleted by itself, 30 days after it was last read unless the operator set another
time. What was read from a file stays until you delete it, under *My data*; the file itself is not kept.
"""


def show(room: Room) -> None:
    """Draw the page."""
    st.html(
        fragments.heading(
            "Who listens as you do?",
            "Show us what you play. We find the people nearest to your taste, and say why.",
        )
    )
    status = room.api.status()
    _came_back(room)
    if not status.index.people:
        st.html(
            fragments.notice(
                "Nobody is here yet",
                "The community is empty, so there is nobody to be found.",
                "Bring people in: make demo invents a community, make import PROFILES=FILE reads yours. "
                "Or be the first to join, below.",
                kind="note",
            )
        )
    with st.container(border=True, key="ask"):
        source = choose(room, status)
        asked = _limits()
        looks, joins = _consent(is_ready=source is not None)
    if source is not None and (looks or joins):
        _ask(room, source, Asked(*asked, remember=joins), status)
    if room.answer is not None and room.answer.leave_code is not None:
        show_code(room.answer.leave_code)
    if room.answer is not None:
        show_answer(room, room.answer)


def _consent(*, is_ready: bool) -> tuple[bool, bool]:
    """The two ways to ask, each with what it means; which of them was taken."""
    left, right = st.columns(2, gap="large", vertical_alignment="bottom")
    with left:
        st.markdown(f"**Just look** {LOOK}")
        looks = st.button("Just look", key="look", disabled=not is_ready, width="stretch")
    with right:
        st.markdown(f"**Join the community** {JOIN}")
        joins = st.button("Join the community", key="join", type="primary", disabled=not is_ready, width="stretch")
    with st.expander("What exactly is kept of you when you join"):
        st.markdown(KEPT)
    return looks, joins


def _limits() -> tuple[int | None, int | None]:
    """How many artists and playlists to use; None for all."""
    left, right = st.columns(2, gap="large")
    with left:
        artists = _limit("Top artist count", 10, "artists")
    with right:
        playlists = _limit("Playlists count", 20, "playlists")
    return artists, playlists


def _limit(label: str, most: int, what: str) -> int | None:
    uses_all = st.toggle(f"Use all {what}", value=True, key=f"all-{what}")
    chosen = st.slider(label, 1, most, USUAL, key=f"count-{what}", disabled=uses_all)
    return None if uses_all else int(chosen)


def _ask(room: Room, source: Source, asked: Asked, status: Status) -> None:
    with st.status(source.doing, expanded=True) as progress:
        st.write(
            f"The API answers: model {status.model.version}, "
            f"{count_text(status.index.people or 0, 'person', 'people')} to search."
        )
        st.write(source.step)
        try:
            answer = source.ask(room.api, asked)
        except DashboardError as error:
            progress.update(label="It did not work", state="error")
            st.html(fragments.trouble(error))
            return
        st.write(_told(answer))
        room.keep(answer, is_theirs=source.proves)
        progress.update(label="Done", state="complete", expanded=False)


def _told(answer: Recommendations) -> str:
    found = f"Searched index {answer.index}: {count_text(len(answer.recommendations), 'person', 'people')} found."
    known = ""
    if answer.coverage is not None:
        genres, years = answer.coverage.genres, answer.coverage.years
        known = f" Genres are known of {genres:.0%} of your listening, years of {years:.0%}."
    joined = (
        " You are in the community now." if answer.stored else " You only looked: nothing was added to the community."
    )
    return f"{found}{known}{joined}".replace("%", "\\%")


def _came_back(room: Room) -> None:
    """What became of a login, as the API says when it sends the browser back."""
    word = st.query_params.get("spotify")
    if word is None:
        return
    if word == "logged-in":
        if room.api.session and room.api.logged_in().user_id is not None:
            st.html(fragments.notice("You are logged in", "Spotify lets us read your library.", kind="good"))
        else:
            st.html(fragments.notice("You are not logged in", *NOT_LOGGED_IN))
        return
    st.html(
        fragments.notice(
            "The login did not work",
            "Spotify or the API refused it" + (f" ({word})." if re.fullmatch(r"[a-z-]{1,40}", word) else "."),
            "Try again; on a server in development mode its owner must name you in Spotify's dashboard first.",
        )
    )
