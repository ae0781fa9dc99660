"""The composition root of the page: settings and the wire to the API, made once; a room for each run."""

from __future__ import annotations

import httpx
import streamlit as st

from dashboard import shell
from dashboard.api.client import Api
from dashboard.api.transport import COOKIE, Wire
from dashboard.errors import DashboardError
from dashboard.room import Room
from dashboard.settings import DashboardSettings, load
from dashboard.views import fragments


def open_wire(settings: DashboardSettings, transport: httpx.BaseTransport | None = None) -> Wire:
    """The way to the API; ``transport`` takes the network's place."""
    return Wire(settings.api_url, timeout_s=settings.dashboard_timeout_s, transport=transport)


def run() -> None:
    """One run of the page, as Streamlit calls it."""
    try:
        settings, wire = _opened()
    except DashboardError as error:
        st.html(fragments.trouble(error))
        return
    shell.show(room_of(settings, wire))


def room_of(settings: DashboardSettings, wire: Wire) -> Room:
    """The room of whoever looks at the page."""
    session = st.context.cookies.get(COOKIE, "")
    return Room(Api(wire, settings.api_key, session), settings)


@st.cache_resource(show_spinner=False)
def _opened() -> tuple[DashboardSettings, Wire]:
    settings = load()
    return settings, open_wire(settings)
