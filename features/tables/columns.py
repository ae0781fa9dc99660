"""People as a table: its columns and what they mean, in Hopsworks and in files. How people become rows: ``frames``."""

from __future__ import annotations

from dataclasses import dataclass

KEY, EVENT_TIME, FINGERPRINT = "user_id", "updated_at", "fingerprint"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: ``type`` as Hopsworks and Spark write it."""

    name: str
    type: str
    description: str


_VECTOR = "float32 unit vector of the text model's width; null where the source tells nothing"
COLUMNS = (
    Column(KEY, "string", "Id of the person; the primary key"),
    Column(EVENT_TIME, "timestamp", "When these features were made, UTC; the event time"),
    Column(FINGERPRINT, "string", "Digest of all but the time, by which a change is known"),
    Column("display_name", "string", "Name that the person shows; null where unknown"),
    Column("profile_url", "string", "Address of the person's profile; null where unknown"),
    Column("source", "string", "What the listening was read from, such as spotify-export"),
    Column("consent", "boolean", "Whether the person agreed to be found by others"),
    Column("consented_at", "timestamp", "When they agreed, UTC; null where they did not"),
    Column("text_model", "string", "Text encoder that the three vectors came from"),
    Column("genre_embedding", "array<float>", f"Genres, weighted: {_VECTOR}"),
    Column("artist_embedding", "array<float>", f"Artists, weighted: {_VECTOR}"),
    Column("playlist_embedding", "array<float>", f"Playlists and their names: {_VECTOR}"),
    Column("year_mean", "double", "Weighted mean release year; null where unknown"),
    Column("year_std", "double", "Weighted standard deviation of the release years, in years"),
    Column("decades", "array<float>", "Share of the weight by decade, 1920s and before to 2030s and after"),
    Column("genre_coverage", "double", "Share of the artists' weight whose genres are known, 0 to 1"),
    Column("year_coverage", "double", "Share of the artists' weight whose release year is known, 0 to 1"),
    Column("artists", "array<string>", "Artists, the heaviest first"),
    Column("artist_weights", "array<float>", "Weights of artists: plays where known, else tracks"),
    Column("genres", "array<string>", "Genres, the heaviest first"),
    Column("genre_weights", "array<float>", "Weights of genres: the sum over their artists"),
    Column("listening", "string", "JSON: playlists with artists, weights and years; genres by artist"),
)
VECTORS = ("genre_embedding", "artist_embedding", "playlist_embedding")
DERIVED = ("consent", "artists", "artist_weights", "genres", "genre_weights")
"""What the other columns tell already, for those who ask in SQL; nobody is read from these."""
READ = tuple(column.name for column in COLUMNS if column.name not in DERIVED)
