import logging

import pytest

from features.errors import SourceUnavailable
from retriever.lookups import GenreLookups


class Answers:
    """Look-ups that fail the second time."""

    def __init__(self) -> None:
        self.asked = 0

    def step(self) -> None:
        self.asked += 1
        if self.asked == 2:
            raise SourceUnavailable("MusicBrainz does not answer.", "Try again later.")


def test_one_artist_is_looked_up_at_a_time_and_a_failure_is_told_and_not_the_end(caplog: pytest.LogCaptureFixture):
    answers = Answers()
    lookups = GenreLookups(answers)  # type: ignore[arg-type]
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            lookups.step()
    assert answers.asked == 3
    assert [record.getMessage() for record in caplog.records] == [
        "genres are not looked up for a while: MusicBrainz does not answer. Try again later."
    ]
