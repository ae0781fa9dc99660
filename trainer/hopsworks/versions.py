"""What the SDK knows of the model's versions: metadata, metrics, tags, files moved there and back.

The methods take the SDK's ``Project`` and are run by the connection (``features.hopsworks.session``), which gives them
deadlines. What a version means lives in ``registry``.
"""

from __future__ import annotations

import logging
from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from features.hopsworks.schema import NAME, VERSION
from features.hopsworks.session import Project
from features.tables.columns import COLUMNS, EVENT_TIME
from trainer.artefact import CARD
from trainer.hopsworks.metric_names import from_letters

SdkModel: TypeAlias = Any
SdkView: TypeAlias = Any
_log = logging.getLogger(__name__)
MODEL, VIEW, TAG = "two_tower_model_torch", "two_tower_model_features", "soundalike_gate"
REGISTRATION_S = 60
"""How long the SDK asks whether a model that it sent is registered; it asks every five seconds."""
TAG_SCHEMA = (
    '{"type": "object", "properties": {"accepted": {"type": "boolean"}, "verdict": {"type": "string"}}, '
    '"required": ["accepted"]}'
)


@dataclass(frozen=True, slots=True)
class Registered:
    """A version as its metadata tell it.

    Attributes:
        version: from 1; some may be missing.
        made: when it was registered, as Hopsworks says it: another one, if a version was deleted and trained anew.
        metrics: by our names.
        accepted: as the tag says; None where there is no tag.
        description: as whoever registered it wrote it.
    """

    version: int
    made: str
    metrics: Mapping[str, float]
    accepted: bool | None
    description: str


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions of the model ``name``."""

    name: str = MODEL

    def numbers(self, project: Project) -> set[int]:
        """All of them, whoever registered them."""
        return {int(model.version) for model in project.get_model_registry().get_models(self.name)}

    def all(self, project: Project, but: Container[int] = ()) -> list[Registered]:
        """All but some, oldest first, whoever registered them."""
        models = project.get_model_registry().get_models(self.name)
        found = [_registered(model) for model in models if int(model.version) not in but]
        return sorted(found, key=lambda each: each.version)

    def one(self, project: Project, number: int) -> Registered | None:
        """One of them; None where there is no such."""
        model = self._model(project, number)
        return None if model is None else _registered(model)

    def send(self, project: Project, folder: Path, until: datetime, said: Mapping[str, Any]) -> None:
        """Register the files in ``folder``, which holds nothing else, as a new version.

        Args:
            project: the SDK's.
            folder: with nothing else in it.
            until: when the features were read that it was trained on, timezone-aware.
            said: what else ``create_model`` is told.
        """
        model = project.get_model_registry().torch.create_model(self.name, **_told_origin(project, until), **said)
        model.save(str(folder), await_registration=REGISTRATION_S, keep_original_files=True)

    def tag(self, project: Project, number: int, *, accepted: bool, verdict: str) -> None:
        """Say on a version whether it was promoted or rejected; in a cluster without this tag only its card says so."""
        from hopsworks_common.client.exceptions import RestAPIError

        try:
            self._model(project, number).set_tag(TAG, {"accepted": accepted, "verdict": verdict})
        except RestAPIError as error:
            if error.response.status_code not in (400, 404):
                raise
            _log.warning(
                "This cluster has no tag %s, so model %d carries its verdict only in %s. An administrator adds the tag "
                "under Cluster settings, Tag schemas: %s",
                TAG,
                number,
                CARD,
                TAG_SCHEMA,
            )

    def fetch_card(self, project: Project, number: int, folder: Path) -> bool:
        """Download a version's card into ``folder``; whether it has one, which those of other programs have not."""
        from hopsworks_common.client.exceptions import RestAPIError

        try:  # not its exists(), which also says no when there is no answer
            project.get_dataset_api().download(f"Models/{self.name}/{number}/Files/{CARD}", str(folder))
        except RestAPIError as error:
            if error.response.status_code not in (400, 404):
                raise
            return False
        return True

    def fetch(self, project: Project, number: int, folder: Path) -> bool:
        """Download all files of a version into ``folder``; whether it has any, which half a registration has not."""
        if not self.fetch_card(project, number, folder):
            return False
        (folder / CARD).unlink()
        self._model(project, number).download(str(folder))
        return True

    def drop(self, project: Project, number: int) -> None:
        """Delete a version."""
        model = self._model(project, number)
        if model is not None:
            model.delete()

    def _model(self, project: Project, number: int) -> SdkModel:
        return project.get_model_registry().get_model(self.name, number)


def _registered(model: SdkModel) -> Registered:
    said = model.get_tags().get(TAG)
    return Registered(
        version=int(model.version),
        made="".join(filter(str.isalnum, str(model.created))),
        metrics={from_letters(name): float(value) for name, value in (model.training_metrics or {}).items()},
        accepted=bool(said["accepted"]) if isinstance(said, dict) and "accepted" in said else None,
        description=str(model.description),
    )


def _told_origin(project: Project, until: datetime) -> dict[str, Any]:
    """Provenance as far as it can be had: a model is not lost for the want of it."""
    try:
        return _origin(project, until)
    except Exception as error:  # noqa: BLE001 - a scope that is missing, a view of another feature group, another SDK
        _log.warning("the model does not tell which features it came from: %s", type(error).__name__)
        return {}


def _origin(project: Project, until: datetime) -> dict[str, Any]:
    """Which features a model came from, for provenance: a view of the feature group, and which rows of it.

    Hopsworks ties a model to a feature view through a training dataset. Of that, only the metadata are made ("what was
    there until then"): a materialised one would keep copies of people whom no deletion reaches, and the SDK's public
    way to the metadata reads everybody into memory.
    """
    store = project.get_feature_store()
    group = store.get_feature_group(NAME, VERSION)
    if group is None:
        return {}  # the features are not in Hopsworks
    columns = [column.name for column in COLUMNS if column.name != EVENT_TIME]
    view = store.get_or_create_feature_view(
        name=VIEW, version=VERSION, query=group.select(columns), description="What the two-tower model is trained on"
    )
    return {"feature_view": view, "training_dataset_version": _rows_until(view, until)}


def _rows_until(view: SdkView, until: datetime) -> int:
    from hsfs.training_dataset import TrainingDataset

    rows = TrainingDataset(
        name=view.name,
        version=None,
        splits={},
        event_end_time=until,
        description=f"Everybody as of {until:%Y-%m-%d %H:%M} UTC",
        data_source=None,
        featurestore_id=view.featurestore_id,
        data_format="tsv",
        statistics_config=False,
        training_dataset_type=TrainingDataset.IN_MEMORY,
    )
    made: int = view._feature_view_engine._create_training_data_metadata(view, rows).version
    return made
