"""The former page, in Gradio: a link in, a list of people out, on the same API client and the same cards.

It is an optional mode (extra ``gradio``); what it cannot do, such as the map or deleting oneself, is on the page of
Streamlit. Its endpoint is ``/recommend_users``, which ``gradio_client`` can call.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from dashboard.api.asked import Asked
from dashboard.api.client import Api
from dashboard.api.people import Recommendations
from dashboard.compose import open_wire
from dashboard.errors import DashboardError, NotStarted
from dashboard.settings import DashboardSettings
from dashboard.views import fragments, people
from dashboard.views.palette import DARK, LIGHT

if TYPE_CHECKING:
    import gradio as gr

TITLE = "Spotify Profile Recommender"
SAYS = "Enter the link to your Spotify profile to find the people whose playlists are most like yours."
LISTENBRAINZ = "listenbrainz:"
AT_ONCE = 8
_WIPED_S = 300  # so old a file that was uploaded is deleted, which is looked after as often


def found_for(api: Api, link: str, asked: Asked, file: Path | None = None) -> str:
    """The people nearest to a profile, as HTML.

    Args:
        api: who is asked.
        link: to a profile at Spotify, or ``listenbrainz:NAME``.
        asked: how.
        file: an export or a playlist, in place of the link; Gradio deletes it soon after.

    Returns:
        Cards, or, where something is wrong, a sentence with a next step.
    """
    try:
        return _page(_cards(_asked(api, link.strip(), asked, file)))
    except DashboardError as error:
        return _page(fragments.trouble(error))


def _asked(api: Api, link: str, asked: Asked, file: Path | None) -> Recommendations:
    if file is not None:
        try:
            content = file.read_bytes()
        except OSError as error:
            raise DashboardError("The file is not here any more.", "Choose it again.") from error
        return api.upload(file.name, content, asked)
    if link.startswith(LISTENBRAINZ):
        return api.ask("listenbrainz", link.removeprefix(LISTENBRAINZ), asked)
    if not link:
        raise DashboardError("There is no link and no file.", "Paste the link to your profile, or choose your export.")
    return api.ask("spotify_url", link, asked)


def _cards(answer: Recommendations) -> str:
    if not answer.recommendations:
        return fragments.notice("Nobody was found", "The community holds nobody else yet.", "Join it.", kind="note")
    cards = "".join(
        f'<li class="sa-card">{people.person_card(found, place)}</li>'
        for place, found in enumerate(answer.recommendations, start=1)
    )
    discover = ""
    if answer.discoveries:
        discover = fragments.section("What they love that you don't have") + people.discovery_list(answer.discoveries)
    kept = f"You are in the community now, as {answer.user_id}." if answer.stored else "You only looked."
    if answer.leave_code is not None:
        kept += f" Keep your leave code, which is shown this once: {answer.leave_code}. With it you can have your data "
        kept += "and delete it later, on the page My data of the dashboard."
    return fragments.section("Recommended profiles", kept) + f'<ol class="sa-people">{cards}</ol>{discover}'


def _page(body: str) -> str:
    # Gradio takes braces and dollars in a value for a template of its own.
    plain = body.replace("{", "&#123;").replace("}", "&#125;").replace("$", "&#36;")
    return f'<div class="sa-page">{plain}</div>'


def recommender(api: Api) -> Callable[..., str]:
    """The function behind the page and behind its endpoint; its names and this text are what callers see there."""

    def recommend_users(
        spotify_url: str, top_artist_count: int, playlists_count: int, join: bool = False, file: str | None = None
    ) -> str:
        """People whose taste is nearest to a profile's, as HTML.

        Args:
            spotify_url: link to a Spotify profile, or listenbrainz:NAME.
            top_artist_count: the heaviest so many artists are used, 1 to 10.
            playlists_count: the first so many playlists are used, 1 to 20.
            join: whether others may find this profile from now on.
            file: a data export of Spotify (ZIP) or a playlist of Exportify (CSV), in place of the link.

        Returns:
            The list of recommended profiles.
        """
        asked = Asked(int(top_artist_count), int(playlists_count), remember=join)
        return found_for(api, spotify_url, asked, None if file is None else Path(file))

    return recommend_users


def interface(api: Api) -> gr.Interface:
    """The page, with the former one's inputs, limits and defaults, and the consent that it did not ask for."""
    import gradio as gr

    return gr.Interface(
        fn=recommender(api),
        inputs=[
            gr.Textbox(label="Spotify Profile URL", placeholder="https://open.spotify.com/user/…", max_length=2048),
            gr.Slider(minimum=1, maximum=10, step=1, value=5, label="Top Artist Count"),
            gr.Slider(minimum=1, maximum=20, step=1, value=5, label="Playlists Count"),
        ],
        outputs=gr.HTML(label="Recommended Spotify Profiles"),
        additional_inputs=[
            gr.Checkbox(label="Join: others find me and see what I listen to most, until I leave", value=False),
            gr.File(label="Or a file: Spotify's data export (ZIP), a playlist of Exportify (CSV)", type="filepath"),
        ],
        additional_inputs_accordion=gr.Accordion("No link, or to be found by others", open=False),
        api_name="recommend_users",
        title=TITLE,
        description=SAYS,
        flagging_mode="never",
        analytics_enabled=False,
        concurrency_limit=AT_ONCE,
        delete_cache=(_WIPED_S, _WIPED_S),
    )


def serve(settings: DashboardSettings) -> int:
    """Serve the page until Ctrl-C; gives the exit status. Raises NotStarted."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read where Gradio is imported: this page tells nobody outside
    page = interface(Api(open_wire(settings), settings.api_key))
    try:
        page.launch(
            server_name=settings.dashboard_host,
            server_port=settings.dashboard_port,
            max_file_size=settings.max_body_mb * 2**20,
            css=(files("dashboard.views") / "style.css").read_text(encoding="utf-8"),
            theme=_theme(),
            footer_links=["api"],
            share=False,
            ssr_mode=False,
            quiet=True,
            prevent_thread_lock=True,
        )
    except OSError as error:
        raise NotStarted(
            f"The page cannot be served at {settings.dashboard_host}:{settings.dashboard_port}: {error}",
            "Choose another port with --port.",
        ) from error
    typer.echo(f"{TITLE}: {page.local_url} (Ctrl-C stops)")
    page.block_thread()
    return 0


def _theme() -> gr.Theme:
    """The look of the other page; no font is fetched from anywhere."""
    import gradio as gr

    return gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["monospace"]).set(
        body_background_fill=LIGHT.paper,
        body_background_fill_dark=DARK.paper,
        body_text_color=LIGHT.ink,
        body_text_color_dark=DARK.ink,
        body_text_color_subdued=LIGHT.quiet,
        body_text_color_subdued_dark=DARK.quiet,
        button_primary_background_fill=LIGHT.accent,
        button_primary_background_fill_dark=DARK.accent,
        button_primary_background_fill_hover=LIGHT.accent,
        button_primary_background_fill_hover_dark=DARK.accent,
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark=DARK.paper,
        slider_color=LIGHT.accent,
        slider_color_dark=DARK.accent,
    )
