"""``python -m dashboard``: serve the page, with an API of its own where none answers."""

from __future__ import annotations

import signal
from importlib.util import find_spec
from types import FrameType
from typing import Annotated, NoReturn

import typer

from dashboard.errors import NotStarted

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def serve(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of the page; 8501 if not given.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; 127.0.0.1 if not given.")] = None,
    api: Annotated[str | None, typer.Option(help="Where the API is; http://127.0.0.1:8000 if not given.")] = None,
) -> None:
    """Serve the dashboard until Ctrl-C, and the API as well where none answers at its address."""
    from dashboard.launch import an_api
    from dashboard.launch import serve as run
    from dashboard.settings import load

    if find_spec("streamlit") is None or find_spec("plotly") is None:
        raise NotStarted("Streamlit or plotly is not installed.", "pip install 'soundalike[dashboard]'")
    given = {"dashboard_port": port, "dashboard_host": host, "api_url": api}
    settings = load().model_copy(update={name: value for name, value in given.items() if value is not None})
    signal.signal(signal.SIGTERM, _as_ctrl_c)
    with an_api(settings):
        raise typer.Exit(run(settings))


def _as_ctrl_c(_number: int, _frame: FrameType | None) -> NoReturn:
    """Told to stop, it ends what it started."""
    raise KeyboardInterrupt
