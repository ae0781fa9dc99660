"""HTML fragments that pages share: titles, notices, chips, bars. Arguments are plain text, and escaped here."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.errors import DashboardError, Refused
from dashboard.views.words import escaped, initials, is_spotify, safe_link

SHOWN_CHIPS, LONG = 8, 24


def heading(title: str, lede: str) -> str:
    """The title of a page and a sentence under it."""
    return f'<header class="sa-head"><h1>{escaped(title)}</h1><p class="sa-lede">{escaped(lede)}</p></header>'


def section(title: str, words: str = "") -> str:
    """A title inside a page."""
    said = f'<p class="sa-quiet">{escaped(words)}</p>' if words else ""
    return f'<div class="sa-section"><h2>{escaped(title)}</h2>{said}</div>'


def notice(title: str, what: str, mend: str = "", *, kind: str = "trouble") -> str:
    """Something to know, and what to do next. ``kind``: trouble, good or note."""
    role = "alert" if kind == "trouble" else "status"
    after = f"<p><strong>Next:</strong> {escaped(mend)}</p>" if mend else ""
    return (
        f'<div class="sa-notice sa-{escaped(kind)}" role="{role}">'
        f"<p class='sa-notice-title'>{escaped(title)}</p><p>{escaped(what)}</p>{after}</div>"
    )


def trouble(error: DashboardError) -> str:
    """An error as a sentence with a next step."""
    mend = error.mend
    if isinstance(error, Refused) and error.retry_after_s:
        mend = f"{mend} Try again in {error.retry_after_s} s.".strip()
    return notice(error.title, error.what, mend)


def chips(words: Sequence[str], kind: str = "", shown: int = SHOWN_CHIPS) -> str:
    """Words as a list of chips; the rest is counted, and folded away."""
    if not words:
        return '<p class="sa-quiet">none</p>'
    first, rest = words[:shown], words[shown:]
    listed = "".join(f'<li class="sa-chip {kind}">{escaped(word)}</li>' for word in first)
    more = (
        f'<details class="sa-more"><summary>and {len(rest)} more</summary><ul class="sa-chips">'
        + "".join(f'<li class="sa-chip {kind}">{escaped(word)}</li>' for word in rest)
        + "</ul></details>"
        if rest
        else ""
    )
    return f'<ul class="sa-chips">{listed}</ul>{more}'


def avatar(name: str) -> str:
    """A circle with initials; for eyes only, as the name stands beside it."""
    return f'<span class="sa-avatar" aria-hidden="true">{escaped(initials(name))}</span>'


def profile_link(name: str, url: str | None) -> str:
    """A name, linked to its page where there is one; what comes from Spotify says so."""
    link = safe_link(url)
    if link is None:
        return f'<span class="sa-name">{escaped(name)}</span>'
    mark = '<span class="sa-spotify">Profile on Spotify</span>' if is_spotify(link) else ""
    return (
        f'<a class="sa-name" href="{escaped(link)}" target="_blank" rel="noopener noreferrer">{escaped(name)}</a>{mark}'
    )


def bar(label: str, value: float | None, *, largest: float = 1.0) -> str:
    """A labelled bar; ``value`` from 0 to ``largest``, None where it is not known."""
    if value is None:
        return (
            f'<div class="sa-bar"><span>{escaped(label)}</span><span class="sa-track"></span>'
            f'<span class="sa-value">not known</span></div>'
        )
    share = max(0.0, min(1.0, value / largest)) * 100
    return (
        f'<div class="sa-bar"><span>{escaped(label)}</span>'
        f'<span class="sa-track"><span class="sa-fill" style="width:{share:.0f}%"></span></span>'
        f'<span class="sa-value">{value:.2f}</span></div>'
    )


def short_bar(value: float | None) -> str:
    """A bar over its ``value``, 0 to 1; a dash where it is not known."""
    if value is None:
        return '<span class="sa-value">–</span>'
    share = max(0.0, min(1.0, value)) * 100
    fill = f'<span class="sa-track"><span class="sa-fill" style="width:{share:.0f}%"></span></span>'
    return f'{fill}<span class="sa-value">{value:.2f}</span>'


def facts(pairs: Sequence[tuple[str, str]]) -> str:
    """Labels and values side by side."""
    rows = "".join(f"<div><dt>{escaped(label)}</dt>{_value(value)}</div>" for label, value in pairs)
    return f'<dl class="sa-facts">{rows}</dl>'


def _value(value: str) -> str:
    kind = ' class="sa-long"' if len(value) > LONG else ""
    return f"<dd{kind}>{escaped(value)}</dd>"
