"""My data: see all that is kept, take Spotify away, leave; and the proof that nothing is left."""

from __future__ import annotations

import streamlit as st

from dashboard.api.client import Api
from dashboard.errors import KeyWanted, NotThere
from dashboard.room import Room
from dashboard.screens.disconnect import show_disconnect
from dashboard.screens.keys import ask_for_key
from dashboard.screens.leave_code import ask_for_code
from dashboard.views import fragments, people
from dashboard.views.words import day_text, named

_GONE = "soundalike.proof"
NOT_HERE = "While this page was open nobody joined with a file, and nobody is logged in with Spotify."
AGAIN = (
    "Give the leave code that you were shown when you joined. Without one: if you joined with a file, join again with "
    "the same file, which makes the same person; if you joined with a link, log in with Spotify. Else ask whoever runs "
    "this server."
)
KEY_FIRST = (
    "Without your leave code this server gives exports out only with it, as they hold all of somebody's listening.",
    "Give the code above, or ask whoever runs it; an operator types the key in above, or on the page Operations.",
)


def show(room: Room) -> None:
    """Draw the page."""
    st.html(fragments.heading("My data", "See what is kept of you, take it with you, or leave. Leaving is for good."))
    _proof()
    show_disconnect(room)
    own = _own(room)
    user_id = _who(room, own)
    if user_id is None:
        return
    try:
        person = room.api.person(user_id)
    except NotThere:
        st.html(
            fragments.notice(
                "Nobody is kept under this id", "Nobody of this id is in the community.", "Nothing to do.", kind="good"
            )
        )
        return
    shown = person.model_copy(update={"display_name": person.display_name or ("You" if user_id in room.mine else None)})
    st.html(people.brief_card(shown))
    st.html(
        fragments.facts(
            [("Id", person.user_id), ("Read from", person.source), ("Last read", day_text(person.updated_at))]
        )
    )
    _export(room, user_id)
    _leave(room, user_id, named(person.display_name, person.user_id), is_own=user_id in own)
    if own:
        with st.expander("I am somebody else, and have a leave code"):
            ask_for_code(room)


def _own(room: Room) -> list[str]:
    """Ids that are the visitor's: who joined here with a file of their own, or logged in."""
    own = list(room.mine)
    if room.api.session:
        logged_in = room.api.logged_in().user_id
        own += [logged_in] if logged_in is not None and logged_in not in own else []
    return own


def _who(room: Room, own: list[str]) -> str | None:
    """Whose data: the visitor's; at this computer, or with an admin's key, anybody's id."""
    picked = (st.selectbox("You joined as", own, index=0, key="as") if len(own) > 1 else own[0]) if own else None
    if picked is None:
        st.html(fragments.notice("You have not joined here", NOT_HERE, AGAIN, kind="note"))
        ask_for_code(room)
    if room.may_administer:
        typed = st.text_input("Somebody's id", key="id", max_chars=200, help="As in the address of a comparison.")
        return typed.strip() or picked
    if room.is_guarded:
        with st.expander("Look after somebody else's data, or take an export (operator)"):
            ask_for_key(room)
    return picked


def _export(room: Room, user_id: str) -> None:
    st.html(
        fragments.section(
            "Take it with you",
            "All that is kept, as JSON: your profile (it can be sent again), years, vectors, your place in the index.",
        )
    )
    if not st.button("Prepare my export", key="prepare"):
        return
    try:
        content = room.export(user_id)
    except KeyWanted:
        st.html(fragments.notice("An admin's key is needed", *KEY_FIRST))
        return
    name = "soundalike-my-data.json"
    st.download_button("Download it (JSON)", content, name, "application/json", key="export", on_click="ignore")


def _leave(room: Room, user_id: str, name: str, *, is_own: bool) -> None:
    st.html(
        fragments.section(
            "Leave",
            "You are out of every answer at once, and out of every file soon after: outbox, feature store, "
            "catalogue, every version of the index, kept answers, tokens. It cannot be undone; backups are the "
            "operator's to expire.",
        )
    )
    sure = st.checkbox("I want to be deleted for good", key=f"sure-{user_id}")
    if st.button("Delete me", type="primary", disabled=not sure, key="delete"):
        api = room.api if is_own else room.as_admin  # the page's own key deletes nobody but who proved who they are
        with st.status("Deleting", expanded=True) as progress:
            api.forget(user_id)
            st.write("The API has confirmed the deletion.")
            proof = _asked_again(room.api, user_id)
            room.gone(user_id)
            st.write("Asked for you again.")
            progress.update(label="Done", state="complete")
        st.session_state[_GONE] = (name, *proof)
        st.rerun()


def _asked_again(api: Api, user_id: str) -> tuple[int, str]:
    try:
        api.person(user_id)
    except NotThere as gone:
        return gone.status, gone.what
    return 200, ""


def _proof() -> None:
    gone: tuple[str, int, str] | None = st.session_state.pop(_GONE, None)
    if gone is None:
        return
    name, status, said = gone
    if status == 404:
        words = f"The API was asked for {name} again, and answered {status}: {said}"
        st.html(fragments.notice("You are gone", words, kind="good"))
    else:
        st.html(
            fragments.notice(
                "You are still here", f"The API still knows {name}.", "Tell whoever runs it: this must not be."
            )
        )
