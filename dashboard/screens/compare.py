"""Compare two people: how they fit and why, the same from both sides. The address says who, so it can be shared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import streamlit as st

from dashboard.api.people import Compatibility, Person, Side
from dashboard.errors import Refused
from dashboard.room import Room
from dashboard.views import figures, fragments, people
from dashboard.views.choices import names_of
from dashboard.views.words import named


def show(room: Room) -> None:
    """Draw the page."""
    st.html(fragments.heading("Compare two people", "How near they are, what they share, what only one has."))
    names = _names(room)
    with st.form("who", border=True):
        left, right = st.columns(2, gap="large")
        with left:
            one = _pick("One", names, _told(room, "a"))
        with right:
            other = _pick("The other", names, _told(room, "b"))
        st.form_submit_button("Compare", type="primary")
    if not one or not other:
        st.html(
            fragments.notice(
                "Who?",
                "Two people are needed.",
                "Pick two by name, type their ids, or press Compare beside one of your soundalikes.",
                kind="note",
            )
        )
        return
    if (st.query_params.get("a"), st.query_params.get("b")) != (one, other):
        st.query_params.update({"a": one, "b": other})
        st.rerun()  # the fields are this address's then, and the browser's way back leads to what was there before
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


def _names(room: Room) -> dict[str, str]:
    """Whom to pick from: who is on the map; nobody where there is none, and ids can be typed all the same."""
    try:
        return names_of(room.taste_map().answer.points, room.mine)
    except Refused:
        return {}


def _pick(label: str, names: Mapping[str, str], told: str) -> str:
    """A field to find somebody by name in, or to type an id; the id, or nothing. ``told``: the one to begin with."""
    options = [*names] if told in names or not told else [told, *names]
    picked = st.selectbox(
        label,
        options,
        index=options.index(told) if told else None,
        format_func=lambda user_id: names.get(user_id, user_id),
        key=f"compare-{label}-{told}",  # the same field when somebody has joined meanwhile, another at another address
        placeholder="A name, or an id",
        accept_new_options=True,
        help="Type to find a name. An id, as in an address or on My data, can be typed in full.",
    )
    return (picked or "").strip()[:200]


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
    st.code(room.link("compare", a=one, b=other), language=None, wrap_lines=True)
