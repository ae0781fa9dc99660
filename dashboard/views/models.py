"""The registered models: how good they are, over time and beside their rivals, and why one was rejected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dashboard.api.service import Model, Models
from dashboard.views.figures import calm
from dashboard.views.palette import Palette
from dashboard.views.words import count_text, day_text, escaped

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

LIKELY = ("halves_mrr", "halves_hit_at_10", "friends_hit_at_10", "artists_recall_at_20")
HUBNESS = {
    "largest_k_occurrence": "largest k-occurrence",
    "median_k_occurrence": "median k-occurrence",
    "coverage": "coverage",
}
MOST_METRICS = 6
ITSELF = "model"
"""What a report calls the model that it is about."""


def metrics_of(models: Sequence[Model]) -> list[str]:
    """All metrics that any model has, the telling ones first."""
    known = {name for each in models for name in each.metrics}
    return [name for name in LIKELY if name in known] + sorted(known.difference(LIKELY))


def metric_title(name: str) -> str:
    """A metric's name for people: ``halves_hit_at_10`` is ``halves, hit at 10``."""
    first, _, rest = name.partition("_")
    return f"{first}, {rest.replace('_', ' ')}" if rest else first


def rivals(models: Sequence[Model], metric: str) -> dict[str, list[float | None]]:
    """Values of a metric by method, one for each model; of every method that any report compares."""
    methods = dict.fromkeys(method for each in models for method in each.compared if method != ITSELF)
    return {method: [each.compared.get(method, {}).get(metric) for each in models] for method in methods}


def versions_figure(models: Models, metric: str, look: Palette) -> Figure:
    """A metric over the versions, oldest first, with what their reports compare beside it."""
    from plotly.graph_objects import Figure

    oldest_first = sorted(models.models, key=lambda each: each.version)
    labels, figure = [f"v{each.version}" for each in oldest_first], Figure()
    own = [each.metrics.get(metric) for each in oldest_first]
    dashes = ("dot", "dash", "dashdot", "longdash")
    for at, (method, values) in enumerate(rivals(oldest_first, metric).items()):
        if any(value is not None for value in values) and values != own:
            figure.add_scatter(
                x=labels, y=values, name=escaped(method), mode="lines+markers", connectgaps=True,
                line={"dash": dashes[at % len(dashes)], "width": 1.4, "color": look.many[at % len(look.many)]},
                marker={"size": 5}, hovertemplate="%{x}: %{y:.3f}",
            )  # fmt: skip
    figure.add_scatter(
        x=labels, y=own, name="this model", mode="lines+markers", connectgaps=True,
        line={"color": look.accent, "width": 3},
        marker={
            "size": 11, "color": [look.accent if each.accepted else look.paper for each in oldest_first],
            "line": {"color": look.accent, "width": 2},
        },
        hovertemplate="%{x}: %{y:.3f}",
    )  # fmt: skip
    figure.update_yaxes(gridcolor=look.line, zeroline=False, rangemode="tozero")
    figure.update_xaxes(type="category")
    return calm(figure, look, height=380)


def rivals_figure(model: Model, metric: str, look: Palette) -> Figure:
    """A metric of one model beside its rivals, best on top."""
    from plotly.graph_objects import Figure

    values = {name: row[metric] for name, row in model.compared.items() if row.get(metric) is not None}
    values.setdefault(ITSELF, model.metrics.get(metric))
    ranked = sorted(values.items(), key=lambda pair: pair[1] or 0)
    figure = Figure()
    figure.add_bar(
        x=[value for _, value in ranked],
        y=[escaped(name) for name, _ in ranked],
        orientation="h",
        marker_color=[look.accent if name == ITSELF else look.quiet for name, _ in ranked],
        width=0.5,
        hovertemplate="%{y}: %{x:.3f}<extra></extra>",
    )
    figure.update_yaxes(showgrid=False, ticklabelstandoff=8)
    return calm(figure, look, height=100 + 34 * len(ranked)).update_layout(margin={"l": 210, "t": 12, "b": 36})


def curve_figure(model: Model, look: Palette) -> Figure | None:
    """Loss by epoch, of training and of whatever else was noted; None where nothing was."""
    from plotly.graph_objects import Figure

    lines = [
        name
        for name in dict.fromkeys(name for row in model.curve for name in row if name != "epoch")
        if all(isinstance(row.get(name), int | float | None) for row in model.curve)
    ]
    if not lines:
        return None
    figure = Figure()
    epochs = [row.get("epoch", at) for at, row in enumerate(model.curve, start=1)]
    for at, name in enumerate(sorted(lines, key=lambda line: "loss" not in line)[:4]):
        colour = look.accent if at == 0 else look.many[at]
        figure.add_scatter(
            x=epochs, y=[row.get(name) for row in model.curve], name=escaped(name.replace("_", " ")), mode="lines",
            line={"color": colour, "width": 2.5}, hovertemplate="epoch %{x}: %{y:.3f}",
        )  # fmt: skip
    figure.update_xaxes(title="epoch")
    figure.update_yaxes(gridcolor=look.line, zeroline=False)
    return calm(figure, look, height=300)


def model_table(models: Models) -> str:
    """All models, newest first: which is live, which were rejected and why."""
    names = metrics_of(models.models)[:3]
    head = "".join(f'<th scope="col" class="num">{escaped(metric_title(name))}</th>' for name in names)
    rows = "".join(_row(each, names, is_live=each.version == models.live) for each in models.models)
    return (
        '<div class="sa-table-wrap" tabindex="0" role="region" aria-label="Models"><table class="sa-table"><thead><tr>'
        f'<th scope="col">Version</th><th scope="col">Trained</th>{head}<th scope="col">Verdict</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def compared_table(model: Model) -> str:
    """A model beside its rivals, as its report has them."""
    known = {name for row in model.compared.values() for name in row}.difference(HUBNESS)
    names = [*[name for name in LIKELY if name in known], *sorted(known.difference(LIKELY))][:MOST_METRICS]
    return _methods(model, {name: metric_title(name) for name in names}, "Model and rivals")


def hubness_table(model: Model) -> str | None:
    """In how many lists of ten somebody stands, at most and usually, and who stands in any; None where not counted."""
    if not any(name in row for row in model.compared.values() for name in HUBNESS):
        return None
    return _methods(model, HUBNESS, "Hubness")


def _methods(model: Model, titles: Mapping[str, str], label: str) -> str:
    """A row for each method that the report compares, a column for each of ``titles``: name to what people read."""
    head = "".join(f'<th scope="col" class="num">{escaped(title)}</th>' for title in titles.values())
    rows = "".join(
        f'<tr><th scope="row">{escaped(method)}</th>'
        + "".join(f'<td class="num">{_number(row.get(name))}</td>' for name in titles)
        + "</tr>"
        for method, row in model.compared.items()
    )
    return (
        f'<div class="sa-table-wrap" tabindex="0" role="region" aria-label="{escaped(label)}"><table class="sa-table">'
        f'<thead><tr><th scope="col">Method</th>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _row(model: Model, names: Sequence[str], *, is_live: bool) -> str:
    tags = '<span class="sa-tag on">live</span>' if is_live else ""
    tags += "" if model.accepted else '<span class="sa-tag">rejected</span>'
    trained = day_text(model.created_at)
    people = "" if model.people is None else f"<br><small>{count_text(model.people, 'person', 'people')}</small>"
    numbers = "".join(f'<td class="num">{_number(model.metrics.get(name))}</td>' for name in names)
    return (
        f'<tr class="{"best" if is_live else ""}"><td>v{model.version} <span class="sa-tags">{tags}</span></td>'
        f"<td>{escaped(trained)}{people}</td>{numbers}<td>{escaped(model.verdict)}</td></tr>"
    )


def _number(value: float | None) -> str:
    """Counts as they are, shares with three decimals."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value > 1 and value == int(value) else f"{value:.3f}"
