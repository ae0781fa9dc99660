"""The command ``synthesize``. It only makes files; ``features.cli`` hangs it into the room's command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def synthesize(
    out: Annotated[Path, typer.Option(help="Folder for profiles.jsonl.gz and friends.csv.gz.")],
    people: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many people to invent.")] = 3_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same community.")] = 7,
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
