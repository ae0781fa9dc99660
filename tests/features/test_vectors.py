import numpy as np
import pytest

from features.compact import Limits, listening_of
from features.errors import EmptyProfile
from features.listener import listener_of
from features.ports import ArtistFacts
from features.vectors import TextVectors, mixtures_of, view_of
from tests.builders import KnownFacts, WordEncoder, a_community, a_playlist, a_profile, a_track, features_of


def test_vectors_are_float32_unit_vectors_of_the_encoders_width() -> None:
    (ann,) = features_of(a_profile("ann", a_playlist("p", a_track("Air", genres=["trip hop"], release_year=1998))))

    for vector in (ann.genre, ann.artist, ann.playlist):
        assert vector is not None
        assert vector.dtype == np.float32
        assert vector.shape == (384,)
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


def test_a_missing_part_is_none_and_lowers_the_coverage_instead_of_being_zero() -> None:
    (ann,) = features_of(a_profile("ann", a_playlist("p", "Air")))

    assert ann.genre is None
    assert ann.years is None
    assert (ann.coverage.genres, ann.coverage.years) == (0.0, 0.0)


def test_coverage_is_the_share_of_the_artists_weight() -> None:
    (ann,) = features_of(
        a_profile(
            "ann", a_playlist("p", a_track("A", plays=10, genres=["g"]), a_track("B", plays=10, release_year=1990))
        )
    )

    assert (ann.coverage.genres, ann.coverage.years) == (0.5, 0.5)


def test_what_the_catalogue_knows_counts_as_covered() -> None:
    facts = KnownFacts({"Air": ArtistFacts(3, ("trip hop",), 1998)})

    (ann,) = features_of(a_profile("ann", a_playlist("p", "Air")), facts=facts)

    assert ann.genre is not None
    assert ann.coverage.genres == ann.coverage.years == 1.0
    assert ann.listening.filled_genres == {"Air"}


def test_heavy_rotation_pulls_the_artist_vector_but_does_not_drown_the_rest() -> None:
    encoder = WordEncoder()
    (ann,) = features_of(a_profile("ann", a_playlist("p", a_track("Heavy", plays=1000), a_track("Light", plays=10))))
    heavy, light = encoder.encode(["Heavy", "Light"])

    assert ann.artist is not None
    assert ann.artist @ heavy > ann.artist @ light > 0.2


def test_more_than_the_top_five_artists_shape_the_vector() -> None:
    artists = [a_track(f"A{i}", plays=100 - i) for i in range(6)]
    (five, six) = features_of(
        a_profile("five", a_playlist("p", *artists[:5])), a_profile("six", a_playlist("p", *artists))
    )

    assert five.artist is not None
    assert six.artist is not None
    assert not np.allclose(five.artist, six.artist)


def test_decades_sum_to_one_and_years_are_weighted() -> None:
    (ann,) = features_of(
        a_profile(
            "ann",
            a_playlist("p", a_track("A", plays=1000, release_year=1975), a_track("B", plays=1, release_year=2005)),
        )
    )

    assert ann.years is not None
    heavy, light = np.log1p([1000, 1])
    mean = (1975 * heavy + 2005 * light) / (heavy + light)
    assert ann.years.mean == pytest.approx(mean)
    assert ann.years.std == pytest.approx(np.sqrt((mean - 1975) * (2005 - mean)))
    assert float(ann.years.decades.sum()) == pytest.approx(1)
    assert ann.years.decades[5] > ann.years.decades[8] > 0


def test_the_same_profile_gives_the_same_vector_alone_and_in_a_batch() -> None:
    profiles = a_community(5)
    together, alone = features_of(*profiles), [features_of(profile)[0] for profile in profiles]

    for one, other in zip(together, alone, strict=True):
        assert one.genre is not None
        assert other.genre is not None
        assert one.genre.tobytes() == other.genre.tobytes()


def test_a_view_of_the_whole_listening_is_the_person() -> None:
    (ann,) = features_of(a_community(1)[0])
    vectors = TextVectors(mixtures_of(ann.listening).texts(), WordEncoder())

    view = view_of(ann, ann.listening, vectors)

    assert view.playlist is not None
    assert ann.playlist is not None
    assert view.playlist.tobytes() == ann.playlist.tobytes()
    assert view.coverage == ann.coverage


def test_a_playlist_is_half_its_name_and_a_quarter_each_its_artists_and_their_genres() -> None:
    listening = listening_of(
        a_profile("ann", a_playlist("p", a_track("A", plays=3, genres=["g", "h"]), a_track("B", plays=1)))
    )
    size, heavy, light = np.log1p(2), np.log1p(3), np.log1p(1)

    assert mixtures_of(listening).playlist == pytest.approx(
        {
            "p": size * 0.5,
            "A": size * 0.25 * heavy / (heavy + light),
            "B": size * 0.25 * light / (heavy + light),
            "g": size * 0.125,
            "h": size * 0.125,
        }
    )


def test_an_artists_genres_share_its_weight() -> None:
    listening = listening_of(
        a_profile("ann", a_playlist("p", a_track("A", plays=3, genres=["g", "h"]), a_track("B", genres=["g"])))
    )

    assert mixtures_of(listening).artist == pytest.approx({"A": np.log1p(3), "B": np.log1p(1)})
    assert mixtures_of(listening).genre == pytest.approx({"g": np.log1p(3) / 2 + np.log1p(1), "h": np.log1p(3) / 2})


def test_all_texts_of_a_batch_are_encoded_in_one_call() -> None:
    encoder = WordEncoder()
    features_of(*a_community(4), encoder=encoder)

    assert len(encoder.encoded) == len(set(encoder.encoded))


def test_limits_reach_the_vectors() -> None:
    profile = a_profile("ann", a_playlist("p", a_track("A", plays=9), "B"), a_playlist("q", "C"))
    (limited,) = features_of(profile, limits=Limits(top_artists=1, playlists=1))

    assert limited.listening.artist_weights() == {"A": 9.0}


def test_an_empty_profile_is_refused_with_a_mend() -> None:
    with pytest.raises(EmptyProfile, match="Add at least one playlist"):
        listener_of(a_profile("ann"))
