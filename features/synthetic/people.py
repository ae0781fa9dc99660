"""The people of the synthetic community: each one's profile, which shows a part of their taste."""

from __future__ import annotations

import numpy as np

from features.profile import TasteProfile, UserId
from features.synthetic import names
from features.synthetic.artists import Artists
from features.synthetic.playlists import Shelf, draw_habits
from features.synthetic.taste import Taste, draw_taste, pull

SOURCE = "synthetic"

_FEWEST, _MOST = 3, 300


def user_id(number: int) -> UserId:
    """Such as synthetic-000123."""
    return UserId(f"synthetic-{number:06d}")


def make_profile(number: int, artists: Artists, rng: np.random.Generator) -> TasteProfile:
    """Person ``number``. Their taste is what ``rng`` gives first, so that whoever needs it alone can draw it alone."""
    taste, habits = draw_taste(rng), draw_habits(rng)
    return TasteProfile(
        user_id=user_id(number),
        display_name=names.person(rng) if rng.random() < 0.92 else None,
        source=SOURCE,
        playlists=Shelf(artists, habits, rng).playlists(_plays(taste, artists, rng)),
    )


def _plays(taste: Taste, artists: Artists, rng: np.random.Generator) -> dict[int, int]:
    """Artist -> plays, the dearest first: chosen by the pull of each without replacement, with a heavy tail."""
    count = int(np.clip(rng.lognormal(3.9, 0.75), _FEWEST, _MOST))
    keys = np.log(pull(taste, artists)) + rng.gumbel(size=len(artists.name))
    chosen = np.argsort(-keys, kind="stable")[:count]
    plays = rng.lognormal(5.5, 1.0) * rng.lognormal(0, 0.9, size=count) / np.sqrt(np.arange(1, count + 1))
    played = zip(chosen.tolist(), (1 + plays).astype(int).tolist(), strict=True)
    return dict(sorted(played, key=lambda item: -item[1]))
