"""Operations: how the service is and was; re-index, retrain, roll back, each after a confirmation."""

from __future__ import annotations

from typing import get_args

import streamlit as st

from dashboard.api.client import JobKind
from dashboard.errors import DashboardError, KeyWanted, NotThere, Refused
from dashboard.room import Room
from dashboard.screens.keys import ask_for_key
from dashboard.views import fragments
from dashboard.views import service as views

_ABOUT: dict[JobKind, str] = {
    "index": "Embed everybody anew with the live model, check the new version, publish it.",
    "train": "Train a new version of the model. It goes live only if it is no worse.",
    "rollback": "Go back to the index before. People who joined since are taken along.",
}
_UNGUARDED = (
    "Others can reach this page, and the API asks nobody for a key.",
    "Set SOUNDALIKE_API_KEYS_REQUIRED=true on the server, or open the page on the computer where it runs.",
)
_HOURS = {"a day": 24, "a week": 168, "a month": 720}
_EVERY_S = 3
_AGAIN = "soundalike.jobs-begun"


def show(room: Room) -> None:
    """Draw the page."""
    st.html(fragments.heading("Operations", "How the service is and was, and what you can have it do."))
    status = room.api.status()
    st.html(views.health(status))
    st.html(views.at_a_glance(status))
    if status.spotify.mode != "extended":
        st.caption(f"Spotify: {status.spotify.why}".replace("%", "\\%").replace("[", "\\[").replace("<", "\\<"))
    _history(room)
    st.html(fragments.section("Jobs"))
    if not room.is_guarded:
        st.html(fragments.notice("Jobs are switched off here", *_UNGUARDED))
        return
    try:
        if room.may_administer:
            room.as_admin.jobs()  # asks for the key here, and not in the part that looks again by itself
            _buttons(room)
            _jobs(room)
            return
        what = "Others can reach this page."
    except KeyWanted as error:
        what = error.what
    st.html(fragments.notice("An admin's key is needed", what, "Type one in; it is kept while this page is open."))
    ask_for_key(room)


def _history(room: Room) -> None:
    st.html(fragments.section("How it was"))
    told = st.segmented_control("Show", list(_HOURS), default="a week", key="hours", required=True)
    try:
        history = room.api.history(_HOURS[told or "a week"])
    except NotThere as error:
        st.html(fragments.notice("No history", error.what, "A server of this version samples it.", kind="note"))
        return
    if not history.at:
        st.html(
            fragments.notice("Nothing yet", "A sample is taken every five minutes.", "Look again soon.", kind="note")
        )
        return
    st.plotly_chart(
        views.history_figure(history, room.look),
        theme=None,
        key="history",
        config={"displayModeBar": False},
        alt="People, waiting writes, and ages of index and model over time.",
    )


def _buttons(room: Room) -> None:
    begun = st.session_state.get(_AGAIN, 0)
    for column, kind in zip(st.columns(3, gap="medium"), get_args(JobKind), strict=True):
        with column, st.container(border=True):
            st.markdown(f"**{views.KINDS[kind]}**")
            st.caption(_ABOUT[kind])
            sure = st.checkbox(f"Yes, {views.KINDS[kind].lower()}", key=f"sure-{kind}-{begun}")
            if st.button(views.KINDS[kind], key=f"job-{kind}", disabled=not sure, type="primary"):
                _start(room, kind)


def _start(room: Room, kind: JobKind) -> None:
    try:
        room.as_admin.start_job(kind)
    except KeyWanted:
        raise
    except Refused as error:  # such as one that runs already
        st.html(fragments.trouble(error))
        return
    st.session_state[_AGAIN] = st.session_state.get(_AGAIN, 0) + 1  # another box, so that nothing is confirmed twice
    st.toast(f"{views.KINDS[kind]} has begun.")
    st.rerun()


@st.fragment(run_every=_EVERY_S)
def _jobs(room: Room) -> None:
    """Looked at again every few seconds, by itself."""
    try:
        jobs = room.as_admin.jobs().jobs
    except DashboardError as error:  # the shell is not around a part that is drawn anew by itself
        st.html(fragments.trouble(error))
        return
    if not jobs:
        st.caption("Nothing was started since the server runs.")
    for job in jobs[:5]:
        st.html(views.job_card(job))
