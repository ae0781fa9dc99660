"""Taste map: everybody as a point, near where taste is near; a click on somebody compares them with me."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.api.people import TasteMap
from dashboard.room import Room
from dashboard.views import figures, fragments
from dashboard.views.words import count_text


def show(room: Room) -> None:
    """Draw the page."""
    st.html(
        fragments.heading(
            "Taste map", "Everybody in the community. Who stands close together listens to much the same."
        )
    )
    me = room.mine
    kindred = [] if room.answer is None else [each.user_id for each in room.answer.recommendations]
    seen = room.api.taste_map([*me, *kindred])
    if not seen.points.user_id:
        st.html(
            fragments.notice(
                "Nobody is here yet",
                "The community is empty.",
                "Bring people in: make demo invents a community, make import PROFILES=FILE reads yours.",
                kind="note",
            )
        )
        return
    picked = st.plotly_chart(
        figures.map_figure(seen, me, kindred, room.look),
        theme=None,
        key="map",
        on_select="rerun",
        selection_mode="points",
        config={"displaylogo": False, "scrollZoom": True, "modeBarButtonsToRemove": ["select2d", "lasso2d"]},
        alt=f"A map of {count_text(len(seen.points.user_id), 'person', 'people')}, coloured by main genre.",
    )
    st.caption(_how_to_read(seen).replace("%", "\\%"))
    clicked = picked_id(picked)
    if clicked is not None and clicked not in me:
        room.go("compare", **({"a": me[-1], "b": clicked} if me else {"a": clicked}))


def picked_id(picked: Any) -> str | None:  # noqa: ANN401 - Streamlit's own state of a chart
    """Who was clicked; None where nobody was."""
    points = picked["selection"]["points"] if picked else []
    if not points or not points[0].get("customdata"):
        return None
    return str(points[0]["customdata"][0])


def _how_to_read(seen: TasteMap) -> str:
    drawn, share = len(seen.points.user_id), sum(seen.explained)
    some = f" {drawn:,} of {seen.people:,} people are drawn." if drawn < seen.people else ""
    return (
        f"Two axes hold {share:.0%} of what tells people apart (principal components of the taste vectors), so "
        f"neighbours here need not be nearest in full.{some} Drag to move, scroll to zoom, click somebody to compare. "
        "Who joined in this page is a star; the soundalikes are rings."
    )
