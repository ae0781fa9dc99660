"""The joint list: what people have in common and what to discover, as CSV and as URIs of Spotify's searches.

It has no tracks: none are kept.
"""

from __future__ import annotations

import csv
import io

from dashboard.api.people import Recommendations
from dashboard.views.words import named, search_link, search_uri

COLUMNS = ("artist", "why", "with", "search_on_spotify", "spotify_uri")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def joint_csv(found: Recommendations) -> str:
    """A row for each artist of the list: why it is there, with whom, and how to find it at Spotify.

    A cell that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    rows = [(artist, why, people, search_link(artist), search_uri(artist)) for artist, why, people in _listed(found)]
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return written.getvalue()


def joint_uris(found: Recommendations) -> str:
    """A URI for each artist of the list, one a line; Spotify's own apps open them as searches."""
    return "\n".join(search_uri(artist) for artist, _, _ in _listed(found))


def _listed(found: Recommendations) -> list[tuple[str, str, str]]:
    """Each artist once, why, and with whom: those that are shared with somebody, then those to discover."""
    sharing: dict[str, list[str]] = {}
    for each in found.recommendations:
        for artist in each.shared_artists:
            sharing.setdefault(artist, []).append(named(each.display_name, each.user_id))
    shared = [(artist, "shared", "; ".join(people)) for artist, people in sharing.items()]
    discover = [(each.artist, each.people) for each in found.discoveries if each.artist not in sharing]
    return shared + [(artist, "to discover", f"{people} of the nearest") for artist, people in discover]


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
