"""How figures are shown in a terminal: tables, methods down, metrics across, the best of each column in bold.

What is written to files lives in ``trainer.documents``, pictures in ``trainer.plots``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.markup import escape
from rich.table import Table

from trainer.proof import Estimate, Proof

COLUMNS = {
    "halves_hit_at_1": "halves hit@1",
    "halves_hit_at_10": "halves hit@10",
    "halves_mrr": "halves MRR",
    "friend_hit_at_10": "friend hit@10",
    "friend_auc": "friend AUC",
    "artist_recall_at_20": "artist recall@20",
}
NARROW = {
    "artist_recall_at_20": "artist\nR@20",
    "largest_k_occurrence": "k-occ.\nlargest",
    "median_k_occurrence": "k-occ.\nmedian",
}
"""Headers for 80 columns, where breaking the usual one at its spaces would not do."""
NOTHING = "–"
"""What stands where a method has no figure."""


def metric_table(figures: Mapping[str, Mapping[str, float]], title: str) -> Table:
    """A table of methods and their metrics; columns that nobody has are left out."""
    table = Table(title=title, title_justify="left")
    table.add_column("method")
    shown = shown_metrics(figures)
    for name in shown:
        table.add_column(COLUMNS[name], justify="right")
    best = {name: max(row[name] for row in figures.values() if name in row) for name in shown}
    for method, row in figures.items():
        cells = [_cell(row.get(name), best[name]) for name in shown]
        table.add_row(method, *cells)
    return table


def proof_table(proof: Proof, title: str) -> Table:
    """Methods, their metrics and half the width of each interval; where room is short, that goes below the mean."""
    table = _table(title)
    shown = shown_metrics(proof.figures)
    for name in shown:
        table.add_column(_header(COLUMNS[name], name), justify="right")
    best = best_means(proof.figures)
    for method, row in proof.figures.items():
        table.add_row(escape(method), *(_with_half_width(row.get(name), best[name]) for name in shown))
    return table


def health_table(proof: Proof) -> Table:
    """Methods, the health of their neighbour graphs, and how well people with few artists are found."""
    table = _table("Neighbour graph, and halves hit@10 by artists in the profile")
    health, buckets = names_in(proof.graph), names_in(proof.sizes)
    for name in health:
        table.add_column(_header(name.replace("_", " "), name), justify="right", no_wrap=True)
    for bucket in buckets:
        table.add_column(bucket, justify="right", min_width=len("±.000"))
    best = best_means(proof.sizes)
    for method in dict.fromkeys([*proof.graph, *proof.sizes]):
        graph, sizes = proof.graph.get(method, {}), proof.sizes.get(method, {})
        cells = [number(graph.get(name)) for name in health]
        table.add_row(escape(method), *cells, *(_with_half_width(sizes.get(name), best[name]) for name in buckets))
    return table


def shown_metrics(figures: Mapping[str, Mapping[str, object]]) -> list[str]:
    """Metrics that at least one method has, in the order of ``COLUMNS``."""
    return [name for name in COLUMNS if any(name in row for row in figures.values())]


def names_in(rows: Mapping[str, Mapping[str, object]]) -> list[str]:
    """Every name of every row, in the order of appearance."""
    return list(dict.fromkeys(name for row in rows.values() for name in row))


def best_means(rows: Mapping[str, Mapping[str, Estimate]]) -> dict[str, float]:
    """The highest mean under each name."""
    return {name: _best(row[name] for row in rows.values() if name in row) for name in names_in(rows)}


def number(value: float | None) -> str:
    """A figure of the graph: counts as they are, shares with three decimals."""
    if value is None:
        return NOTHING
    return f"{value:.3f}" if abs(value) <= 1 else f"{value:,.1f}".removesuffix(".0")


def _best(estimates: Iterable[Estimate]) -> float:
    return max(estimate.mean for estimate in estimates)


def _table(title: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("method", no_wrap=True)
    return table


def _header(label: str, name: str) -> str:
    return NARROW.get(name, label.replace(" ", "\n"))


def _cell(value: float | None, best: float) -> str:
    if value is None:
        return NOTHING
    return f"[bold]{value:.3f}[/]" if value == best else f"{value:.3f}"


def _with_half_width(estimate: Estimate | None, best: float) -> str:
    if estimate is None:
        return NOTHING
    half = f"{(estimate.high - estimate.low) / 2:.3f}".removeprefix("0")
    return f"{_cell(estimate.mean, best)} [dim]±{half}[/]"
