"""MusicBrainzLookups: who is to be looked up, and the look-ups, one at a time. Threads and commands are the callers'.

There is no list of names on disk: who is to be looked up follows from the feature store, where a deleted person's
artists are not any more, and from the answers so far. So an interruption costs one answer.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice

from features.errors import SourceUnavailable
from features.genres.answers import MusicBrainzGenres, Outcome
from features.genres.musicbrainz import MusicBrainz
from features.ports import GenreSource, Untagged

_AT_ONCE = 500
_LOOK_AGAIN_S = 60.0


class MusicBrainzLookups:
    """Look-ups of the artists that no source tells the genres of, those with the most listeners first."""

    def __init__(
        self,
        untagged: Untagged,
        answers: MusicBrainzGenres,
        musicbrainz: MusicBrainz,
        known: Sequence[GenreSource] = (),
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Look up who is ``untagged``, unless a source in ``known`` knows them or it is among the ``answers``."""
        self._untagged, self._answers, self._musicbrainz, self._known = untagged, answers, musicbrainz, known
        self._clock = clock
        self._next: deque[str] = deque()
        self._not_before = 0.0

    def step(self) -> Outcome | None:
        """Look up the next artist; None where there is nobody, or MusicBrainz failed less than a minute ago.

        To be called again and again by one thread; takes as long as MusicBrainz does, a minute at most.

        Raises:
            SourceUnavailable: MusicBrainz did not answer; the artist's turn comes again.
            StoreError: a store cannot be read or written.
        """
        if self._clock() < self._not_before:
            return None
        if not self._next:
            self._next.extend(islice(self.waiting(), _AT_ONCE))
        if not self._next:
            self._not_before = self._clock() + _LOOK_AGAIN_S
            return None
        try:
            return self.look_up(self._next.popleft())
        except SourceUnavailable:
            self._not_before = self._clock() + _LOOK_AGAIN_S
            raise

    def waiting(self) -> list[str]:
        """``artist_key`` of all who are to be looked up, those with the most listeners first. Raises StoreError."""
        untagged = self._untagged.without_genres()
        done = set(self._answers.answers(untagged))
        for source in self._known:
            done |= source.genres(untagged).keys()
        return [artist for artist in untagged if artist not in done]

    def look_up(self, artist: str) -> Outcome:
        """Look up an artist and keep the answer. Raises SourceUnavailable and StoreError."""
        answer = self._musicbrainz.ask(artist)
        self._answers.keep(artist, answer)
        return answer.outcome

    def close(self) -> None:
        """Close the connections and the file."""
        self._musicbrainz.close()
        self._answers.close()
