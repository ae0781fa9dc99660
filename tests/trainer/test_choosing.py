from datetime import UTC, datetime

import pytest

from trainer.choosing import best_of, latest_of
from trainer.errors import NoModel
from trainer.ports import ModelCard


def a_card(version: int, *, accepted: bool = True, **metrics: float) -> ModelCard:
    return ModelCard(version, datetime(2026, 11, 24, tzinfo=UTC), "text", {}, metrics, {}, accepted, "")


def test_the_latest_is_by_number_in_whatever_order_they_come():
    assert latest_of([a_card(2), a_card(11), a_card(12, accepted=False), a_card(3)]) == 11


def test_the_best_is_the_newest_of_equals_in_whatever_order_they_come():
    cards = [a_card(4, mrr=0.5), a_card(2, mrr=0.7), a_card(1, mrr=0.7), a_card(5, mrr=0.9, accepted=False), a_card(6)]
    assert best_of(cards, "mrr") == best_of(cards[::-1], "mrr") == 2


def test_without_one_that_is_accepted_there_is_none():
    with pytest.raises(NoModel, match="python -m trainer train"):
        latest_of([a_card(1, accepted=False)])
    with pytest.raises(NoModel, match="No model has the metric 'auc'"):
        best_of([a_card(1, mrr=0.5)], "auc")
