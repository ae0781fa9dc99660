"""How the service is and was, and its jobs, for whoever runs it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from dashboard.api.service import History, Job, Status
from dashboard.views.figures import calm
from dashboard.views.fragments import facts, notice
from dashboard.views.palette import Palette
from dashboard.views.words import age_text, escaped

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

KINDS = {"index": "Re-index", "train": "Retrain", "rollback": "Roll back"}
_STATES = {"running": "running", "done": "done", "failed": "failed", "rejected": "rejected, the live model stays"}


def health(status: Status) -> str:
    """Whether it works, and if not why."""
    if status.status == "ready":
        return notice("Everything works", "The API answers, and every part of it is well.", kind="good")
    why = " ".join(status.reasons) or "It does not say why."
    title = "It answers, with less than it should" if status.status == "degraded" else "It cannot answer questions"
    return notice(title, why, "docs/operations.md says what each reason means.")


def at_a_glance(status: Status) -> str:
    """The figures that matter."""
    return facts(
        [
            ("People in the index", _number(status.index.people)),
            ("People in the feature store", _number(status.features.people)),
            ("Model", f"v{status.model.version}, {age_text(status.model.age_s)} old"),
            ("Index", f"{status.index.version}, {age_text(status.index.age_s)} old"),
            ("Recall at 10", f"{status.index.recall_at_10:.3f}"),
            ("Waiting to be stored", f"{status.outbox.waiting:,}, oldest {status.outbox.oldest_s:.1f} s"),
            ("Waiting to be embedded", f"{status.encoding_waiting:,}"),
            ("Spotify", status.spotify.mode),
        ]
    )


def history_figure(history: History, look: Palette) -> Figure:
    """People, what waits, and ages in hours, one above the other over the same time."""
    from plotly.subplots import make_subplots

    titles = ("People in the index", "Writes that wait", "Age in hours")
    figure = make_subplots(rows=3, cols=1, shared_xaxes=True, vertical_spacing=0.1, subplot_titles=titles)
    hours = {
        "index": [None if age is None else age / 3600 for age in history.index_age_s],
        "model": [None if age is None else age / 3600 for age in history.model_age_s],
    }
    for row, name, values, colour in (
        (1, "people", history.people, look.accent),
        (2, "waiting", history.outbox_waiting, look.accent),
        (3, "index", hours["index"], look.accent),
        (3, "model", hours["model"], look.quiet),
    ):
        figure.add_scatter(
            x=history.at, y=list(values), name=name, mode="lines+markers" if len(history.at) < 24 else "lines",
            line={"color": colour, "width": 2}, row=row, col=1, showlegend=row == 3, hovertemplate="%{x}: %{y:.4g}",
        )  # fmt: skip
    figure.update_yaxes(gridcolor=look.line, zeroline=False, rangemode="tozero")
    if history.at:  # of the first minutes no more is shown than an hour, or the axis counts microseconds
        first, last = history.at[0], history.at[-1]
        figure.update_xaxes(range=[min(first, last - timedelta(hours=1)), last + timedelta(minutes=2)])
    figure.update_annotations(font={"size": 13, "color": look.quiet}, x=0, xanchor="left")
    calm(figure, look, height=520)
    return figure.update_layout(legend={"y": -0.08, "yanchor": "top"})


def job_card(job: Job) -> str:
    """A job: what, when, how it went, and the last that it said."""
    took = "" if job.ended_at is None else f" · took {age_text((job.ended_at - job.started_at).total_seconds())}"
    said = escaped("\n".join(job.said))
    kind, state = escaped(KINDS.get(job.kind, job.kind)), escaped(_STATES.get(job.state, job.state))
    lines = (
        '<details class="sa-more"><summary>What it said</summary>'
        f'<pre class="sa-log" tabindex="0">{said}</pre></details>'
    )
    return (
        f'<article class="sa-card" aria-label="{kind}"><p><b>{kind}</b> '
        f'<span class="sa-tag {"on" if job.state == "running" else ""}">{state}</span></p>'
        f'<p class="sa-quiet">{job.started_at:%d %B %Y, %H:%M} UTC{took}</p>{lines if job.said else ""}</article>'
    )


def _number(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"
