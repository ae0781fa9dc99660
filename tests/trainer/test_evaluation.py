import gzip
from pathlib import Path

import numpy as np
import pytest

from features.profile import UserId
from features.synthetic.community import Community
from features.user_features import UserFeatures
from features.vectors import TextVectors, mixtures_of
from tests.builders import WordEncoder, a_community, features_of
from trainer.errors import BadFriends
from trainer.evaluation import MIN_ARTISTS, SIZES, Questions, answer, ask, by_size, cosines
from trainer.friends import Friendships, read_friends
from trainer.methods import Method, RandomVectors, raw_features, similarities
from trainer.rivals import ArtistRows


def _questions(people: int = 60) -> Questions:
    community = features_of(*a_community(people))
    vectors = TextVectors({t for p in community for t in mixtures_of(p.listening).texts()}, WordEncoder())
    return ask(community, {p.user_id for p in community[:20]}, vectors, seed=0)


def _scene(person: UserFeatures) -> int:
    return int(person.user_id.split("-")[1]) % 4


def evaluate(method: Method, questions: Questions, friends: Friendships | None) -> dict[str, float]:
    return {name: found.mean() for name, found in answer(method, questions, friends).items()}


def by_scene(people: list[UserFeatures]) -> np.ndarray:
    """An oracle of the scene, with a little of the person, so that nobody ties."""
    rows = np.array(
        [
            [
                *(4.0 * (_scene(p) == s) for s in range(4)),
                *np.random.default_rng(int(p.user_id.split("-")[1])).standard_normal(8),
            ]
            for p in people
        ]
    )
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def collapsed(people: list[UserFeatures]) -> np.ndarray:
    return np.full((len(people), 4), 0.5, np.float32)


def test_halves_are_asked_only_of_people_with_enough_artists_on_both_sides_among_everybody() -> None:
    questions = _questions()

    assert len(questions.left) == 20
    assert len(questions.right) == 60
    for half, own in zip(questions.left, questions.halves_of, strict=True):
        assert half.user_id == questions.right[own].user_id
        assert not half.listening.artist_weights().keys() & questions.right[own].listening.artist_weights().keys()
        assert len(half.listening.artist_weights()) >= MIN_ARTISTS


def test_a_perfect_method_finds_everybody_and_a_collapsed_one_nobody() -> None:
    questions = _questions()

    perfect, nothing = evaluate(by_scene, questions, None), evaluate(collapsed, questions, None)

    assert perfect["halves_hit_at_1"] == perfect["halves_mrr"] == 1.0
    assert nothing["halves_hit_at_10"] == 0.0


def test_artist_tf_idf_cannot_find_halves_by_construction_but_recommends_artists() -> None:
    questions = _questions()
    figures = evaluate(ArtistRows.learn(questions.people, np.log1p, by_rarity=True), questions, None)

    assert figures["halves_hit_at_10"] == 0.0
    assert figures["artist_recall_at_20"] > evaluate(RandomVectors(0), questions, None)["artist_recall_at_20"] + 0.2


def test_friends_of_the_same_scene_are_found_by_whoever_sees_the_scene() -> None:
    questions = _questions()
    row_of = {person.user_id: row for row, person in enumerate(questions.people)}
    pairs = [(f"person-{i}", f"person-{i + 4}") for i in range(56)]
    friends = Friendships(pairs, row_of, seed=0)

    seen, chance = evaluate(by_scene, questions, friends), evaluate(RandomVectors(1), questions, friends)

    assert friends.count == 56
    assert seen["friend_auc"] > 0.8
    assert 0.35 < chance["friend_auc"] < 0.65
    assert seen["friend_hit_at_10"] > chance["friend_hit_at_10"]


def test_halves_are_cut_down_to_each_bucket_of_sizes() -> None:
    questions = _questions()

    for bucket, (views, rows) in questions.cut.items():
        least, most = SIZES[bucket]
        assert all(least <= len(view.listening.artists) <= most for view in views)
        assert [view.user_id for view in views] == [questions.right[row].user_id for row in rows]
    found = by_size(by_scene, questions)
    assert found["1-10"].mean() == 1.0
    assert "50+" not in found


def test_large_halves_are_cut_down_to_the_bucket() -> None:
    community = features_of(*Community(people=12, seed=0).profiles())
    vectors = TextVectors({t for p in community for t in mixtures_of(p.listening).texts()}, WordEncoder())
    questions = ask(community, {p.user_id for p in community}, vectors, seed=0)
    small, _ = questions.cut["1-10"]

    assert max(len(half.listening.artists) for half in questions.left) > 10
    assert len(small) == len(questions.left)
    assert {len(view.listening.artists) for view in small} <= set(range(1, 11))


def test_nobody_is_among_their_own_nearest() -> None:
    questions = _questions()
    row_of = {person.user_id: row for row, person in enumerate(questions.people)}
    first, tenth = questions.people[0].user_id, questions.people[10].user_id

    def along_a_line(people: list[UserFeatures]) -> np.ndarray:
        angles = 0.05 * np.array([row_of[person.user_id] for person in people])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)

    friends = Friendships([(first, tenth)], row_of, seed=0)

    assert questions.asked[0] == 0
    assert answer(along_a_line, questions, friends)["friend_hit_at_10"].values[0] == 1.0


def test_two_halves_of_a_person_are_nearer_than_friends_and_those_than_random_pairs() -> None:
    questions = _questions()
    row_of = {person.user_id: row for row, person in enumerate(questions.people)}
    friends = Friendships([(f"person-{i}", f"person-{i + 4}") for i in range(56)], row_of, seed=0)

    means = {kind: found.mean() for kind, found in cosines(by_scene, questions, friends).items()}

    assert means["two halves of one person"] > means["friends"] > means["random pairs"]


def test_non_friends_have_about_as_many_friends_and_are_none() -> None:
    row_of = {UserId(str(i)): i for i in range(30)}
    pairs = [("0", str(i)) for i in range(1, 11)] + [(str(i), str(i + 1)) for i in range(1, 29)]
    friends = Friendships(pairs, row_of, seed=0)

    matched = list(friends.matched(1))

    assert matched
    for friend, other in matched:
        assert friend in friends.of(1)
        assert other not in friends.of(1) | {1}
        assert abs(len(friends.of(other)) - len(friends.of(friend))) <= 0.2 * len(friends.of(friend))


def test_the_same_seed_asks_the_same_questions() -> None:
    one, other = _questions(), _questions()

    assert one.hidden == other.hidden
    assert [p.listening for p in one.left] == [p.listening for p in other.left]


def test_raw_features_leave_out_what_is_missing() -> None:
    people = features_of(*a_community(3))
    rows = raw_features(people)

    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(similarities(rows, rows).diagonal(), 1, atol=1e-5)


@pytest.mark.parametrize("packed", [True, False])
def test_friends_are_read_from_csv_with_or_without_header(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / ("f.csv.gz" if packed else "f.csv")
    text = b"user_a,user_b\nann,bob\n\nbob,cid\n"
    path.write_bytes(gzip.compress(text) if packed else text)

    assert read_friends(path) == [("ann", "bob"), ("bob", "cid")]


@pytest.mark.parametrize("content", [b"a,b,c\n", b"\xff\xfe\x00", b"one\n"])
def test_a_file_that_is_no_table_of_friends_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(content)

    with pytest.raises(BadFriends):
        read_friends(path)
    with pytest.raises(BadFriends):
        read_friends(tmp_path / "missing.csv")
