from dataclasses import replace

import numpy as np

from features.profile import UserId
from features.user_features import DECADES
from indexer.ports import PersonVector
from retriever.about import brief_of, decades_of, export_of
from tests.builders import NOW, a_playlist, a_profile, a_track, features_of

(ANN,) = features_of(a_profile("ann", a_playlist("p", a_track("Air", genres=["pop"], plays=3), "Can")))


def test_decades_are_named_and_the_empty_ones_left_out() -> None:
    shares = np.zeros(DECADES, np.float32)
    shares[[4, 9]] = 0.25, 0.75

    assert decades_of(shares) == {"1960s": 0.25, "2010s": 0.75}


def test_somebody_in_brief_is_what_was_read_of_them() -> None:
    brief = brief_of(ANN)

    assert (brief.user_id, set(brief.top_artists), brief.top_genres) == ("ann", {"Air", "Can"}, ("pop",))
    assert (brief.counts.playlists, brief.counts.artists, brief.counts.genres) == (1, 2, 1)


def test_an_export_holds_the_profile_and_every_vector() -> None:
    point = PersonVector(UserId("ann"), np.array([0.6, 0.8], np.float32), {"artists": "Air"})
    everything = export_of(ANN, point, "users-v1-b1")

    assert [track.artist for track in everything.profile.playlists[0].tracks] == ["Air", "Can"]
    assert everything.vectors.keys() == {"genre", "artist", "playlist"}
    told = [export_of(replace(ANN, consented_at=at), None, "") for at in (NOW, None)]
    assert [(each.consent, each.consented_at) for each in told] == [(True, NOW), (False, None)]
    assert everything.indexed is not None
    assert (everything.indexed.index, everything.indexed.payload) == ("users-v1-b1", {"artists": "Air"})


def test_an_export_of_somebody_who_is_not_in_the_index_says_so() -> None:
    assert export_of(ANN, None, "users-v1-b1").indexed is None
