"""What the command line shows of a person, of everybody and of an import: rich tables, no decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from features.importer import Summary
from features.user_features import DECADES, FIRST_DECADE, UserFeatures

TOP = 10
MAX_REASONS = 20


def person_view(person: UserFeatures) -> RenderableType:
    """A person: who, from where, the heaviest artists and genres, and the decades as bars."""
    listening = person.listening
    artists = list(listening.artist_weights().items())
    head = Table.grid(padding=(0, 2))
    for name, value in (
        ("user", person.user_id),
        ("name", person.display_name or "–"),
        ("source", person.source),
        ("updated", f"{person.updated_at:%Y-%m-%d %H:%M} UTC"),
        ("playlists", f"{len(listening.playlists):,}"),
        ("artists", f"{len(artists):,}"),
        ("coverage", f"genres {person.coverage.genres:.0%}, years {person.coverage.years:.0%}"),
        ("genres", ", ".join(list(listening.genre_weights())[:TOP]) or "–"),
    ):
        head.add_row(f"[bold]{name}[/]", Text(str(value)))
    heaviest = Table("artist", "plays or tracks", title="Heaviest artists", title_justify="left")
    for artist, weight in artists[:TOP]:
        heaviest.add_row(Text(artist), f"{weight:,.0f}")
    return Group(head, heaviest, *_decades(person))


def _decades(person: UserFeatures) -> list[RenderableType]:
    if person.years is None:
        return []
    table = Table("decade", "share", "", title="Release years", title_justify="left")
    for index in range(DECADES):
        share = float(person.years.decades[index])
        if share >= 0.005:
            table.add_row(f"{FIRST_DECADE + 10 * index}s", f"{share:.0%}", "█" * max(1, round(share * 40)))
    return [table]


def community_view(people: Iterable[list[UserFeatures]], size_bytes: int) -> RenderableType:
    """Everybody: how many, from where, how well known."""
    sources: Counter[str] = Counter()
    artists: set[str] = set()
    genres: set[str] = set()
    known_genres = known_years = 0.0
    for batch in people:
        for person in batch:
            sources[person.source] += 1
            artists.update(person.listening.artist_weights())
            genres.update(genre for found in person.listening.genres.values() for genre in found)
            known_genres += person.coverage.genres
            known_years += person.coverage.years
    total = sum(sources.values())
    table = Table.grid(padding=(0, 2))
    table.add_row("[bold]people[/]", f"{total:,}")
    for source, count in sources.most_common():
        table.add_row(f"  from {escape(source)}", f"{count:,}")
    table.add_row("[bold]artists[/]", f"{len(artists):,}")
    table.add_row("[bold]genres[/]", f"{len(genres):,}")
    if total:
        table.add_row("[bold]coverage[/]", f"genres {known_genres / total:.0%}, years {known_years / total:.0%} (mean)")
    table.add_row("[bold]on disk[/]", f"{size_bytes / 1e6:,.1f} MB")
    return table


def summary_view(summary: Summary) -> RenderableType:
    """An import: counts, then why profiles were rejected."""
    counts = Table.grid(padding=(0, 2))
    for name in ("added", "updated", "unchanged"):
        counts.add_row(f"[bold]{name}[/]", f"{getattr(summary, name):,}")
    if summary.replaced:
        counts.add_row(
            "[bold]replaced[/]", f"{summary.replaced:,} (a later profile of the same id came in the same file)"
        )
    counts.add_row("[bold]rejected[/]", f"{len(summary.rejected):,}")
    if not summary.rejected:
        return counts
    reasons = Table("where", "why it was rejected")
    for rejection in summary.rejected[:MAX_REASONS]:
        reasons.add_row(Text(rejection.where), Text(rejection.reason))
    if len(summary.rejected) > MAX_REASONS:
        reasons.add_row("…", f"and {len(summary.rejected) - MAX_REASONS:,} more")
    return Group(counts, reasons)
