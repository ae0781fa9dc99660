"""A proof written down for people and for programs: JSON, Markdown and pictures, as file names and bytes.

Pure: whoever calls decides where the files go. How pictures are drawn lives in ``trainer.plots``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from trainer.proof import LEVEL, Estimate, Proof, Verdict
from trainer.report import COLUMNS, NOTHING, best_means, names_in, number, shown_metrics

QUANTILES = (0, 5, 25, 50, 75, 95, 100)
"""Percentiles that stand for the raw cosines in report.json."""
MEANINGS = {
    "halves": "one half of a person finds the other half among everybody, no artist and no playlist in both",
    "friend": "a friend is among the ten nearest; friends stand above others with as many friends (AUC)",
    "artist": "share of hidden artists among the 20 that the 50 nearest people recommend",
}
"""What a protocol asks, by the first word of its metrics."""
CAPTIONS = {
    "metrics.svg": "Each metric by method, with intervals",
    "similarities.svg": "Cosines under the model by kind of pair",
    "curve.svg": "Losses by epoch",
}
_SPECIAL = re.compile(r"([\\`*_\[\]<>|])")


def documents_of(proof: Proof, name: str) -> dict[str, bytes]:
    """File name -> content: ``report.json``, ``report.md`` and the pictures that the latter shows."""
    pictures = _pictures(proof)
    return {"report.json": _json(proof, name), "report.md": _markdown(proof, name, pictures).encode()} | pictures


def _pictures(proof: Proof) -> dict[str, bytes]:
    from trainer import plots

    pictures = {}
    if shown_metrics(proof.figures):
        pictures["metrics.svg"] = plots.metrics(proof)
    if any(len(cosines) for cosines in proof.cosines.values()):
        pictures["similarities.svg"] = plots.similarities(proof)
    if proof.curve:
        pictures["curve.svg"] = plots.curve(proof)
    return pictures


def _json(proof: Proof, name: str) -> bytes:
    content = {
        "name": name,
        "asked": proof.asked,
        "among": proof.among,
        "level": LEVEL,
        "figures": proof.figures,
        "graph": proof.graph,
        "sizes": proof.sizes,
        "cosines": {kind: _quantiles(cosines) for kind, cosines in proof.cosines.items()},
        "curve": proof.curve,
        "verdict": proof.verdict,
    }
    options = orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(content, default=dict, option=options)  # dict: a Mapping need not be one


def _quantiles(cosines: npt.NDArray[np.float32]) -> dict[str, Any]:
    if not len(cosines):
        return {"pairs": 0, "percentiles": {}}
    values = np.percentile(cosines.astype(np.float64), QUANTILES)
    return {"pairs": len(cosines), "percentiles": dict(zip(map(str, QUANTILES), values.tolist(), strict=True))}


def _markdown(proof: Proof, name: str, pictures: Mapping[str, bytes]) -> str:
    def picture(file: str) -> list[str]:
        return [f"![{CAPTIONS[file]}]({file})"] if file in pictures else []

    blocks = [
        f"# {_text(name)}",
        *_asked(proof),
        "## How well each method finds people",
        _table("method", COLUMNS, shown_metrics(proof.figures), _estimates(proof.figures)),
        *picture("metrics.svg"),
        *_graph(proof),
        *_sizes(proof),
        *(["## Cosines under the model", *picture("similarities.svg")] if "similarities.svg" in pictures else []),
        *(["## Training", *picture("curve.svg")] if "curve.svg" in pictures else []),
        *([] if proof.verdict is None else _verdict(proof.verdict)),
    ]
    return "\n\n".join(blocks) + "\n"


def _asked(proof: Proof) -> Iterator[str]:
    yield (
        f"Asked about {proof.asked:,} people, none of whom the model was trained on, among {proof.among:,}. "
        f"In brackets the {LEVEL:.0%} interval of each mean, by bootstrap over people; the best mean is bold."
    )
    asked = {name.split("_")[0] for name in shown_metrics(proof.figures)}
    yield "\n".join(f"- **{protocol}**: {meaning}." for protocol, meaning in MEANINGS.items() if protocol in asked)


def _graph(proof: Proof) -> Iterator[str]:
    if names := names_in(proof.graph):
        yield "## Health of the neighbour graph"
        rows = {method: {name: number(row[name]) for name in row} for method, row in proof.graph.items()}
        yield _table("method", {name: name.replace("_", " ") for name in names}, names, rows)


def _sizes(proof: Proof) -> Iterator[str]:
    if buckets := names_in(proof.sizes):
        yield "## Halves hit@10 by size of profile"
        labels = {bucket: f"{bucket} artists" for bucket in buckets}
        yield _table("method", labels, buckets, _estimates(proof.sizes))


def _verdict(verdict: Verdict) -> Iterator[str]:
    yield "## Verdict"
    against = "" if verdict.against is None else f", compared with v{verdict.against}"
    yield f"**{'Accepted' if verdict.accepted else 'Refused'}**{against}: {_text(verdict.reason)}"
    if verdict.differences:
        rows = {COLUMNS.get(name, name): {"new": _signed(found)} for name, found in verdict.differences.items()}
        yield _table("metric", {"new": "new minus old"}, ["new"], rows)


def _estimates(rows: Mapping[str, Mapping[str, Estimate]]) -> dict[str, dict[str, str]]:
    best = best_means(rows)
    return {method: {name: _cell(found, best[name]) for name, found in row.items()} for method, row in rows.items()}


def _cell(found: Estimate, best: float) -> str:
    mean = f"**{found.mean:.3f}**" if found.mean == best else f"{found.mean:.3f}"
    return f"{mean} [{found.low:.3f}, {found.high:.3f}]"


def _signed(found: Estimate) -> str:
    return f"{found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"


def _table(corner: str, labels: Mapping[str, str], names: list[str], rows: Mapping[str, Mapping[str, str]]) -> str:
    lines = [_row([corner, *(_text(labels[name]) for name in names)]), _row(["---", *["---:"] * len(names)])]
    lines += [_row([_text(method), *(row.get(name, NOTHING) for name in names)]) for method, row in rows.items()]
    return "\n".join(lines)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _text(words: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(words.split()))
