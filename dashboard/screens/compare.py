"""Compare two people: how they fit and why, the same from both sides. The address says who, so it can be shared."""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import urlencode

import streamlit as st

from dashboard.api.people import Compatibility, Person, Side
from dashboard.errors import Refused
from dashboard.room import Room
from dashboard.views import figures, fragments, people
from dashboard.views.words import named


def show(room: Room) -> None:
    """Draw the page."""
    st.html(fragments.heading("Compare two people", "How near they are, what they share, what only one has."))
    with st.form("who", border=True):
        left, right = st.columns(2, gap="large")
        one = left.text_input("One", value=_told(room, "a"), max_chars=200, help="An id, as in the address or My data.")
        other = right.text_input("The other", value=_told(room, "b"), max_chars=200)
        st.form_submit_button("Compare", type="primary")
    one, other = one.strip(), other.strip()
    if not one or not other:
        st.html(
            fragments.notice(
                "Who?",
                "Two people are needed.",
                "Find your soundalikes first, and press Compare beside one.",
                kind="note",
            )
        )
        return
    st.query_params.update({"a": one, "b": other})
    with st.spinner("Comparing…"):
        both = room.api.compatibility(one, other)
        briefs = [_brief(room, each) for each in (one, other)]
        both = both.model_copy(update={"one": _you(room, both.one), "other": _you(room, both.other)})
    st.html(f'<div class="sa-card">{people.verdict(both)}</div>')
    for column, brief in zip(st.columns(2, gap="medium"), briefs, strict=True):
        if brief is not None:
            column.html(people.brief_card(brief))
    _shared(both)
    _eras(room, both)
    _link(room, one, other)


def _brief(room: Room, user_id: str) -> Person | None:
    """Somebody in brief; None while the feature store is down, as the comparison itself needs it not."""
    try:
        return _you(room, room.api.person(user_id))
    except Refused as error:
        if error.status < 500:
            raise
        return None


_Named = TypeVar("_Named", Person, Side)


def _you(room: Room, person: _Named) -> _Named:
    """Somebody without a name is "You" to whoever joined as them here."""
    if person.display_name or person.user_id not in room.mine:
        return person
    return person.model_copy(update={"display_name": "You"})


def _told(room: Room, side: str) -> str:
    told = st.query_params.get(side, "")
    if not told and side == "a" and room.mine:
        return room.mine[-1]
    return told[:200]


def _shared(both: Compatibility) -> None:
    st.html(fragments.section("What you share", "Rarest first: what few others have says most."))
    st.html(
        f'<h4 class="sa-h4">Artists</h4>{fragments.chips(both.shared_artists, "", 20)}'
        f'<h4 class="sa-h4">Genres</h4>{fragments.chips(both.shared_genres, "sa-genre", 20)}'
    )
    st.html(fragments.section("What only one has"))
    left, right = st.columns(2, gap="medium")
    left.html(f'<div class="sa-card">{people.only_list(both.one)}</div>')
    right.html(f'<div class="sa-card">{people.only_list(both.other)}</div>')


def _eras(room: Room, both: Compatibility) -> None:
    if both.eras is None:
        st.html(fragments.section("Eras", "The release years of one of the two are not known."))
        return
    st.html(fragments.section("Eras", f"They have {both.eras.overlap:.0%} of all decades in common."))
    one, other = (named(side.display_name, side.user_id) for side in (both.one, both.other))
    st.plotly_chart(
        figures.eras_of_two(both.eras, one, other, room.look),
        theme=None,
        config={"displayModeBar": False},
        key="eras",
        alt="Share of listening by decade of release, for both people side by side.",
    )


def _link(room: Room, one: str, other: str) -> None:
    st.html(fragments.section("Share this comparison", "Whoever opens the link on this dashboard sees what you see."))
    st.code(f"{_here(room)}/compare?{urlencode({'a': one, 'b': other})}", language=None)


def _here(room: Room) -> str:
    """The address of the dashboard as the visitor's browser has it."""
    url = st.context.url
    if url is None:
        return f"http://{room.settings.dashboard_host}:{room.settings.dashboard_port}"
    return url.split("?", maxsplit=1)[0].rstrip("/").removesuffix("/compare")
