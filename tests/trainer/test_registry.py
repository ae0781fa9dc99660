import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from trainer.errors import BrokenModel, NoModel
from trainer.ports import ModelCard, ModelParts, ModelRegistry
from trainer.registry import LocalModelRegistry

TENSORS = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.float32([1])}


def a_card(*, accepted: bool = True, **metrics: float) -> ModelCard:
    made = datetime(2026, 11, 24, tzinfo=UTC)
    return ModelCard(0, made, "text", {"width": 8}, metrics, {"people": 3}, accepted, "said so")


Make = Callable[[Path, pytest.FixtureRequest], ModelRegistry]
REGISTRIES: dict[str, Make] = {
    "local": lambda folder, _request: LocalModelRegistry(folder),
    "hopsworks": lambda folder, request: request.getfixturevalue("cluster").registry(folder),
}


@pytest.fixture(params=REGISTRIES)
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> ModelRegistry:
    """Every implementation of the seam, each passing the same contract."""
    return REGISTRIES[request.param](tmp_path / "models", request)


def test_what_is_saved_comes_back(registry: ModelRegistry) -> None:
    version = registry.save(a_card(mrr=0.5), ModelParts(TENSORS, {"words": ["é", "b"]}))

    card, parts = registry.load(version)

    assert (card.version, card.text_model, card.metrics, card.training) == (1, "text", {"mrr": 0.5}, {"people": 3})
    assert card.created_at == datetime(2026, 11, 24, tzinfo=UTC)
    assert parts.texts == {"words": ["é", "b"]}
    np.testing.assert_array_equal(parts.tensors["a"], TENSORS["a"])


def test_arrays_in_column_order_come_back_as_they_were(registry: ModelRegistry) -> None:
    columns = np.asfortranarray(np.arange(12, dtype=np.float32).reshape(3, 4))

    version = registry.save(a_card(), ModelParts({"columns": columns, "strided": columns[:, ::2]}, {}))

    tensors = registry.load(version)[1].tensors
    np.testing.assert_array_equal(tensors["columns"], columns)
    np.testing.assert_array_equal(tensors["strided"], columns[:, ::2])


def test_versions_count_up_and_latest_is_by_number(registry: ModelRegistry) -> None:
    versions = [registry.save(a_card(), ModelParts(TENSORS, {})) for _ in range(11)]

    assert versions == list(range(1, 12))
    assert registry.latest() == 11
    assert [card.version for card in registry.cards()] == versions


def test_best_is_the_newest_of_the_highest(registry: ModelRegistry) -> None:
    for mrr in (0.3, 0.7, 0.7, 0.1):
        registry.save(a_card(mrr=mrr), ModelParts(TENSORS, {}))

    assert registry.best("mrr") == 3
    with pytest.raises(NoModel, match="nonsense"):
        registry.best("nonsense")


def test_a_rejected_model_is_kept_but_passed_over(registry: ModelRegistry) -> None:
    registry.save(a_card(mrr=0.5), ModelParts(TENSORS, {}))
    registry.save(a_card(accepted=False, mrr=0.9), ModelParts(TENSORS, {}))

    assert registry.latest() == registry.best("mrr") == 1
    rejected = registry.load(2)[0]
    assert (rejected.accepted, rejected.verdict, rejected.metrics) == (False, "said so", {"mrr": 0.9})


def test_only_rejected_models_are_no_model(registry: ModelRegistry) -> None:
    registry.save(a_card(accepted=False, mrr=0.9), ModelParts(TENSORS, {}))

    with pytest.raises(NoModel):
        registry.latest()
    with pytest.raises(NoModel):
        registry.best("mrr")


def test_documents_come_back_and_are_not_needed_to_run_a_model(registry: ModelRegistry) -> None:
    documents = {"report.md": b"# good", "metrics.svg": b"<svg/>"}
    registry.save(a_card(), ModelParts(TENSORS, {}, documents))
    registry.save(a_card(), ModelParts(TENSORS, {}))

    assert registry.documents(1) == documents
    assert registry.documents(2) == {}
    with pytest.raises(NoModel):
        registry.documents(3)


def test_a_damaged_document_is_refused(tmp_path: Path) -> None:
    registry = LocalModelRegistry(tmp_path)
    registry.save(a_card(), ModelParts(TENSORS, {}, {"report.md": b"# good"}))
    (tmp_path / "v0001" / "report" / "report.md").write_bytes(b"# better")

    with pytest.raises(BrokenModel, match="not what was saved"):
        registry.documents(1)


def test_a_missing_model_is_said_so(registry: ModelRegistry) -> None:
    with pytest.raises(NoModel, match="python -m trainer train"):
        registry.latest()
    with pytest.raises(NoModel, match="no model 7"):
        registry.load(7)


@pytest.mark.parametrize("name", ["model.safetensors", "texts.json", "model.json"])
@pytest.mark.parametrize("harm", ["truncate", "flip", "remove", "empty"])
def test_damaged_files_are_refused(tmp_path: Path, name: str, harm: str) -> None:
    registry = LocalModelRegistry(tmp_path)
    version = registry.save(a_card(), ModelParts(TENSORS, {"words": ["a"]}))
    file = tmp_path / "v0001" / name
    content = bytearray(file.read_bytes())
    if harm == "remove":
        file.unlink()
    else:
        content[0] ^= 0x20
        file.write_bytes({"truncate": bytes(file.read_bytes()[:-7]), "flip": bytes(content), "empty": b""}[harm])

    with pytest.raises(BrokenModel, match="damaged"):
        registry.load(version)


def test_a_save_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = LocalModelRegistry(tmp_path)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        registry.save(a_card(), ModelParts(TENSORS, {}))

    assert list(tmp_path.iterdir()) == []


def test_nothing_is_pickled(tmp_path: Path) -> None:
    LocalModelRegistry(tmp_path).save(a_card(), ModelParts(TENSORS, {"words": ["a"]}))

    assert {file.suffix for file in tmp_path.rglob("*") if file.is_file()} == {".safetensors", ".json"}
