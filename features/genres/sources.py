"""Genre sources put together: a catalogue as a source, a chain of sources, a catalogue that asks further ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from features.ports import ArtistCatalog, ArtistFacts, GenreSource

_UNKNOWN = ArtistFacts(people=0)


class CatalogGenres:
    """GenreSource of what a catalogue knows."""

    def __init__(self, catalog: ArtistCatalog) -> None:
        self._catalog = catalog

    def genres(self, artists: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """Genres of those whose genres are known. Raises StoreError where the catalogue cannot be read."""
        return {artist: facts.genres for artist, facts in self._catalog.facts(artists).items() if facts.genres}


class FirstKnown:
    """GenreSource that asks its sources in their order: the first one that knows an artist wins."""

    def __init__(self, sources: Sequence[GenreSource]) -> None:
        self._sources = tuple(sources)

    def genres(self, artists: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """Genres of those whom some source knows. Raises what the sources raise."""
        found: dict[str, tuple[str, ...]] = {}
        for source in self._sources:
            missing = [artist for artist in artists if artist not in found]
            if not missing:
                break
            found |= source.genres(missing)
        return found


class WiderCatalog:
    """ArtistCatalog of the community that asks a further source for genres which the community does not know.

    What is counted stays the community's own: a genre that only the further source tells of is nobody's.
    """

    def __init__(self, community: ArtistCatalog, further: GenreSource) -> None:
        self._community, self._further = community, further

    def facts(self, artists: Iterable[str]) -> Mapping[str, ArtistFacts]:
        """Facts on those of ``artists`` that are known, keyed as asked.

        Raises:
            StoreError, GenreTableError: a source cannot be read.
        """
        asked = list(dict.fromkeys(artists))
        facts = dict(self._community.facts(asked))
        without = [artist for artist in asked if not facts.get(artist, _UNKNOWN).genres]
        for artist, genres in self._further.genres(without).items():
            facts[artist] = replace(facts.get(artist, _UNKNOWN), genres=genres)
        return facts

    def popularity(self) -> tuple[dict[str, int], dict[str, int]]:
        """Number of people per ``artist_key``, and per genre, in the community. Raises StoreError."""
        return self._community.popularity()
