import logging

import pytest

from indexer.errors import IndexBeingRewritten, IndexInUse, NoIndex
from retriever.handover import patiently


class Opening:
    """Fails with each of ``errors`` in turn, then opens."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = [*errors]
        self.tries = 0

    def __call__(self) -> str:
        self.tries += 1
        if self._errors:
            raise self._errors.pop(0)
        return "opened"


def test_what_another_process_lets_go_of_is_opened(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        opened = patiently(Opening(IndexInUse("Somebody has it."), IndexBeingRewritten("An eraser has it.")))

    assert opened == "opened"
    assert caplog.messages == ["waiting: Somebody has it."]


def test_a_server_that_stays_is_not_waited_for_long() -> None:
    opening = Opening(*[IndexInUse("Somebody has it.")] * 1000)

    with pytest.raises(IndexInUse, match="Somebody has it"):
        patiently(opening, in_use_s=0.3)

    assert opening.tries > 1


def test_an_eraser_is_waited_for_longer() -> None:
    assert patiently(Opening(*[IndexBeingRewritten("An eraser has it.")] * 3), in_use_s=0) == "opened"


def test_other_troubles_are_told_at_once() -> None:
    opening = Opening(NoIndex("There is none."))

    with pytest.raises(NoIndex):
        patiently(opening)

    assert opening.tries == 1
