"""``python -m dashboard``: serve the page, with an API of its own where none answers."""

from __future__ import annotations

import signal
from collections.abc import Callable
from importlib.util import find_spec
from types import FrameType
from typing import Annotated, NoReturn

import typer

from dashboard.errors import NotStarted
from dashboard.settings import DashboardSettings, load

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def serve(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of the page; 8501 if not given.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; 127.0.0.1 if not given.")] = None,
    api: Annotated[str | None, typer.Option(help="Where the API is; http://127.0.0.1:8000 if not given.")] = None,
    *,
    gradio: Annotated[bool, typer.Option("--gradio", help="The former page in Gradio: a link in, people out.")] = False,
) -> None:
    """Serve the dashboard until Ctrl-C, and the API as well where none answers at its address."""
    from dashboard.launch import an_api

    run = _mode("gradio", "gradio") if gradio else _mode("dashboard", "streamlit", "plotly")
    given = {"dashboard_port": port, "dashboard_host": host, "api_url": api}
    settings = load().model_copy(update={name: value for name, value in given.items() if value is not None})
    signal.signal(signal.SIGTERM, _as_ctrl_c)
    with an_api(settings):
        raise typer.Exit(run(settings))


def _mode(extra: str, *packages: str) -> Callable[[DashboardSettings], int]:
    """What serves the page, where its packages are installed. Raises NotStarted."""
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise NotStarted(f"Not installed: {', '.join(missing)}.", f"pip install 'soundalike[{extra}]'")
    if extra == "gradio":
        from dashboard import gradio_mode

        return gradio_mode.serve
    from dashboard import launch

    return launch.serve


def _as_ctrl_c(_number: int, _frame: FrameType | None) -> NoReturn:
    """Told to stop, it ends what it started."""
    raise KeyboardInterrupt
