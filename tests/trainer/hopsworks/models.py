"""A model to save, and what is to be seen of it in the project."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tenacity.nap

from features.hopsworks.settings import HopsworksSettings
from tests.cluster import Cluster, without_waiting
from tests.waiting import until
from trainer.hopsworks.versions import TAG
from trainer.ports import ModelCard, ModelParts

PARTS = ModelParts(
    {"weights": np.arange(12, dtype=np.float32).reshape(3, 4)}, {"words": ["é", "b"]}, {"report.md": b"# good"}
)
CARD = ModelCard(
    0,
    datetime(2026, 11, 24, tzinfo=UTC),
    "word-encoder",
    {"shape": {"parts": [8, 4], "width": 16}},
    {"halves_hit_at_10": 0.25, "halves_mrr": 0.5},
    {"people": 3},
    True,
    "As good as the live one.",
)
LATER = replace(CARD, created_at=CARD.created_at + timedelta(hours=1))
SAVE = r"PUT .*modelregistries/\d+/models/"
"""The request by which a model is registered."""


def model_of(cluster: Cluster, version: int = 1) -> object:
    return cluster.session.call(
        "looking", lambda project: project.get_model_registry().get_model(cluster.name, version)
    )


def versions_of(cluster: Cluster) -> list[int]:
    return cluster.session.call(
        "looking", lambda project: sorted(m.version for m in project.get_model_registry().get_models(cluster.name))
    )


def files_of(cluster: Cluster, version: int = 1) -> dict[str, Path]:
    folder = cluster.fake.files() / "Projects" / cluster.settings.project / "Models" / cluster.name / str(version)
    return {str(file.relative_to(folder)): file for file in folder.rglob("*") if file.is_file()}


def say(cluster: Cluster, version: int, verdict: object) -> None:
    """Tag a version, as an operator does."""

    def set_tag(project):
        project.get_model_registry().get_model(cluster.name, version).set_tag(TAG, verdict)

    cluster.session.call("tagging", set_tag)


def save_in_a_process(settings: HopsworksSettings, name: str, card: ModelCard, folder: Path) -> int:
    """Save a model as another machine does; to be run in a process of its own, as the SDK is one in a process.

    What has to be done again waits until somebody has saved a model.
    """
    cluster = Cluster(settings, None)
    cluster.name = name
    with without_waiting(), pytest.MonkeyPatch.context() as patch:
        # Else two that got into each other's way might do so at each repetition.
        patch.setattr(tenacity.nap, "time", SimpleNamespace(sleep=lambda _seconds: until(lambda: versions_of(cluster))))
        version = cluster.registry(folder).save(card, PARTS)
    cluster.session.close()
    return version
