"""Figures about people, made by plotly: eras in small multiples, eras of two people, and the taste map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dashboard.api.people import Eras
from dashboard.api.taste_map import TasteMap
from dashboard.views.palette import Palette
from dashboard.views.words import escaped, named

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

FONT = '"Source Sans", "Source Sans 3", sans-serif'
OTHER, UNKNOWN = "other genres", "no genre known"
MOST_GENRES = 10


def eras_beside_me(others: Sequence[tuple[str, Eras]], look: Palette) -> Figure:
    """My decades in grey behind each of the others'. ``others``: at most six, with names."""
    from plotly.subplots import make_subplots

    decades = sorted({each.decade for _, eras in others for each in eras.decades})
    names = [name for name, _ in others]
    rows = -(-len(names) // 2)  # two in a row, as many as there is room for on a phone
    figure = make_subplots(
        rows=rows,
        cols=min(2, len(names)),
        shared_yaxes="all",
        horizontal_spacing=0.06,
        vertical_spacing=0.4 / rows if rows > 1 else 0,
        subplot_titles=_short(names),
    )
    for at, (_, eras) in enumerate(others):
        place: dict[str, Any] = {"row": at // 2 + 1, "col": at % 2 + 1, "showlegend": at == 0}
        mine = {each.decade: each.one for each in eras.decades}
        theirs = {each.decade: each.other for each in eras.decades}
        figure.add_bar(
            x=decades,
            y=[mine.get(decade, 0) for decade in decades],
            marker_color=look.quiet,
            name="me",
            width=0.85,
            hovertemplate="%{x}: me %{y:.0%}<extra></extra>",
            **place,
        )
        figure.add_scatter(
            x=decades,
            y=[theirs.get(decade, 0) for decade in decades],
            mode="lines+markers",
            name="them",
            line={"color": look.accent, "width": 2.5},
            hovertemplate="%{x}: %{y:.0%}<extra></extra>",
            **place,
        )
    figure.update_yaxes(tickformat=".0%", showgrid=True, gridcolor=look.line, zeroline=False)
    calm(figure, look, height=110 + 220 * rows)
    short = [decade[2:] for decade in decades]
    figure.update_xaxes(tickvals=decades, ticktext=short, tickangle=0, tickfont_size=12, showgrid=False)
    return _panels(figure, look)


def _short(names: Sequence[str]) -> list[str]:
    """Names that fit a panel on a phone, as text that means nothing to plotly."""
    return [escaped(name if len(name) <= 18 else f"{name[:17]}…") for name in names]


def _panels(figure: Figure, look: Palette) -> Figure:
    """Titles of panels as quiet as labels, and above them room for the legend."""
    figure.update_annotations(font={"size": 14, "color": look.ink})
    return figure.update_layout(legend={"y": 1.14}, margin={"t": 64})


def eras_of_two(eras: Eras, one: str, other: str, look: Palette) -> Figure:
    """The decades of two people side by side."""
    from plotly.graph_objects import Figure

    figure, decades = Figure(), [each.decade for each in eras.decades]
    for name, values, colour in (
        (one, [each.one for each in eras.decades], look.quiet),
        (other, [each.other for each in eras.decades], look.accent),
    ):
        figure.add_bar(
            x=decades, y=values, name=escaped(name), marker_color=colour, hovertemplate="%{x}: %{y:.0%}<extra></extra>"
        )
    figure.update_layout(barmode="group", bargap=0.35, bargroupgap=0.08)
    figure.update_yaxes(tickformat=".0%", gridcolor=look.line, zeroline=False)
    return calm(figure, look, height=280)


def main_genres(genres: Sequence[str | None]) -> list[str]:
    """The genres that most people have, at most ten, most common first; ties by name."""
    counted = Counter(genre for genre in genres if genre is not None)
    return sorted(counted, key=lambda genre: (-counted[genre], genre))[:MOST_GENRES]


MARKS: Mapping[str, Mapping[str, Any]] = {
    "my soundalikes": {"size": 15, "symbol": "circle-open", "line": {"width": 2.5}},
    "picked": {"size": 17, "symbol": "diamond"},
    "me": {"size": 19, "symbol": "star"},
}
"""How those are marked over the rest whom the visitor looks for."""


def map_figure(seen: TasteMap, marked: Mapping[str, Sequence[str]], look: Palette) -> Figure:
    """Everybody as a point, coloured by main genre; ``marked``: ids of some, by name of one of ``MARKS``."""
    from plotly.graph_objects import Figure

    figure, points = Figure(), seen.points
    top = main_genres(points.genre)
    groups: dict[str, list[int]] = {genre: [] for genre in [*top, OTHER, UNKNOWN]}
    for at, genre in enumerate(points.genre):
        groups[UNKNOWN if genre is None else genre if genre in top else OTHER].append(at)
    colours = dict(zip(top, look.many, strict=False))
    for genre, places in groups.items():
        if places:
            shape = "circle-open" if genre == UNKNOWN else "circle"
            marker = {"color": colours.get(genre, look.quiet), "size": 7, "symbol": shape}
            figure.add_trace(_dots(seen, places, genre, marker))
    for name, mark in MARKS.items():
        ids = set(marked.get(name, ()))
        places = [at for at, user_id in enumerate(points.user_id) if user_id in ids]
        if places:
            figure.add_trace(_dots(seen, places, name, {**mark, "color": look.accent, "opacity": 1}))
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x")
    figure.update_layout(dragmode="pan", clickmode="event+select", hoverlabel={"align": "left"})
    return calm(figure, look, height=620).update_layout(margin={"l": 4, "r": 4, "t": 84, "b": 4})


def _dots(seen: TasteMap, places: Sequence[int], name: str, marker: dict[str, Any]) -> Any:  # noqa: ANN401 - plotly's
    from plotly.graph_objects import Scattergl

    # As arrays: plotly looks at every member of a list, which takes a second for 20,000 people.
    points = seen.points
    return Scattergl(
        x=np.array([points.x[at] for at in places], np.float32),
        y=np.array([points.y[at] for at in places], np.float32),
        mode="markers",
        name=escaped(name),
        marker={"opacity": 1, **marker},
        text=np.array([escaped(named(points.name[at], points.user_id[at])) for at in places], object),
        customdata=np.array([[points.user_id[at], escaped(points.genre[at] or UNKNOWN)] for at in places], object),
        hovertemplate="<b>%{text}</b><br>%{customdata[1]}<extra></extra>",
    )


def calm(figure: Figure, look: Palette, *, height: int) -> Figure:
    """The look that all figures have: no frame, no background, the legend above. ``height`` in pixels."""
    figure.update_xaxes(gridcolor=look.line, zeroline=False)
    figure.update_layout(
        height=height,
        margin={"l": 48, "r": 12, "t": 36, "b": 56},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": look.ink, "size": 13, "family": FONT},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"color": look.ink}},
        hoverlabel={"bgcolor": look.ink, "font": {"color": look.paper}},
    )
    return figure
