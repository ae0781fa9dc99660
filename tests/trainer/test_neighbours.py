from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from torch import Tensor

from features.listening import Listening
from tests.builders import a_community, a_playlist, a_profile, a_track, features_of
from trainer.census import census_of
from trainer.community import Widths, learn
from trainer.inputs import PARTS, Inputs, inputs_of
from trainer.neighbours import BACKGROUND, MIN_PEOPLE, Gallery, NeighbourLoss, gallery_of

TEXT_WIDTH = 384


@pytest.fixture(scope="module")
def community() -> tuple[list[Listening], Inputs]:
    people = features_of(*a_community(40))
    listenings = [person.listening for person in people]
    return listenings, inputs_of(people, learn(census_of(listenings), Widths(8, 8, 4, 4)), TEXT_WIDTH)


def _listening(*artists: str, **plays: int) -> Listening:
    tracks = [*artists, *(a_track(name, plays=count) for name, count in plays.items())]
    return features_of(a_profile("new", a_playlist("p", *tracks)))[0].listening


def _gallery(listenings: Sequence[Listening], inputs: Inputs | None = None) -> Gallery:
    nothing = Inputs(np.zeros((len(listenings), 3)), np.zeros((len(listenings), len(PARTS)), bool))
    return gallery_of(dict(enumerate(listenings)), nothing if inputs is None else inputs, len(listenings))


def _keys(listening: Listening) -> set[str]:
    return {artist.casefold() for artist in listening.artists}


# The gallery


def test_who_votes_has_a_place_and_their_own_artists_votes(community: tuple[list[Listening], Inputs]) -> None:
    listenings, inputs = community
    voters = [3, 5, *range(10, 33)]

    gallery = gallery_of({row: listenings[row] for row in voters}, inputs.take(np.array(voters)), len(listenings))

    assert len(gallery.inputs) == gallery.votes.shape[0] == 25
    assert gallery.place[voters].tolist() == list(range(25))
    assert (np.delete(gallery.place, voters) == -1).all()
    names = sorted(gallery.column, key=gallery.column.__getitem__)
    for person in voters:
        voter = gallery.place[person]
        np.testing.assert_array_equal(gallery.inputs.values[voter], inputs.values[person])
        voted = {names[column] for column in gallery.votes[voter].indices}
        assert voted == _keys(listenings[person]) & gallery.column.keys()


def test_a_voters_votes_sum_to_one_or_they_have_none() -> None:
    people = [p.listening for p in features_of(*a_community(40))] + [_listening("only mine", "mine, too")]

    totals = np.asarray(_gallery(people).votes.sum(axis=1)).ravel()

    np.testing.assert_allclose(totals, [*[1.0] * 40, 0.0], atol=1e-5)


def test_heavier_artists_get_more_of_a_vote() -> None:
    gallery = _gallery([_listening(a=100, b=10, c=1)] * 3)

    votes = gallery.votes.toarray()[0, [gallery.column[name] for name in "abc"]]

    np.testing.assert_allclose(votes / votes[0], 1 / np.log2([2, 3, 4]), rtol=1e-5)


def test_only_artists_of_enough_voters_are_asked_about() -> None:
    people = [_listening("everybodys", "of two") if number < 2 else _listening("everybodys") for number in range(4)]

    assert MIN_PEOPLE == 3
    assert _gallery(people).column.keys() == {"everybodys"}


def test_where_nobody_shares_an_artist_nobody_votes() -> None:
    gallery = _gallery([_listening(name) for name in "abcd"])

    assert gallery.votes.shape == (4, 0)
    assert gallery.columns_of([_listening("a")]).shape == (1, 0)


def test_artists_of_a_listening_are_found_by_key_and_unknown_ones_left_out() -> None:
    gallery = _gallery([_listening("The Band", "b", "c")] * 3)

    rows = gallery.columns_of([_listening("THE  BAND", "nobodys"), _listening("nobodys"), _listening("c", "b")])

    assert rows.dtype == np.bool_
    found = [{name for name, column in gallery.column.items() if row[column]} for row in rows.toarray()]
    assert found == [{"the band"}, set(), {"b", "c"}]


# The loss


def _voting(votes: Sequence[Sequence[float]], temperature: float = 0.1) -> NeighbourLoss:
    matrix = sparse.csr_matrix(np.array(votes, np.float32))
    nothing = Inputs(np.zeros((len(votes), 0)), np.zeros((len(votes), len(PARTS)), bool))
    column = {str(artist): artist for artist in range(matrix.shape[1])}
    return NeighbourLoss(Gallery(nothing, np.arange(len(votes)), column, matrix), temperature)


def _asked(left: Sequence[Sequence[int]], hidden: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    return torch.tensor(left, dtype=torch.bool), torch.tensor(hidden, dtype=torch.bool)


NOBODY = torch.tensor([-1])
VOTERS = torch.eye(3)
VOTES = np.eye(3)
"""Three people unlike each other, each of whom has one artist."""


def test_the_loss_is_low_where_the_nearest_have_what_was_hidden_and_high_where_others_do() -> None:
    asked = _asked([[0, 0, 0]], [[1, 0, 0]])

    losses = [
        _voting(VOTES)(torch.tensor([[near, (1 - near**2) ** 0.5, 0.0]]), VOTERS, NOBODY, asked).item()
        for near in (1.0, 0.8, 0.6, 0.0)
    ]

    assert losses == sorted(losses)
    assert losses[0] < 0.1
    # What no neighbour has costs much, but not endlessly.
    assert losses[-1] == pytest.approx(-np.log(BACKGROUND / 3), abs=0.01)


def test_nobody_votes_on_themselves() -> None:
    asking, asked = VOTERS[:1], _asked([[0, 0, 0]], [[1, 0, 0]])
    voters = VOTERS.clone().requires_grad_()

    alone = _voting(VOTES)(asking, voters, torch.tensor([0]), asked)
    alone.backward()

    assert alone.item() == pytest.approx(-np.log(BACKGROUND / 3), abs=0.01)
    assert _voting(VOTES)(asking, VOTERS, NOBODY, asked).item() < 0.1
    assert not voters.grad[0].any()


def test_artists_that_are_left_do_not_stand_in_the_way_of_the_hidden() -> None:
    votes = [[0.8, 0.1, 0.1]] * 3
    asking = VOTERS[:1]

    counted = _voting(votes)(asking, VOTERS, NOBODY, _asked([[0, 0, 0]], [[0, 1, 0]]))
    masked = _voting(votes)(asking, VOTERS, NOBODY, _asked([[1, 0, 0]], [[0, 1, 0]]))

    assert counted.item() == pytest.approx(-np.log(0.1), abs=1e-4)
    assert masked.item() == pytest.approx(-np.log(0.5), abs=1e-4)


def test_who_has_nothing_hidden_costs_nothing_even_with_everything_left() -> None:
    loss = _voting(VOTES)(VOTERS[:1], VOTERS, NOBODY, _asked([[1, 1, 1]], [[0, 0, 0]]))

    assert loss.item() == 0


@given(st.integers(0, 1000), st.floats(0.02, 1))
def test_the_loss_is_the_likelihood_that_its_definition_gives(seed: int, temperature: float) -> None:
    rng = np.random.default_rng(seed)
    votes = rng.random((6, 9)) * (rng.random((6, 9)) < 0.4)
    votes[np.arange(9) % 6, np.arange(9)] += 0.1
    votes /= votes.sum(axis=1, keepdims=True)
    asking, voters = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in rng.standard_normal((2, 6, 4)))
    own = rng.permutation([-1, -1, 0, 1, 3, 5])
    side = rng.integers(0, 3, (6, 9))
    left, hidden = side == 1, side == 2

    expected = []
    for row in range(6):
        attention = np.exp((asking[row] @ voters.T) * min(1 / temperature, 100))
        if own[row] >= 0:
            attention[own[row]] = 0
        vote = attention / attention.sum() @ votes
        likely = np.where(left[row], 0, (1 - BACKGROUND) * vote + BACKGROUND * votes.sum(axis=0) / votes.sum())
        expected.append(-np.log((likely / likely.sum())[hidden[row]]).sum() / max(hidden[row].sum(), 1))

    tensors = [torch.tensor(each, dtype=torch.float32) for each in (asking, voters)]
    loss = _voting(votes, temperature)(*tensors, torch.tensor(own), _asked(left, hidden))

    of_whom_something_is_hidden = max(int(hidden.any(axis=1).sum()), 1)
    assert loss.item() == pytest.approx(np.sum(expected) / of_whom_something_is_hidden, rel=1e-3, abs=1e-4)


def test_the_gradient_reaches_who_asks_who_votes_and_the_temperature() -> None:
    loss = _voting([[0.7, 0.3, 0.0], [0.1, 0.6, 0.3], [0.0, 0.2, 0.8]])
    asking = torch.tensor([[0.5, 0.6, 0.62]]).requires_grad_()
    voters = VOTERS.clone().requires_grad_()

    loss(asking, voters, NOBODY, _asked([[0, 1, 0]], [[1, 0, 0]])).backward()

    for leaf in (asking, voters, loss.log_scale):
        assert torch.isfinite(leaf.grad).all()
        assert leaf.grad.any()
    # Going down brings who asks nearer to who has the hidden artist than to who has it not.
    assert asking.grad[0, 0] < 0 < asking.grad[0, 2]


def test_learning_puts_a_person_beside_those_who_have_what_was_hidden() -> None:
    loss, at = _voting(VOTES), torch.tensor([[1.0, 0.1, 0.5]]).requires_grad_()
    optimizer = torch.optim.SGD([at], lr=0.1)
    costs = []

    for _ in range(40):
        cost = loss(torch.nn.functional.normalize(at), VOTERS, NOBODY, _asked([[0, 0, 0]], [[0, 1, 0]]))
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
        costs.append(cost.item())

    assert at.argmax().item() == 1
    assert costs[0] > 3
    assert costs[-1] < 0.1


def test_whole_profiles_of_a_community_find_their_scene_better_than_random_ones(
    community: tuple[list[Listening], Inputs],
) -> None:
    listenings, inputs = community
    gallery = _gallery(listenings, inputs)
    scene = torch.nn.functional.one_hot(torch.arange(40) % 4).float()
    chance = torch.nn.functional.normalize(torch.randn(40, 4, generator=torch.Generator().manual_seed(0)))
    has = torch.from_numpy(gallery.columns_of(listenings).toarray())
    asked = (torch.zeros_like(has), has)

    seen, guessed = (
        NeighbourLoss(gallery, 0.1)(rows, rows, torch.from_numpy(gallery.place), asked).item()
        for rows in (scene, chance)
    )

    assert seen < guessed - 0.5


def test_votes_stand_in_the_order_that_a_coalesced_tensor_promises() -> None:
    people = [person.listening for person in features_of(*a_community(24))]
    empty = Inputs(np.zeros((24, 0), np.float32), np.zeros((24, 0), np.bool_))
    votes = NeighbourLoss(_gallery(people, empty), 0.1).votes

    order = votes.indices().numpy()
    flat = order[0] * votes.shape[1] + order[1]
    assert (np.diff(flat) > 0).all()
