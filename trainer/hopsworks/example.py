"""The input example of a registered model: an invented listener, in the columns of the feature group. Pure."""

from __future__ import annotations

from typing import Any

from features.listening import Listening, PlaylistListening
from features.sqlite.codec import encode_listening

_LISTENING = Listening(
    (PlaylistListening("Sunday", ("Nina Simone", "Air"), (12.0, 3.0), (1965, 1998)),),
    {"Nina Simone": ("vocal jazz",), "Air": ("electronic",)},
)


def input_example(width: int) -> dict[str, Any]:
    """What a model is handed of one person; ``width``: that of the text model's vectors."""
    part = [round(width**-0.5, 6)] * width  # a unit vector
    artists, genres = _LISTENING.artist_weights(), _LISTENING.genre_weights()
    return {
        "genre_embedding": part,
        "artist_embedding": part,
        "playlist_embedding": part,
        "artists": list(artists),
        "artist_weights": list(artists.values()),
        "genres": list(genres),
        "genre_weights": list(genres.values()),
        "listening": encode_listening(_LISTENING).decode(),
    }
