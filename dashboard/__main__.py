"""``python -m dashboard``."""

from __future__ import annotations

import sys

import typer

from dashboard.cli import app
from dashboard.errors import DashboardError

if __name__ == "__main__":
    try:
        app(prog_name="python -m dashboard")
    except DashboardError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(2)
