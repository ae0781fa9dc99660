from trainer.votes import recommend_artists


def test_similar_people_and_heavy_artists_weigh_more() -> None:
    neighbours = [(0.9, ["a", "b"]), (0.3, ["c", "b"])]

    assert [artist for artist, _ in recommend_artists(neighbours, set(), 3)] == ["a", "b", "c"]


def test_known_artists_and_unlike_people_do_not_count() -> None:
    ranked = recommend_artists([(0.9, ["known", "new"]), (-0.5, ["far"])], {"known"}, 10)

    assert [artist for artist, score in ranked if score > 0] == ["new"]


def test_ties_are_by_name_and_the_limit_holds() -> None:
    assert [artist for artist, _ in recommend_artists([(1.0, ["b"]), (1.0, ["a"])], set(), 1)] == ["a"]
