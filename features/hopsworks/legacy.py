"""Version 2 of the feature group, which an earlier program left behind: vectors in doubles, no listening, no time.

Reading only. What is missing there stays missing: people come without playlists and years, so reasons cannot be given
for them before they are read or imported again. The earlier program read public profiles from Spotify's API, so they
are treated as such.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from features.errors import HopsworksError, StoreError
from features.hopsworks.schema import NAME
from features.hopsworks.session import Project, Session
from features.listening import Listening
from features.profile import UserId
from features.provenance import SPOTIFY_EARLIER
from features.tables.columns import KEY, VECTORS
from features.user_features import Coverage, UserFeatures, Vector

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = 2
_COLUMNS = (KEY, *VECTORS)


@dataclass(frozen=True, slots=True)
class Origin:
    """What version 2 does not say of its people.

    Attributes:
        text_model: the encoder that their vectors came from.
        width: of its vectors.
        consent: whether they agreed to be found by others; dated by ``updated_at``.
        updated_at: the time to give them, timezone-aware.
    """

    text_model: str
    width: int
    consent: bool
    updated_at: datetime


class LegacyGroup:
    """The people of version 2. Every method may raise ``HopsworksError``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def people(self, origin: Origin) -> Generator[list[UserFeatures]]:
        """Everybody who has a vector, in batches; who stands there twice may come twice.

        To be closed by who stops before the end.

        Raises:
            HopsworksError: there is no version 2.
            StoreError: its vectors are of another width than the text model's.
        """
        with closing(self._session.stream("reading version 2", self._opened)) as batches:
            yield from (people_of(batch, origin) for batch in batches)

    @contextmanager
    def _opened(self, project: Project) -> Iterator[Iterator[pa.RecordBatch]]:
        group = project.get_feature_store().get_feature_group(NAME, VERSION)
        if group is None:
            raise HopsworksError(
                f"There is no version {VERSION} of the feature group {NAME} in this project.",
                "There is nothing to migrate.",
            )
        with group.select(list(_COLUMNS)).read_batches() as batches:
            yield batches


def people_of(batch: pa.RecordBatch, origin: Origin) -> list[UserFeatures]:
    """The people in rows of version 2; those without any vector are left out. Errors as in ``LegacyGroup.people``."""
    columns = {name: batch.column(name).to_pylist() for name in _COLUMNS}
    people = []
    for at, user_id in enumerate(columns[KEY]):
        genre, artist, playlist = (_unit(columns[name][at], origin, user_id) for name in VECTORS)
        if user_id and any(part is not None for part in (genre, artist, playlist)):
            people.append(_person(UserId(user_id), (genre, artist, playlist), origin))
    return people


def _person(user_id: UserId, parts: Sequence[Vector | None], origin: Origin) -> UserFeatures:
    genre, artist, playlist = parts
    return UserFeatures(
        user_id=user_id,
        display_name=None,
        profile_url=None,
        source=SPOTIFY_EARLIER,
        consented_at=origin.updated_at if origin.consent else None,
        updated_at=origin.updated_at,
        text_model=origin.text_model,
        genre=genre,
        artist=artist,
        playlist=playlist,
        years=None,
        coverage=Coverage(genres=0.0, years=0.0),
        listening=Listening(()),
    )


def _unit(values: Sequence[float] | None, origin: Origin, user_id: str) -> Vector | None:
    """A float32 unit vector; None for a missing one, for which version 2 has nothing, an empty list or zeros."""
    if not values:
        return None
    vector: npt.NDArray[np.float64] = np.asarray(values, np.float64)
    if len(vector) != origin.width or not np.isfinite(vector).all():
        raise StoreError(
            f"A vector of {user_id} in version {VERSION} is not {origin.width} finite numbers, as those of the text "
            f"model {origin.text_model} are.",
            "Name the model that they came from in SOUNDALIKE_TEXT_MODEL.",
        )
    norm = float(np.linalg.norm(vector))
    return (vector / norm).astype(np.float32) if norm > 0 else None
