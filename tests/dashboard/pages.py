"""Pages as streamlit.testing runs them, over the stub."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from dashboard.settings import DashboardSettings
from tests.dashboard.stub import Stub

URL = "http://api.test"


def _script(transport: object, settings: object, first: str, session: str) -> None:
    from dataclasses import replace

    from dashboard import shell
    from dashboard.compose import open_wire, room_of

    room = room_of(settings, open_wire(settings, transport))
    room.api = replace(room.api, session=session)
    shell.show(room, first)


def a_page(name: str, stub: Stub, session: str = "", **settings: object) -> AppTest:
    told = DashboardSettings(_env_file=None, **{"api_url": URL, **settings})
    return AppTest.from_function(
        _script,
        default_timeout=30,
        kwargs={"transport": stub.transport, "settings": told, "first": name, "session": session},
    )


def html_of(test: AppTest) -> str:
    """All HTML fragments of a page, one after the other; neither the style nor what may run scripts is one."""
    shown = [element.proto for element in test.get("html") if not element.proto.unsafe_allow_javascript]
    return "\n".join(each.body for each in shown if not each.body.startswith("<style"))
