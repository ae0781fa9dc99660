"""How an answer is shown on a terminal: the nearest people with reasons, then what to discover."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

_REASONS, _DISCOVERIES = 5, 10


def answer_view(answer: dict[str, Any]) -> RenderableType:
    """An answer of ``POST /v1/profiles`` as tables."""
    coverage = answer["coverage"]
    kept = "remembered" if answer["stored"] else "not remembered"
    title = (
        f"Who listens like {answer['user_id']} ({kept}; model v{answer['model_version']}; "
        f"genres known of {coverage['genres']:.0%}, years of {coverage['years']:.0%} of the listening)"
    )
    people = Table(title=Text(title), title_justify="left", show_lines=True)
    for name in ("person", "similarity", "shared artists, rarest first", "shared genres, rarest first", "by part"):
        people.add_column(name, overflow="fold")
    for person in answer["recommendations"]:
        people.add_row(
            _named(person),
            _nearness(person),
            _some(person["shared_artists"]),
            _some(person["shared_genres"]),
            _towers(person["towers"]),
        )
    return Group(people, _discoveries(answer["discoveries"]))


def reconciled_view(found: dict[str, Any]) -> RenderableType:
    """What a reconciliation found, as a sentence."""
    wrong = {name: found[name] for name in ("missing", "extra", "stale") if found[name]}
    if not wrong:
        return "the index is what the feature store says: nobody missing, extra or stale"
    counts = ", ".join(f"{number:,} {name}" for name, number in wrong.items())
    some = ", ".join(found["examples"])
    return Text(f"{counts} in the index {'(nothing was changed)' if found['dry_run'] else '(mended)'}: {some}")


def _named(person: dict[str, Any]) -> Text:
    """The name, and the page that it came from: Spotify asks for a link back wherever its metadata shows."""
    name = Text(person["display_name"] or person["user_id"])
    return name if person["profile_url"] is None else name.append(f"\n{person['profile_url']}", style="dim")


def _nearness(person: dict[str, Any]) -> str:
    percentile = person["percentile"]
    nearer_than = "" if percentile is None else f"\nnearer than\n{percentile:.1f} % of pairs"
    return f"[bold]{person['similarity']:.3f}[/]{nearer_than}\n{100 * person['confidence']:.0f} % sure"


def _some(names: list[str]) -> Text:
    more = f" (+{len(names) - _REASONS})" if len(names) > _REASONS else ""
    return Text(", ".join(names[:_REASONS]) + more if names else "–")


def _towers(towers: dict[str, float | None]) -> str:
    return "\n".join(f"{name} {value:.2f}" for name, value in towers.items() if value is not None)


def _discoveries(found: list[dict[str, Any]]) -> RenderableType:
    table = Table("artist", "of the 50 nearest, have it", title="To discover through them", title_justify="left")
    for artist in found[:_DISCOVERIES]:
        table.add_row(Text(artist["artist"]), str(artist["people"]))
    return table
