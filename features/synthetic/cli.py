"""The commands ``synthesize`` and ``sample-export``, which ``features.cli`` hangs into the room's command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same files.")]


def synthesize(
    out: Annotated[Path, typer.Option(help="Folder for profiles.jsonl.gz and friends.csv.gz.")],
    people: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many people to invent.")] = 3_000,
    seed: Seed = 7,
) -> None:
    """Invent a community to try things out with: people, artists and friendships. Nobody in it exists."""
    from features.console import progress, stderr
    from features.synthetic.community import Community
    from features.synthetic.write import write_friends, write_profiles

    community = Community(people=people, seed=seed)
    with progress() as bar:
        invented = bar.track(community.profiles(), total=people, description="inventing people")
        write_profiles(out / "profiles.jsonl.gz", invented)
    friendships = community.friendships()
    write_friends(out / "friends.csv.gz", friendships)
    stderr().print(
        f"A synthetic community of {people:,} invented people and {len(friendships):,} friendships (seed {seed}): "
        f"{out / 'profiles.jsonl.gz'}, {out / 'friends.csv.gz'}"
    )


def sample_export(
    out: Annotated[Path, typer.Option(help="The ZIP to write, such as sample-export.zip.")], seed: Seed = 7
) -> None:
    """Make a Spotify data export for an invented listener, who plays artists of the community in the feature store.

    Nobody's listening is copied. The ZIP is shaped as Spotify's own: no genres, no years, private members that are
    filled with nonsense.
    """
    import numpy as np

    from features.compose import build
    from features.console import stderr
    from features.errors import StoreError
    from features.settings import FeatureSettings, load
    from features.synthetic.export_zip import export_zip
    from features.synthetic.sample import invent_listener
    from features.synthetic.write import write_bytes

    rng = np.random.default_rng(seed)
    store = build(load(FeatureSettings)).store
    sample = invent_listener((person.listening for batch in store.scan() for person in batch), rng)
    if not sample.artists:
        raise StoreError("The feature store holds nobody yet.", "Import somebody: python -m features import PATH")
    write_bytes(out, export_zip(sample, rng))
    likes = " and ".join(genre or "what others play" for genre in sample.shelves)
    stderr().print(f"A Spotify export of an invented listener who likes {likes}: {out}")
