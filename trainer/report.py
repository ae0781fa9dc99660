"""How figures are shown: one table, methods down, metrics across, the best of each column in bold."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table

COLUMNS = {
    "halves_hit_at_1": "halves hit@1",
    "halves_hit_at_10": "halves hit@10",
    "halves_mrr": "halves MRR",
    "friend_hit_at_10": "friend hit@10",
    "friend_auc": "friend AUC",
    "artist_recall_at_20": "artist recall@20",
}


def metric_table(figures: Mapping[str, Mapping[str, float]], title: str) -> Table:
    """A table of methods and their metrics; columns that nobody has are left out."""
    table = Table(title=title, title_justify="left")
    table.add_column("method")
    shown = [name for name in COLUMNS if any(name in row for row in figures.values())]
    for name in shown:
        table.add_column(COLUMNS[name], justify="right")
    best = {name: max(row[name] for row in figures.values() if name in row) for name in shown}
    for method, row in figures.items():
        cells = [_cell(row.get(name), best[name]) for name in shown]
        table.add_row(method, *cells)
    return table


def _cell(value: float | None, best: float) -> str:
    if value is None:
        return "–"
    return f"[bold]{value:.3f}[/]" if value == best else f"{value:.3f}"
