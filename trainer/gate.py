"""The gate: a new model takes the live one's place only if it is not significantly worse on the same people. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from trainer.proof import LEVEL, Answers, Verdict, difference

GATED = ("halves_hit_at_10", "halves_mrr", "friend_hit_at_10", "friend_auc", "artist_recall_at_20")
"""Metrics that decide; each alone can hold a model back."""


def judge(new: Mapping[str, Answers], live: Mapping[str, Answers], against: int) -> Verdict:
    """Compare two models' answers to the same questions, person by person.

    Args:
        new: answers of the new model, by metric.
        live: answers of the live one.
        against: the live model's version.
    """
    differences = {name: difference(new[name], live[name]) for name in GATED if name in new and name in live}
    worse = [name for name, found in differences.items() if not found.high >= 0]
    if not differences:
        return Verdict(True, f"Nothing was asked that model {against} could be compared by.", against)
    if not worse:
        reason = f"Not significantly worse than model {against} in any of {len(differences)} metrics."
        return Verdict(True, reason, against, differences)
    told = ", ".join(f"{name} by {-differences[name].mean:.3f}" for name in worse)
    reason = f"Worse than model {against} ({LEVEL:.0%} interval below zero): {told}."
    return Verdict(False, reason, against, differences)
