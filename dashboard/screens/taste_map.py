"""Taste map: everybody as a point, near where taste is near. Two people, or me and another, are picked to compare."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.api.taste_map import TasteMap
from dashboard.api.transport import Tagged
from dashboard.room import Room
from dashboard.views import figures, fragments
from dashboard.views.choices import names_of
from dashboard.views.words import count_text, plain

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_FIRST, _PICKED = "soundalike.first_pick", "soundalike.picked"
_AGAIN, _DRAWN = "soundalike.map_again", "soundalike.map_drawn"
_BY_NAME = "map-by-name"


def show(room: Room) -> None:
    """Draw the page."""
    st.html(
        fragments.heading(
            "Taste map", "Everybody in the community. Who stands close together listens to much the same."
        )
    )
    seen = room.taste_map()
    people = seen.answer.points.user_id
    if not people:
        st.html(
            fragments.notice(
                "Nobody is here yet",
                "The community is empty.",
                "Bring people in: make demo invents a community, make import PROFILES=FILE reads yours.",
                kind="note",
            )
        )
        return
    names = names_of(seen.answer.points, room.mine)
    _go_on(room, _first(room, names))
    first = _first(room, names)
    if first is not None and not room.mine:
        _say(names[first])
    _by_name(names, "Pick" if first is None else "Compare")
    chart = f"map-{st.session_state.get(_AGAIN, 0)}"
    st.plotly_chart(
        _figure(room, seen, first),
        theme=None,
        key=chart,
        on_select=partial(_clicked, chart),
        selection_mode="points",
        config={"displaylogo": False, "scrollZoom": True, "modeBarButtonsToRemove": ["select2d", "lasso2d"]},
        alt=f"A map of {count_text(len(people), 'person', 'people')}, coloured by main genre.",
    )
    st.caption(_how_to_read(seen.answer).replace("%", "\\%"))


def picked_id(picked: Any) -> str | None:  # noqa: ANN401 - Streamlit's own state of a chart
    """Who was clicked; None where nobody was."""
    points = picked["selection"]["points"] if picked else []
    if not points or not points[0].get("customdata"):
        return None
    return str(points[0]["customdata"][0])


def _first(room: Room, names: dict[str, str]) -> str | None:
    """Who is to be compared: the visitor, else whoever was picked first, unless they left."""
    if room.mine:
        return room.mine[-1]
    first: str | None = st.session_state.get(_FIRST)
    return first if first in names else None


def _say(first: str) -> None:
    """Who was picked first, and the way back."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(first)}** is picked. Pick somebody else to compare them.")
        if st.button("Start over", type="tertiary", icon=":material/undo:"):
            del st.session_state[_FIRST]
            st.session_state[_AGAIN] = st.session_state.get(_AGAIN, 0) + 1  # another chart, in which nobody is clicked
            st.rerun()


def _by_name(names: dict[str, str], label: str) -> None:
    """A field to find somebody by name, for those who do not click."""
    with st.form("by-name", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Find somebody by name",
            [*names],
            index=None,
            key=_BY_NAME,
            format_func=names.__getitem__,
            placeholder="Type a name",
        )
        st.form_submit_button(label, on_click=_named)


# Who is picked is kept before the page is drawn again: people join meanwhile, and Streamlit takes a map with somebody
# more on it for another chart, in which nobody was clicked.
def _clicked(chart: str) -> None:
    st.session_state[_PICKED] = picked_id(st.session_state.get(chart))


def _named() -> None:
    st.session_state[_PICKED] = st.session_state.get(_BY_NAME)


def _go_on(room: Room, first: str | None) -> None:
    """Where somebody was picked: the first of two is remembered, the second compared with the first."""
    picked: str | None = st.session_state.pop(_PICKED, None)
    if picked is None or picked in {first, *room.mine}:
        return
    if first is None:
        st.session_state[_FIRST] = picked
        return
    st.session_state.pop(_FIRST, None)
    room.go("compare", a=first, b=picked)


def _figure(room: Room, seen: Tagged[TasteMap], first: str | None) -> Figure:
    """The map as it was drawn last, where nothing of it has changed."""
    kindred = [] if room.answer is None else [each.user_id for each in room.answer.recommendations]
    is_of = (seen.tag, tuple(room.mine), tuple(kindred), first, room.look)
    drawn = st.session_state.get(_DRAWN)
    if drawn is not None and seen.tag and drawn[0] == is_of:
        kept: Figure = drawn[1]
        return kept
    marked = {"my soundalikes": kindred, "me": room.mine, "picked": [] if room.mine or first is None else [first]}
    figure = figures.map_figure(seen.answer, marked, room.look)
    st.session_state[_DRAWN] = (is_of, figure)
    return figure


def _how_to_read(seen: TasteMap) -> str:
    drawn, share = len(seen.points.user_id), sum(seen.explained)
    some = f" {drawn:,} of {seen.people:,} people are drawn." if drawn < seen.people else ""
    return (
        f"Two axes hold {share:.0%} of what tells people apart (principal components of the taste vectors), so "
        f"neighbours here need not be nearest in full.{some} Drag to move, scroll to zoom, click somebody to compare. "
        "Who joined in this page is a star; the soundalikes are rings."
    )
