from collections.abc import Callable

import numpy as np
import pytest

from features.user_features import UserFeatures
from tests.builders import a_community, a_playlist, a_profile, a_track, features_of
from trainer.census import census_of
from trainer.community import Widths, learn
from trainer.methods import Joined, Method, similarities
from trainer.rivals import ArtistRows, co_listening_mean, rivals, rivals_of, truncated_svd

FACTORED = ("co-listening mean", "tf-idf, SVD 64", "√plays × idf, SVD 128")
NAMES = ("random", "raw features", "play counts", "artist tf-idf", *FACTORED)


@pytest.fixture(scope="module")
def community() -> list[UserFeatures]:
    return features_of(*a_community(80))


@pytest.fixture(scope="module")
def methods(community: list[UserFeatures]) -> dict[str, Method]:
    return rivals(community[:60], seed=0)


def _who_plays(*artists: str, user_id: str = "new") -> UserFeatures:
    return features_of(a_profile(user_id, a_playlist("p", *artists)))[0]


def _who_plays_often(**plays: int) -> UserFeatures:
    return features_of(a_profile("new", a_playlist("p", *(a_track(name, plays=n) for name, n in plays.items()))))[0]


def _alike(method: Method, one: UserFeatures, other: UserFeatures) -> float:
    return float(similarities(method([one]), method([other]))[0, 0])


def _by_rarity(train: list[UserFeatures]) -> ArtistRows:
    return ArtistRows.learn(train, np.log1p, by_rarity=True)


def _by_plays(train: list[UserFeatures]) -> ArtistRows:
    return ArtistRows.learn(train, lambda plays: plays, by_rarity=False)


def test_rivals_are_named_the_weakest_first(methods: dict[str, Method]) -> None:
    assert tuple(methods) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_rival_gives_everybody_a_unit_row(
    name: str, methods: dict[str, Method], community: list[UserFeatures]
) -> None:
    rows = methods[name](community)

    assert rows.shape[0] == 80
    np.testing.assert_allclose(np.diag(similarities(rows, rows)), 1, atol=1e-5)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "random"])
def test_a_persons_row_does_not_depend_on_who_else_is_asked_about(
    name: str, methods: dict[str, Method], community: list[UserFeatures]
) -> None:
    alone, among = methods[name](community[5:6]), methods[name](community)[5:6]

    np.testing.assert_allclose(similarities(alone, among), 1, atol=1e-5)


@pytest.mark.parametrize("name", NAMES[1:])
def test_people_of_one_scene_are_nearer_to_each_other_than_to_others(
    name: str, methods: dict[str, Method], community: list[UserFeatures]
) -> None:
    new = methods[name](community[60:])
    near = similarities(new, new)
    scene = np.arange(20) % 4
    same, self = scene[:, None] == scene[None, :], np.eye(20, dtype=bool)

    assert near[same & ~self].mean() > near[~same].mean() + 0.05


@pytest.mark.parametrize("name", FACTORED)
def test_a_factored_rival_sees_the_scene_behind_people_without_a_common_artist(
    name: str, methods: dict[str, Method]
) -> None:
    one, other, stranger = (
        _who_plays(*(f"Scene {scene} artist {number}" for number in numbers))
        for scene, numbers in [(1, range(8)), (1, range(20, 28)), (2, range(8))]
    )

    assert _alike(methods["artist tf-idf"], one, other) == 0
    assert _alike(methods[name], one, other) > _alike(methods[name], one, stranger) + 0.05


@pytest.mark.parametrize("people", [2, 3, 8])
def test_a_tiny_community_has_narrower_rivals_and_no_error(people: int) -> None:
    tiny = features_of(*a_community(people, scenes=1))

    for method in rivals(tiny, seed=0).values():
        rows = method(tiny)
        assert rows.shape[0] == people
        np.testing.assert_allclose(np.diag(similarities(rows, rows)), 1, atol=1e-5)


def test_factored_rivals_are_as_wide_as_asked_for(community: list[UserFeatures]) -> None:
    assert co_listening_mean(community, 7)(community).shape == (80, 7)
    assert truncated_svd(community, _by_rarity(community), 5)(community).shape == (80, 5)


@pytest.mark.parametrize("learn", [_by_rarity, _by_plays])
def test_people_without_a_common_artist_have_nothing_in_common(learn, community: list[UserFeatures]) -> None:
    near = similarities(learn(community)(community), learn(community)(community))
    artists = [person.listening.artists for person in community]

    for row, mine in enumerate(artists):
        for other, theirs in enumerate(artists):
            assert (near[row, other] > 0) == bool(mine & theirs)


def test_an_artist_is_the_same_however_it_is_spelled(community: list[UserFeatures]) -> None:
    one, other = _who_plays("Scene 1 artist 3", "The  UNHEARD"), _who_plays("SCENE 1  artist 3", "the unheard")

    assert _alike(_by_rarity(community), one, other) == pytest.approx(1, abs=1e-5)


def test_artists_nobody_in_training_has_still_join_and_tell_people_apart(community: list[UserFeatures]) -> None:
    one, same, other = _who_plays("Nobody Knows"), _who_plays("nobody knows"), _who_plays("Nor This")

    assert _alike(_by_rarity(community), one, same) == pytest.approx(1, abs=1e-5)
    assert _alike(_by_rarity(community), one, other) == 0


def test_artists_nobody_in_training_has_are_never_taken_for_known_ones() -> None:
    train = [_who_plays(*(f"known {number}" for number in range(1000)))]
    rows = _by_rarity(train)([*train, _who_plays(*(f"unknown {number}" for number in range(4000)))])

    assert similarities(rows, rows)[0, 1] == 0


@pytest.mark.parametrize("name", FACTORED)
def test_whom_a_factored_rival_knows_nothing_of_has_a_zero_row(name: str, methods: dict[str, Method]) -> None:
    rows = methods[name]([_who_plays("Nobody Knows"), _who_plays("Nobody Knows", "Scene 1 artist 3")])

    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), [0, 1], atol=1e-5)


def test_an_artist_of_a_single_person_has_a_column_but_no_factored_vector() -> None:
    train = [*features_of(*a_community(20)), _who_plays("Only Mine", "Scene 0 artist 1")]
    rows = _by_rarity(train)

    assert "only mine" in rows.column
    assert rows.column["only mine"] not in rows.common()
    assert {rows.heard[artist] >= 2 for artist, at in rows.column.items() if at in rows.common()} == {True}


def test_a_rare_artist_in_common_counts_more_than_a_well_known_one_only_by_rarity() -> None:
    train = [_who_plays("Rare" if number == 0 else "Famous", user_id=f"p{number}") for number in range(20)]
    both, famous, rare = _who_plays("Rare", "Famous"), _who_plays("Famous"), _who_plays("Rare")

    assert _alike(_by_rarity(train), both, rare) > _alike(_by_rarity(train), both, famous) + 0.1
    assert _alike(_by_plays(train), both, rare) == pytest.approx(_alike(_by_plays(train), both, famous), abs=1e-5)


def test_what_is_played_most_drowns_the_rest_by_counts_but_not_by_logarithms(community: list[UserFeatures]) -> None:
    fan, heavy, light = _who_plays_often(loud=900, quiet=9), _who_plays_often(loud=5), _who_plays_often(quiet=5)

    counted = [_alike(_by_plays(community), fan, other) for other in (heavy, light)]
    damped = [_alike(_by_rarity(community), fan, other) for other in (heavy, light)]

    assert counted == pytest.approx([1, 0.01], abs=0.001)
    assert damped == pytest.approx(np.log1p([900, 9]) / np.hypot(*np.log1p([900, 9])), abs=0.001)


def test_chance_is_the_same_for_the_same_seed(community: list[UserFeatures]) -> None:
    one, same, other = (rivals(community[:20], seed)["random"](community) for seed in (0, 0, 1))

    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(
    "own",
    [
        pytest.param(lambda n: [f"Only {n}"], id="no artist in common"),
        pytest.param(lambda _: ["The Same"], id="one artist for all"),
        pytest.param(lambda n: [f"Pair {n // 2}"], id="artists that never occur together"),
    ],
)
def test_odd_communities_are_no_error(own: Callable[[int], list[str]]) -> None:
    people = features_of(*[a_profile(f"p-{n}", a_playlist("p", *own(n))) for n in range(24)])

    for method in rivals(people, 0).values():
        assert method(people).shape[0] == 24
    learnt = learn(census_of(person.listening for person in people), Widths(4, 4, 4, 4))
    assert all(np.isfinite(rows).all() for rows in learnt.fold([person.listening for person in people]).values())


def test_methods_side_by_side_are_as_alike_as_the_mean_of_them_by_squared_weight(
    methods: dict[str, Method], community: list[UserFeatures]
) -> None:
    one, other = methods["tf-idf, SVD 64"], methods["co-listening mean"]

    joined = similarities(*[Joined([(one, 1.0), (other, 0.7)])(community)] * 2)

    first, second = (similarities(rows, rows) for rows in (one(community), other(community)))
    np.testing.assert_allclose(joined, (first + 0.49 * second) / 1.49, atol=1e-5)


def test_the_model_is_also_shown_joined_with_what_is_simple(community: list[UserFeatures]) -> None:
    def model(people: list[UserFeatures]) -> np.ndarray:
        return np.eye(len(people), dtype=np.float32)

    found = rivals_of(model, community)  # type: ignore[arg-type]

    assert list(found)[-1] == "model + SVD 64 + mean"
    assert max(map(len, found)) <= len("model, mean of 3 seeds")  # so much fits into a table of 80 columns
    alike = similarities(*[found["model + SVD 64 + mean"](community)] * 2)
    simple = [
        similarities(rows, rows)
        for rows in (found[name](community) for name in ("tf-idf, SVD 64", "co-listening mean"))
    ]
    np.testing.assert_allclose(alike, (np.eye(80) + 0.49 * sum(simple)) / 1.98, atol=1e-5)
