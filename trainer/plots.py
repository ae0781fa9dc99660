"""A proof in pictures: pure functions from what was found to SVG, the same bytes for the same proof.

Matplotlib is slow to import, therefore this module is imported only where a picture is drawn.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from trainer.proof import Estimate, Proof
from trainer.report import COLUMNS, shown_metrics

OURS, THEIRS = "#0072B2", "#6E6E6E"
"""The model and what it is compared with."""
PALETTE = (OURS, "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Colours of Okabe & Ito (2008), told apart by the colour-blind."""
DASHES = ("-", (0, (6, 1.5)), (0, (2, 1)), (0, (6, 1, 1, 1)))
"""A second way to tell curves apart."""
BINS = 50
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "soundalike",
    "text.parse_math": False,
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#999999",
    "axes.axisbelow": True,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.8,
    "figure.constrained_layout.h_pad": 0.08,
    "figure.constrained_layout.w_pad": 0.08,
}


def metrics(proof: Proof) -> bytes:
    """One panel a metric: every method a dot with its interval, the model highlighted."""
    shown = shown_metrics(proof.figures)

    columns, rows = _grid(len(shown))

    def draw(figure: Figure) -> None:
        for place, (panel, name) in enumerate(zip(_panels(figure, len(shown)), shown, strict=True)):
            _dots(panel, [methods.get(name) for methods in proof.figures.values()])
            panel.set_title(COLUMNS[name], loc="left")
            labels = [*proof.figures] if place % columns == 0 else [""] * len(proof.figures)
            panel.set_yticks(range(len(labels)), labels)
            panel.get_yticklabels()[0].set(color=OURS, fontweight="bold")

    return _svg(draw, 1.2 + 2.6 * columns, rows * (0.9 + 0.36 * len(proof.figures)))


def similarities(proof: Proof) -> bytes:
    """Cosines under the model, a curve for every kind of pair: the less they overlap, the better."""
    kinds = {kind: cosines[np.isfinite(cosines)].clip(-1, 1) for kind, cosines in proof.cosines.items()}
    kinds = {kind: cosines for kind, cosines in kinds.items() if len(cosines)}

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        edges = _edges(list(kinds.values()))
        for place, (kind, cosines) in enumerate(kinds.items()):
            colour = PALETTE[place % len(PALETTE)]
            density, _ = np.histogram(cosines, edges, density=True)
            label = f"{kind} ({len(cosines):,} pairs, median {np.median(cosines):.2f})"
            axes.stairs(density, edges, fill=True, color=colour, alpha=0.12)
            axes.stairs(density, edges, color=colour, linewidth=1.6, linestyle=DASHES[place % len(DASHES)], label=label)
        axes.set(xlabel="cosine", ylabel="density", xlim=(edges[0], edges[-1]))
        axes.grid(axis="x")
        if kinds:
            figure.legend(loc="outside upper left", frameon=False)

    return _svg(draw, 7.5, 3.4 + 0.2 * len(kinds))


def curve(proof: Proof) -> bytes:
    """One panel a loss, over the epochs; each has a scale of its own."""
    names = list(dict.fromkeys(name for epoch in proof.curve for name in epoch))

    columns, rows = _grid(len(names))

    def draw(figure: Figure) -> None:
        epochs = range(1, len(proof.curve) + 1)
        for panel, name in zip(_panels(figure, len(names)), names, strict=True):
            losses = [epoch.get(name, math.nan) for epoch in proof.curve]
            panel.plot(epochs, losses, color=OURS, linewidth=1.5, marker=".", markersize=4)
            panel.set_title(name.replace("_", " "), loc="left")
            panel.set_xlabel("epoch")
            panel.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, min_n_ticks=1))
            panel.grid(axis="y")

    return _svg(draw, 0.4 + 2.8 * columns, 2.4 * rows)


def _dots(axes: Axes, estimates: Sequence[Estimate | None]) -> None:
    for row, estimate in enumerate(estimates):
        if estimate is not None:
            _dot(axes, row, estimate)
    axes.set_ylim(len(estimates) - 0.5, -0.7)
    axes.margins(x=0.14)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.tick_params(axis="y", length=0)
    axes.grid()


def _dot(axes: Axes, row: int, estimate: Estimate) -> None:
    colour, weight = (OURS, "bold") if row == 0 else (THEIRS, "normal")
    axes.plot([estimate.low, estimate.high], [row, row], "|-", color=colour, linewidth=1.2, markersize=8)
    axes.plot([estimate.mean], [row], "o", color=colour, markersize=4.5)
    axes.annotate(
        f"{estimate.mean:.3f}",
        (estimate.mean, row),
        xytext=(0, 7),
        textcoords="offset points",
        ha="center",
        fontsize=7.5,
        color=colour,
        fontweight=weight,
    )


def _grid(panels: int) -> tuple[int, int]:
    """Columns and rows: three abreast, but four as two by two."""
    columns = 2 if panels == 4 else max(1, min(3, panels))
    return columns, max(1, math.ceil(panels / columns))


def _panels(figure: Figure, count: int) -> list[Axes]:
    columns, rows = _grid(count)
    return [figure.add_subplot(rows, columns, place + 1) for place in range(count)]


def _edges(cosines: list[npt.NDArray[np.float32]]) -> npt.NDArray[np.float64]:
    low = min((float(values.min()) for values in cosines), default=0.0)
    high = max((float(values.max()) for values in cosines), default=1.0)
    return np.linspace(max(low - 0.02, -1), min(high + 0.02, 1), BINS + 1)


def _svg(draw: Callable[[Figure], None], width: float, height: float) -> bytes:
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure)
        written = io.BytesIO()
        figure.savefig(written, format="svg", metadata={"Date": None})
    return written.getvalue()
