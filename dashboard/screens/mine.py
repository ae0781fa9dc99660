"""My data: see all that is kept, take Spotify away, leave; and the proof that nothing is left."""

from __future__ import annotations

import streamlit as st

from dashboard.api.client import Api
from dashboard.errors import KeyWanted, NotThere
from dashboard.room import Room
from dashboard.screens.keys import ask_for_key
from dashboard.views import fragments, people
from dashboard.views.words import day_text, named

_GONE = "soundalike.proof"


def show(room: Room) -> None:
    """Draw the page."""
    st.html(fragments.heading("My data", "See what is kept of you, take it with you, or leave. Leaving is for good."))
    _proof()
    _spotify(room)
    user_id = _who(room)
    if user_id is None:
        return
    try:
        person = room.api.person(user_id)
    except NotThere:
        st.html(
            fragments.notice(
                "Nothing is kept under this id", "Nobody of this id is in the community.", "Nothing to do.", kind="good"
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
    _leave(room, user_id, named(person.display_name, person.user_id))


def _who(room: Room) -> str | None:
    """Whose data: who joined here or logged in; on this computer, or with an admin's key, anybody's id."""
    known = list(room.mine)
    if room.api.session:
        logged_in = room.api.logged_in().user_id
        known += [logged_in] if logged_in is not None and logged_in not in known else []
    if known:
        picked = st.selectbox("You joined as", known, index=0, key="as") if len(known) > 1 else known[0]
    else:
        picked = None
        st.html(
            fragments.notice(
                "You have not joined here",
                "While this page was open nobody joined, and nobody is logged in with Spotify.",
                "If you joined earlier with a file, upload the same file again: the same file is the same person.",
                kind="note",
            )
        )
    if room.may_administer:
        typed = st.text_input("Or give an id", key="id", max_chars=200, help="As in the address of a comparison.")
        return typed.strip() or picked
    with st.expander("Look after somebody else's data (operator)"):
        ask_for_key(room)
    return picked


def _export(room: Room, user_id: str) -> None:
    st.html(
        fragments.section(
            "Take it with you",
            "All that is kept, as JSON: your profile (it can be sent again), years, vectors, your place in the index.",
        )
    )
    try:
        if st.button("Prepare my export", key="prepare"):
            content, name = room.as_admin.export(user_id), "soundalike-my-data.json"
            st.download_button("Download it (JSON)", content, name, "application/json", key="export", on_click="ignore")
    except KeyWanted:
        st.html(
            fragments.notice(
                "An admin's key is needed",
                "This server gives exports out only with it, as they hold all of somebody's listening.",
                "Ask whoever runs it, or type the key in.",
            )
        )
        ask_for_key(room)


def _leave(room: Room, user_id: str, name: str) -> None:
    st.html(
        fragments.section(
            "Leave",
            "You are out of every answer at once, and out of every file soon after: outbox, feature store, "
            "catalogue, every version of the index, kept answers, tokens. It cannot be undone; backups are the "
            "operator's to expire.",
        )
    )
    sure = st.checkbox("I want to be deleted for good", key="sure")
    if st.button("Delete me", type="primary", disabled=not sure, key="delete"):
        with st.status("Deleting", expanded=True) as progress:
            room.api.forget(user_id)
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


def _spotify(room: Room) -> None:
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
