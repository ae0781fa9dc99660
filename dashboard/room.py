"""What a page works with: the API for this visitor, what the visitor did so far, and the way to other pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import streamlit as st
from pydantic import SecretStr

from dashboard.api.client import Api
from dashboard.api.people import Recommendations
from dashboard.api.taste_map import TasteMap
from dashboard.api.transport import Tagged
from dashboard.links import link_to
from dashboard.settings import DashboardSettings
from dashboard.views.palette import Palette, palette_of
from dashboard.visitor import is_at_this_computer

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage

_ANSWER, _MINE, _KEY = "soundalike.answer", "soundalike.mine", "soundalike.admin_key"
_MAP, _CODES = "soundalike.map", "soundalike.leave_codes"


@dataclass
class Room:
    """One visitor's run of a page.

    Attributes:
        pages: by name, filled by the shell.
    """

    api: Api
    settings: DashboardSettings
    pages: Mapping[str, StreamlitPage] = field(default_factory=dict)

    @property
    def answer(self) -> Recommendations | None:
        """The last answer that this visitor got."""
        kept: Recommendations | None = st.session_state.get(_ANSWER)
        return kept

    def keep(self, answer: Recommendations, *, is_theirs: bool) -> None:
        """Remember an answer for as long as the page is open; and who they are, if they joined as nobody else.

        ``is_theirs``: whether the listening can only be their own. A link or a name can be anybody's, and whose id is
        remembered here may be deleted here.
        """
        st.session_state[_ANSWER] = answer
        is_new = answer.user_id is not None and answer.user_id not in self.mine
        if answer.stored and is_new and (is_theirs or self.is_here):
            st.session_state[_MINE] = [*self.mine, answer.user_id]
        if answer.user_id is not None and answer.leave_code is not None:
            st.session_state[_CODES] = {**self._codes, answer.user_id: answer.leave_code}

    @property
    def mine(self) -> list[str]:
        """Ids under which this visitor joined while the page was open."""
        joined: list[str] = st.session_state.get(_MINE, [])
        return joined

    def use_leave_code(self, code: str) -> None:
        """Take the visitor for whom a leave code was given to. Raises NotThere where it is nobody's."""
        user_id, _ = self.api.export_mine(code)
        st.session_state[_MINE] = [*[each for each in self.mine if each != user_id], user_id]
        st.session_state[_CODES] = {**self._codes, user_id: code}

    def export(self, user_id: str) -> bytes:
        """All that is kept of somebody: by their leave code, or as an admin. Raises KeyWanted, NotThere."""
        code = self._codes.get(user_id)
        return self.as_admin.export(user_id) if code is None else self.api.export_mine(code)[1]

    @property
    def _codes(self) -> dict[str, str]:
        codes: dict[str, str] = st.session_state.get(_CODES, {})
        return codes

    def gone(self, user_id: str) -> None:
        """Keep nothing of somebody who left."""
        st.session_state[_MINE] = [each for each in self.mine if each != user_id]
        st.session_state[_CODES] = {own: code for own, code in self._codes.items() if own != user_id}
        if self.answer is not None and self.answer.user_id == user_id:
            del st.session_state[_ANSWER]

    def taste_map(self) -> Tagged[TasteMap]:
        """Everybody as a point, with this visitor and those who were found for them.

        It is kept for as long as the page is open, and the API asked each time whether it is still so: who left is on
        no page that is drawn after that.
        """
        kindred = [] if self.answer is None else [each.user_id for each in self.answer.recommendations]
        found = self.api.taste_map([*self.mine, *kindred], st.session_state.get(_MAP))
        st.session_state[_MAP] = found
        return found

    @property
    def admin_key(self) -> SecretStr | None:
        """The admin's key that was typed in here."""
        typed: SecretStr | None = st.session_state.get(_KEY)
        return typed

    def use_admin_key(self, key: SecretStr) -> None:
        """Remember an admin's key for as long as the page is open. Raises KeyWanted where it is none."""
        self.api.with_key(key).jobs()
        st.session_state[_KEY] = key

    @property
    def as_admin(self) -> Api:
        """The API with the admin's key, where one was typed in."""
        return self.api if self.admin_key is None else self.api.with_key(self.admin_key)

    @property
    def is_here(self) -> bool:
        """Whether the visitor sits at this computer, and so is whoever runs it."""
        return self.settings.is_private and is_at_this_computer(st.context.headers)

    @property
    def may_administer(self) -> bool:
        """Whether to try what needs an admin: at this computer, or with a key that the API took for an admin's."""
        return self.is_here or self.admin_key is not None

    @property
    def is_guarded(self) -> bool:
        """Whether an admin's key means anything: not to an API that asks others for none."""
        return self.is_here or self.api.asks_for_keys()

    @property
    def look(self) -> Palette:
        """Colours of figures, after the visitor's theme."""
        return palette_of(st.context.theme.type)

    def link(self, page: str, **query: str) -> str:
        """The address of a page as the visitor's browser has it, to be given to others."""
        own = f"http://{self.settings.dashboard_host}:{self.settings.dashboard_port}"
        return link_to(page, query, st.context.url or own, self.pages)

    def go(self, page: str, **query: Any) -> None:  # noqa: ANN401 - as Streamlit takes them
        """Open another page."""
        st.switch_page(self.pages[page], query_params=query)
