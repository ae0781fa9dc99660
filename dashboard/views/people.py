"""People as cards: who it is, how near, how sure, and why."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.api.people import Compatibility, Discovery, Person, Recommendation, Side, Towers
from dashboard.views.eras import eras_of_card
from dashboard.views.fragments import avatar, bar, chips, profile_link, short_bar
from dashboard.views.words import (
    confidence_text,
    count_text,
    escaped,
    named,
    percentile_text,
    search_link,
)


def person_card(found: Recommendation, place: int) -> str:
    """The card of a soundalike; ``place`` counts from 1."""
    name = named(found.display_name, found.user_id)
    return (
        f'<article class="sa-bare" aria-label="{place}. {escaped(name)}">'
        f'<div class="sa-top">{avatar(name)}<div class="sa-who">{profile_link(name, found.profile_url)}</div>'
        f"{headline(found.percentile, found.similarity)}</div>"
        f"{confidence(found.confidence)}"
        f"<h4>Artists you share</h4>{chips(found.shared_artists)}"
        f"<h4>Genres you share</h4>{chips(found.shared_genres, 'sa-genre', 6)}"
        f"{towers(found.towers)}{eras_of_card(found.eras)}</article>"
    )


def headline(percentile: float | None, similarity: float) -> str:
    """How near, as the share of pairs that are less alike; the cosine shows on hover and focus."""
    cosine = f"cosine {similarity:.3f}"
    return (
        f'<div class="sa-near" tabindex="0" role="group" aria-label="nearer than {percentile_text(percentile)} of '
        f'pairs; {cosine}"><strong>{percentile_text(percentile)}</strong>'
        f"<small>of pairs are less alike</small><span class='sa-tip' role='tooltip'>{cosine}</span></div>"
    )


def confidence(value: float) -> str:
    """How far to trust it: dots, a word, and the number."""
    full = round(max(0.0, min(1.0, value)) * 5)
    dots = "".join(f'<i class="{"on" if at < full else ""}"></i>' for at in range(5))
    return (
        f'<p class="sa-confidence"><span class="sa-dots" aria-hidden="true">{dots}</span>'
        f"{confidence_text(value)} <span class='sa-quiet'>(confidence {value:.2f})</span></p>"
    )


def towers(parts: Towers) -> str:
    """Bars by part of taste."""
    bars = (("Artists", parts.artist), ("Genres", parts.genre), ("Playlists", parts.playlist))
    return f'<div class="sa-bars">{"".join(bar(label, value) for label, value in bars)}</div>'


def towers_beside_me(found: Sequence[Recommendation]) -> str:
    """How near each of them is to me by part of taste: a row for each, a column for each part."""
    parts = (("Artists", "artist"), ("Genres", "genre"), ("Playlists", "playlist"))
    head = "".join(f'<th scope="col">{title}</th>' for title, _ in parts)
    rows = "".join(
        f'<tr><th scope="row">{place}. {escaped(named(each.display_name, each.user_id))}</th>'
        + "".join(f"<td>{short_bar(getattr(each.towers, part))}</td>" for _, part in parts)
        + "</tr>"
        for place, each in enumerate(found, start=1)
    )
    return f'<table class="sa-table sa-multiples"><thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table>'


def discovery_list(found: tuple[Discovery, ...]) -> str:
    """Artists to discover, each with a search at Spotify, as no tracks are kept."""
    most = max((each.score for each in found), default=1.0)
    rows = "".join(
        f'<li><a href="{escaped(search_link(each.artist))}" target="_blank" rel="noopener noreferrer">'
        f'{escaped(each.artist)}</a><span class="sa-track"><span class="sa-fill" '
        f'style="width:{100 * each.score / (most or 1):.0f}%"></span></span>'
        f"<small>{count_text(each.people, 'of the nearest has it', 'of the nearest have it')}</small></li>"
        for each in found
    )
    return f'<ol class="sa-discoveries">{rows}</ol>'


def brief_card(person: Person) -> str:
    """Somebody in brief."""
    name = named(person.display_name, person.user_id)
    counted = (
        count_text(person.counts.artists, "artist", "artists")
        + " · "
        + count_text(person.counts.genres, "genre", "genres")
        + " · "
        + count_text(person.counts.playlists, "playlist", "playlists")
    )
    return (
        f'<article class="sa-card" aria-label="{escaped(name)}"><div class="sa-top">{avatar(name)}'
        f'<div class="sa-who">{profile_link(name, person.profile_url)}'
        f'<small class="sa-quiet">{escaped(counted)}</small>'
        f"</div></div><h4>Most listened to</h4>{chips(person.top_artists)}"
        f"<h4>Genres</h4>{chips(person.top_genres, 'sa-genre', 6)}</article>"
    )


def verdict(both: Compatibility) -> str:
    """How two people fit, in one figure and a few words."""
    one, other = _name(both.one), _name(both.other)
    return (
        f'<div class="sa-verdict"><div class="sa-score"><strong>{both.score:.0f}</strong><small>of 100</small></div>'
        f"<div><p><b>{escaped(one)}</b> and <b>{escaped(other)}</b> are nearer than "
        f"<b>{percentile_text(both.percentile)}</b> of all pairs "
        f'<span class="sa-quiet">(cosine {both.similarity:.3f})</span>.</p>'
        f"{confidence(both.confidence)}</div></div>{towers(both.towers)}"
    )


def only_list(side: Side) -> str:
    """What one of the two has alone."""
    return f"<h4>Only {escaped(_name(side))}</h4>{chips(side.only, '', 12)}"


def _name(side: Side) -> str:
    return named(side.display_name, side.user_id)
