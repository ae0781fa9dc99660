"""kill -9 of the server and of the indexer at random moments, under writes: nothing is lost, and nothing comes back.

CHAOS_KILLS says how many times, CHAOS_SEED repeats a run; ``make chaos`` does more of it.
"""

import json
import os
import random
from pathlib import Path

import pytest

from tests.whole.chaos import ARTISTS, Ledger, kill_the_indexer, kill_the_server, must_be_whole
from tests.whole.programs import SMALL, a_small_home, done

# With others, as the largest groups begin: alone it would be the last test of all, and the other process idle.
pytestmark = pytest.mark.xdist_group("privacy")
KILLS = int(os.environ.get("CHAOS_KILLS", "8"))
SEED = int(os.environ.get("CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
CHECKED_EVERY = 4


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = a_small_home(tmp_path_factory, "chaos")
    # Their texts are known, or most of a server's short life would go by with the loading of the text model.
    tracks = [{"artist": artist} for artist in ARTISTS]
    knows_all = home.parent / "knows-all.json"
    knows_all.write_text(json.dumps({"user_id": "knows-all", "playlists": [{"name": "p", "tracks": tracks}]}))
    done(home, "features", "import", str(knows_all))
    done(home, "features", "delete", "knows-all")
    return home


def test_what_was_acknowledged_outlives_any_death_and_what_was_deleted_stays_gone(home: Path) -> None:
    print(f"CHAOS_SEED={SEED}")  # noqa: T201 - shown where it fails
    rng, ledger = random.Random(SEED), Ledger()  # noqa: S311
    number = 0
    while number < KILLS or (ledger.acknowledged <= 5 * KILLS and number < 5 * KILLS):  # a slow machine's life is short
        number += 1
        if number % 3:
            kill_the_server(home, ledger, rng)
        elif number % 2:
            kill_the_indexer(home, ledger, rng)
        else:
            kill_the_indexer(home, ledger, rng, "--erase", "--wait", "5")
        if number % CHECKED_EVERY == 0:
            must_be_whole(home, ledger, SMALL)
    done(home, "indexer")  # what was killed over and over again still works
    must_be_whole(home, ledger, SMALL)
    assert ledger.acknowledged > 5 * KILLS
