"""When the music of two people was released, as a small picture on a card."""

from __future__ import annotations

from dashboard.api.people import Decade, Eras
from dashboard.views.words import escaped


def eras_of_card(eras: Eras | None) -> str:
    """A pair of bars for each decade: mine in grey, theirs in the accent; the same in words for those who hear it."""
    if eras is None or not eras.decades:
        return '<h4>Eras</h4><p class="sa-quiet">Release years are not known.</p>'
    most = max(max(each.one, each.other) for each in eras.decades) or 1
    said = "; ".join(f"{each.decade}: you {each.one:.0%}, they {each.other:.0%}" for each in eras.decades)
    key = f'<i class="sa-mine"></i>you <i></i>they; {eras.overlap:.0%} in common'
    return (
        f'<h4>Eras <span class="sa-key">{key}</span></h4>'
        f'<div class="sa-eras" role="img" aria-label="{escaped(said)}">'
        f"{''.join(_decade(each, most) for each in eras.decades)}</div>"
    )


def _decade(each: Decade, most: float) -> str:
    bars = "".join(
        f'<i class="{kind}" style="height:{100 * share / most:.0f}%"></i>'
        for kind, share in (("sa-mine", each.one), ("", each.other))
    )
    title = f"{each.decade}: you {each.one:.0%}, they {each.other:.0%}"
    return f'<span title="{escaped(title)}"><span>{bars}</span><small>{escaped(each.decade[2:])}</small></span>'
