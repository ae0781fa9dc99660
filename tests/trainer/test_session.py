"""Training as the commands do it: proven, judged by the gate, registered, measured for stability."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from features.compose import build
from features.listener import listener_of
from features.synthetic.community import Community
from tests.builders import WordEncoder
from trainer.errors import TooFewPeople
from trainer.registry import LocalModelRegistry
from trainer.run import Workshop
from trainer.session import Session
from trainer.settings import TrainerSettings
from trainer.training import Progress

PEOPLE = Community(people=110, seed=1)
GOOD = {"width": 32, "co_listening_width": 16, "rotation_width": 16, "genre_width": 8, "clusters": 8, "views": 2}
POOR = {"width": 8, "co_listening_width": 1, "rotation_width": 1, "genre_width": 1, "clusters": 1, "ridge": 1e9}

Opened = Callable[..., Session]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """A session over one community, with a registry of its own where ``models`` names another folder."""
    home = tmp_path_factory.mktemp("home")
    features = build(TrainerSettings(home=home), encoder=WordEncoder())
    people = [listener_of(profile) for profile in PEOPLE.profiles()]
    features.store.upsert(features.builder.build(people, now=datetime.now(UTC), consent=True))

    def open_it(models: Path, **settings: float) -> Session:
        told = TrainerSettings(home=home, test_share=0.4, epochs=4, **settings)
        checkpoint = models / "checkpoint"
        return Session(
            features,
            Workshop(features.encoder, LocalModelRegistry(models), told, checkpoint, lambda _what: None, Progress()),
        )

    return open_it


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, opened: Opened) -> Path:
    """A registry with a good model."""
    models = tmp_path_factory.mktemp("models")
    card, _ = opened(models, **GOOD).train(PEOPLE.friendships(), force=False)
    assert card.accepted
    return models


def test_the_first_model_is_accepted_and_its_report_is_kept_beside_it(models: Path) -> None:
    registry = LocalModelRegistry(models)

    documents = registry.documents(1)

    assert set(documents) == {"report.md", "report.json", "metrics.svg", "similarities.svg", "curve.svg"}
    report = orjson.loads(documents["report.json"])
    assert len(report["curve"]) == 4
    (card, *_) = registry.cards()
    assert card.metrics["halves_mrr"] == pytest.approx(report["figures"]["model"]["halves_mrr"]["mean"], abs=1e-4)
    assert {"friend_auc", "artist_recall_at_20", "largest_k_occurrence", "coverage"} <= card.metrics.keys()


def test_a_worse_model_is_registered_as_rejected_and_the_live_one_stays(opened: Opened, models: Path) -> None:
    card, proof = opened(models, **POOR).train(None, force=False)

    assert not card.accepted
    assert "Worse than model 1" in card.verdict
    assert card.metrics["halves_mrr"] < LocalModelRegistry(models).load(1)[0].metrics["halves_mrr"]
    assert LocalModelRegistry(models).latest() == 1
    assert proof is not None
    assert "live model v1" in proof.figures


def test_a_worse_model_is_accepted_where_somebody_insists(opened: Opened, models: Path, tmp_path: Path) -> None:
    own = tmp_path / "models"
    opened(own, **GOOD).train(None, force=False)
    card, _ = opened(own, **POOR).train(None, force=True)

    assert card.accepted
    assert card.verdict.startswith("Forced. Worse than model 1")
    assert LocalModelRegistry(own).latest() == 2


def test_as_good_a_model_takes_the_live_ones_place(opened: Opened, tmp_path: Path) -> None:
    for seed in (0, 1):
        card, _ = opened(tmp_path, **GOOD, seed=seed).train(None, force=False)

    assert card.accepted
    assert "Not significantly worse than model 1" in card.verdict


def test_nobody_that_either_model_was_trained_on_is_asked_about(opened: Opened, models: Path) -> None:
    session = opened(models, **GOOD)
    fewer = session.workshop.settings.model_copy(update={"test_share": 0.2, "epochs": 0})
    everybody_asked = opened(models, **GOOD).evaluate(1, None, None, 1).proof.asked

    _, proof = Session(session.features, _with(session.workshop, fewer)).train(None, force=False)

    assert proof is not None
    assert proof.asked < everybody_asked


def _with(workshop: Workshop, settings: TrainerSettings) -> Workshop:
    return Workshop(workshop.encoder, workshop.registry, settings, workshop.checkpoint, workshop.say, workshop.progress)


def test_with_nobody_kept_back_a_model_is_accepted_without_a_proof(opened: Opened, tmp_path: Path) -> None:
    session = opened(tmp_path, **GOOD)
    everybody = session.workshop.settings.model_copy(update={"test_share": 0.0})

    card, proof = Session(session.features, _with(session.workshop, everybody)).train(None, force=False)

    assert proof is None
    assert card.accepted
    assert card.training["people"] == 110
    with pytest.raises(TooFewPeople, match="Nobody was kept"):
        session.evaluate(1, None, None, 1)


def test_several_seeds_are_shown_as_their_mean_beside_the_model_and_its_rivals(opened: Opened, models: Path) -> None:
    found = opened(models, **GOOD).evaluate(1, None, PEOPLE.friendships(), 2)

    methods = list(found.proof.figures)
    assert methods[:3] == ["model, mean of 2 seeds", "model v1", "random"]
    assert found.overlap is not None
    assert 0.3 < found.overlap <= 1.0
    model, chance = (found.proof.figures[name]["halves_mrr"].mean for name in ("model, mean of 2 seeds", "random"))
    assert model > chance + 0.1


def test_stability_is_the_share_of_neighbours_that_stay(opened: Opened, models: Path) -> None:
    agreed = opened(models, **GOOD).stability(1, 0.05)

    assert 0.3 < agreed < 1.0
