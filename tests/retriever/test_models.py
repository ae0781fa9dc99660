import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

from retriever import models
from retriever.errors import NoReport
from retriever.models import ModelShelf
from tests.small_world import SmallWorld
from trainer.documents import documents_of
from trainer.ports import ModelCard, ModelParts
from trainer.proof import Estimate, Proof
from trainer.registry import LocalModelRegistry

MADE = datetime(2026, 11, 24, tzinfo=UTC)
TENSORS = {"a": np.zeros(2, np.float32)}

HUBS = {"largest_k_occurrence": 24.0}


def a_proof() -> Proof:
    figures = {
        "the new model": {"halves_hit_at_10": Estimate(0.5, 0.4, 0.6)},
        "chance": {"halves_hit_at_10": Estimate(0.01, 0.0, 0.02)},
    }
    curve = ({"pairs": 2.0, "neighbours": 1.5}, {"pairs": 1.0, "neighbours": 1.0})
    return Proof(
        asked=10,
        among=40,
        figures=figures,
        graph={"chance": {"largest_k_occurrence": 24.0}},
        sizes={},
        cosines={},
        curve=curve,
        verdict=None,
    )


REPORT = documents_of(a_proof(), "the new model")


def register(folder: Path, documents: Mapping[str, bytes] = REPORT, *, accepted: bool = True, **metrics: float) -> int:
    card = ModelCard(0, MADE, "text", {"width": 8}, metrics, {"people": 36}, accepted, "As good as v1.")
    return LocalModelRegistry(folder).save(card, ModelParts(TENSORS, {}, documents))


@pytest.fixture
def folder(world: SmallWorld) -> Path:
    return world.folder / "models"


@pytest.fixture
def shelf(folder: Path) -> ModelShelf:
    return ModelShelf(LocalModelRegistry(folder), lambda: 1)


def test_models_are_told_newest_first_with_what_they_were_compared_with(api: TestClient, folder: Path) -> None:
    register(folder, {}, halves_hit_at_10=0.4)
    register(folder, accepted=False, halves_hit_at_10=0.5)
    told = api.get("/v1/models").json()

    assert told["live"] == 3
    assert [model["version"] for model in told["models"]] == [2, 1]
    newest, oldest = told["models"]
    assert newest == {
        "version": 2,
        "created_at": "2026-11-24T00:00:00+00:00",
        "accepted": False,
        "verdict": "As good as v1.",
        "metrics": {"halves_hit_at_10": 0.5},
        "people": 36,
        "text_model": "text",
        "compared": {
            "the new model": {"halves_hit_at_10": 0.5},
            "chance": {"halves_hit_at_10": 0.01, "largest_k_occurrence": 24.0},
        },
        "curve": [
            {"epoch": 1, "pairs": 2.0, "neighbours": 1.5},
            {"epoch": 2, "pairs": 1.0, "neighbours": 1.0},
        ],
    }
    assert (oldest["compared"], oldest["curve"]) == ({}, [])


def test_the_list_is_not_sent_again_to_who_has_it_until_it_changes(api: TestClient, folder: Path) -> None:
    tag = api.get("/v1/models").headers["etag"]
    assert api.get("/v1/models", headers={"If-None-Match": tag}).status_code == 304
    register(folder)
    assert api.get("/v1/models", headers={"If-None-Match": tag}).status_code == 200


def test_a_report_is_markdown(api: TestClient, folder: Path) -> None:
    register(folder)
    answer = api.get("/v1/models/1/report")

    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.content == REPORT["report.md"]
    tag = answer.headers["etag"]
    assert api.get("/v1/models/1/report", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("version", ["1", "7", "2147483647"])
def test_no_report_is_a_404(api: TestClient, folder: Path, version: str) -> None:
    register(folder, {})
    answer = api.get(f"/v1/models/{version}/report")

    assert (answer.status_code, answer.json()["code"]) == (404, "no-report")


@pytest.mark.parametrize("version", ["0", "-1", "x", "..", "9" * 300])
def test_what_is_no_version_reaches_no_file(api: TestClient, version: str) -> None:
    assert api.get(f"/v1/models/{version}/report").status_code in {404, 422}


@pytest.mark.parametrize(
    "content", [b"[]", b"{", b'{"figures": {"m": {"x": 1}}}', b'{"figures": 3}', b'{"curve": [3]}']
)
def test_a_report_of_another_form_is_as_none(folder: Path, shelf: ModelShelf, content: bytes) -> None:
    register(folder, {"report.json": content})
    (model,) = shelf.models().models
    assert (model.compared, model.curve) == ({}, [])


def test_a_damaged_report_takes_no_other_model_with_it(
    folder: Path, shelf: ModelShelf, caplog: pytest.LogCaptureFixture
) -> None:
    register(folder)
    register(folder)
    (folder / "v0001" / "report" / "report.json").write_text("{}")

    newest, oldest = shelf.models().models
    assert newest.compared
    assert not oldest.compared
    assert "the report of model 1 cannot be read" in caplog.text


def test_figures_that_json_has_no_words_for_are_left_out(folder: Path, shelf: ModelShelf) -> None:
    told = {"figures": {"m": {"x": {"mean": None}, "y": {"mean": 0.5}}}, "curve": [{"loss": None}, {"loss": 1.0}]}
    register(folder, {"report.json": json.dumps(told).encode()})

    (model,) = shelf.models().models
    assert (model.compared, model.curve) == ({"m": {"y": 0.5}}, [{"epoch": 1}, {"epoch": 2, "loss": 1.0}])


def test_a_report_is_read_once_and_only_those_of_the_newest_models(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Counting(LocalModelRegistry):
        asked: list[int] = []  # noqa: RUF012 - of this test alone

        def documents(self, version: int) -> dict[str, bytes]:
            self.asked.append(version)
            return super().documents(version)

    monkeypatch.setattr(models, "_REPORTS_READ", 2)
    for _ in range(3):
        register(folder)
    shelf = ModelShelf(Counting(folder), lambda: 1)
    for _ in range(2):
        told = shelf.models().models

    assert Counting.asked == [3, 2]
    assert [bool(model.compared) for model in told] == [True, True, False]
    with pytest.raises(NoReport):
        shelf.report(4)
