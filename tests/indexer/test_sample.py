import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.profile import UserId
from indexer.sample import Sampler


def a_sample(order: list[int], size: int, batch: int) -> tuple[list[UserId], list[float]]:
    sampler = Sampler(size, 1)
    for at in range(0, len(order), batch):
        some = order[at : at + batch]
        sampler.add([UserId(str(number)) for number in some], np.array(some, np.float32)[:, None])
    ids, vectors = sampler.sample(size)
    return list(ids), vectors[:, 0].tolist()


@given(st.permutations(range(40)), st.integers(1, 50), st.integers(1, 50))
def test_the_same_people_are_drawn_in_whatever_order_and_batches_they_come(order: list[int], size: int, batch: int):
    ids, vectors = a_sample(order, size, batch)
    assert (ids, vectors) == a_sample(list(range(40)), size, 40)
    assert len(ids) == min(size, 40)
    assert [float(each) for each in ids] == vectors


def test_everybody_is_as_likely_to_be_drawn_and_a_smaller_sample_is_a_part_of_a_larger_one():
    ids, _ = a_sample(list(range(20_000)), 4_000, 1_000)
    drawn = np.array([int(each) for each in ids])
    assert np.abs(np.histogram(drawn, 10, (0, 20_000))[0] - 400).max() < 80  # four standard deviations
    assert a_sample(list(range(20_000)), 100, 1_000)[0] == ids[:100]
