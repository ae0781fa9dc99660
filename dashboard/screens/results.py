"""The answer on the first page: people as cards, side by side with me, what to discover, and the list to take away."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.api.people import Recommendation, Recommendations
from dashboard.room import Room
from dashboard.views import figures, fragments, people
from dashboard.views.joint import joint_csv, joint_uris
from dashboard.views.words import named, plain

BESIDE_ME, MOST_ROWS = 4, 6
LOOKED = (
    "You only looked, so there is nobody to compare them with yet: join the community, above, to see yourself and "
    "somebody side by side, and to share that by a link."
)


def show_answer(room: Room, answer: Recommendations) -> None:
    """Draw it all."""
    if not answer.recommendations:
        st.html(
            fragments.notice(
                "Nobody was found",
                "The community holds nobody else yet.",
                "Join it, and ask again when others have come.",
                kind="note",
            )
        )
        return
    st.html(fragments.section("Your soundalikes", "Nearest first; what you share, rarest first."))
    nearest, beside, discover, take_away = st.tabs(
        ["People", "Side by side", "What they love that you don't have", "Joint list"]
    )
    with nearest:
        _people(room, answer)
    with beside:
        _beside(room, answer)
    with discover:
        _discoveries(answer)
    with take_away:
        _joint(answer)


def _people(room: Room, answer: Recommendations) -> None:
    if not _is_in(answer):
        st.html(f'<p class="sa-quiet">{LOOKED}</p>')
    columns: list[DeltaGenerator] = []
    for place, found in enumerate(answer.recommendations, start=1):
        if not columns:
            columns = list(st.columns(2, gap="medium"))
        with columns.pop(0), st.container(border=True, height="stretch", key=f"card-{place}"):
            st.html(people.person_card(found, place))
            if _is_in(answer):
                _compare(room, {"a": answer.user_id or "", "b": found.user_id}, found, place)


def _is_in(answer: Recommendations) -> bool:
    """Whether who asked is in the community, and so can be compared by their id."""
    return answer.stored and answer.user_id is not None


def _compare(room: Room, both: dict[str, str], found: Recommendation, place: int) -> None:
    name = plain(named(found.display_name, found.user_id))
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        if st.button(f"Compare with {name}", key=f"compare-{place}", icon=":material/compare_arrows:", type="tertiary"):
            room.go("compare", **both)
        with st.popover("Share", icon=":material/link:", type="tertiary", key=f"share-{place}"):
            st.caption(f"Whoever opens this link on this dashboard sees you and {name} compared.")
            st.code(room.link("compare", **both), language=None, wrap_lines=True)


def _beside(room: Room, answer: Recommendations) -> None:
    st.html(fragments.section("By part of taste", "How near each of them is to you: 1 is the same, 0 unrelated."))
    st.html(people.towers_beside_me(answer.recommendations[:MOST_ROWS]))
    _eras(room, answer)


def _eras(room: Room, answer: Recommendations) -> None:
    told = [(named(each.display_name, each.user_id), each.eras) for each in answer.recommendations[:BESIDE_ME]]
    others = [(name, eras) for name, eras in told if eras is not None]
    if not others:
        st.html(
            fragments.notice("No years are known", "Neither source told when your music was released.", kind="note")
        )
        return
    st.html(fragments.section("Eras", "Share of listening by decade of release: you in grey, each of them as a line."))
    st.plotly_chart(
        figures.eras_beside_me(others, room.look),
        theme=None,
        config={"displayModeBar": False},
        key="eras",
        alt="Share of listening by decade, mine beside that of my nearest soundalikes.",
    )


def _discoveries(answer: Recommendations) -> None:
    if not answer.discoveries:
        st.html(
            fragments.notice(
                "Nothing to discover yet",
                "Too few people are near enough to tell.",
                "Ask again when the community has grown.",
                kind="note",
            )
        )
        return
    st.html(people.discovery_list(answer.discoveries))


def _joint(answer: Recommendations) -> None:
    st.html(
        fragments.section(
            "A list for all of you",
            "Artists you share and artists to discover, each with a search at Spotify. It holds no tracks, as their "
            "titles are never kept.",
        )
    )
    st.download_button(
        "Download the joint list (CSV)", joint_csv(answer), "soundalike-joint-list.csv", "text/csv", on_click="ignore",
        key="joint", icon=":material/download:",
    )  # fmt: skip
    with st.expander("As Spotify URIs"):
        st.code(joint_uris(answer), language=None, wrap_lines=True)
