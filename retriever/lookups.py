"""The background thread that looks up genres of artists at MusicBrainz, one after the other; requests read answers."""

from __future__ import annotations

import logging

from features.errors import FeaturesError
from features.genres.lookups import MusicBrainzLookups
from retriever.repeating import Repeating

_log = logging.getLogger(__name__)
_EVERY_S = 1.0


class GenreLookups(Repeating):
    """Looks up an artist a second, as long as there are some whose genres nobody knows."""

    def __init__(self, lookups: MusicBrainzLookups) -> None:
        super().__init__("genre look-ups", _EVERY_S)
        self._lookups = lookups

    def step(self) -> None:
        """Look up one; where that fails, the look-ups themselves see to it that it is not asked for at once again."""
        try:
            self._lookups.step()
        except FeaturesError as error:
            _log.warning("genres are not looked up for a while: %s", error)
