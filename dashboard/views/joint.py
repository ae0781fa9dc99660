"""The joint list: what two people have in common and what to discover, as CSV. It has no tracks: none are kept."""

from __future__ import annotations

import csv
import io

from dashboard.api.people import Recommendations
from dashboard.views.words import named, search_link

COLUMNS = ("artist", "why", "with", "search_on_spotify")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def joint_csv(found: Recommendations) -> str:
    """A row for each artist that is shared with somebody, then those to discover; each artist once.

    A cell that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    sharing: dict[str, list[str]] = {}
    for each in found.recommendations:
        for artist in each.shared_artists:
            sharing.setdefault(artist, []).append(named(each.display_name, each.user_id))
    rows = [(artist, "shared", "; ".join(people), search_link(artist)) for artist, people in sharing.items()]
    rows += [
        (each.artist, "to discover", f"{each.people} of the nearest", search_link(each.artist))
        for each in found.discoveries
        if each.artist not in sharing
    ]
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return written.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
