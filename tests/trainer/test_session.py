"""Training as the commands do it: proven, judged by the gate, registered, measured for stability."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from features.compose import build
from features.errors import UnreadableSource
from features.listener import listener_of
from features.profile import TasteProfile
from features.synthetic.community import Community
from features.user_features import UserFeatures
from tests.builders import WordEncoder, a_playlist, a_profile
from trainer.errors import NoModel, TooFewPeople
from trainer.methods import Method
from trainer.registry import LocalModelRegistry
from trainer.rivals import rivals_of
from trainer.run import Workshop, train
from trainer.session import Evaluated, Session
from trainer.settings import TrainerSettings
from trainer.training import Progress

PEOPLE = Community(people=110, seed=1)
GOOD = {"width": 32, "co_listening_width": 16, "rotation_width": 16, "genre_width": 8, "clusters": 8, "views": 2}
POOR = {**GOOD, "width": 8, "co_listening_width": 1, "rotation_width": 1, "genre_width": 1, "clusters": 1, "ridge": 1e9}

Opened = Callable[..., Session]


def training_beside(models: Path) -> Path:
    return models.with_name(f"{models.name}-training")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """A session over one community, with a registry of its own where ``models`` names another folder."""
    home = tmp_path_factory.mktemp("home")
    features = build(TrainerSettings(home=home), encoder=WordEncoder())
    people = [listener_of(profile) for profile in PEOPLE.profiles()]
    features.store.upsert(features.builder.build(people, now=datetime.now(UTC), consent=True))

    def open_it(models: Path, **settings: float) -> Session:
        told = TrainerSettings(home=home, test_share=0.4, epochs=4, **settings)
        registry, folder = LocalModelRegistry(models), training_beside(models)
        return Session(features, Workshop(features.encoder, registry, told, folder, lambda _what: None, Progress()))

    return open_it


@pytest.fixture(scope="module")
def one_model(tmp_path_factory: pytest.TempPathFactory, opened: Opened) -> Path:
    """A registry with a good model, to copy."""
    models = tmp_path_factory.mktemp("models")
    card, _ = opened(models, **GOOD).train(PEOPLE.friendships(), force=False)
    assert card.accepted
    return models


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, one_model: Path) -> Path:
    """A registry whose version 1 is a good model, and live."""
    return shutil.copytree(one_model, tmp_path_factory.mktemp("copy") / "models")


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


def test_a_worse_model_is_accepted_where_somebody_insists(opened: Opened, one_model: Path, tmp_path: Path) -> None:
    own = shutil.copytree(one_model, tmp_path / "models")
    card, _ = opened(own, **POOR).train(None, force=True)

    assert card.accepted
    assert card.verdict.startswith("Forced. Worse than model 1")
    assert LocalModelRegistry(own).latest() == 2


def test_as_good_a_model_takes_the_live_ones_place(opened: Opened, one_model: Path, tmp_path: Path) -> None:
    own = shutil.copytree(one_model, tmp_path / "models")
    card, _ = opened(own, **GOOD, seed=1).train(None, force=False)

    assert card.accepted
    assert "Not significantly worse than model 1" in card.verdict


def test_nobody_that_either_model_was_trained_on_is_asked_about(opened: Opened, models: Path) -> None:
    session = opened(models, **GOOD)
    fewer = session.workshop.settings.model_copy(update={"test_share": 0.2, "epochs": 0})
    everybody_asked = opened(models, **GOOD).evaluate(1, None, None, 1).proof.asked

    _, proof = Session(session.features, _with(session.workshop, fewer)).train(None, force=False)

    assert proof is not None
    assert proof.asked < everybody_asked


def test_nor_anybody_that_only_the_live_one_was_trained_on(opened: Opened, tmp_path: Path) -> None:
    session = opened(tmp_path, **GOOD)
    fewer = session.workshop.settings.model_copy(update={"test_share": 0.2, "epochs": 0})
    _, live = Session(session.features, _with(session.workshop, fewer)).train(None, force=False)

    _, proof = session.train(None, force=False)

    assert live is not None
    assert proof is not None
    assert proof.asked == live.asked


def test_a_live_model_of_another_text_model_is_not_compared_with(opened: Opened, models: Path, tmp_path: Path) -> None:
    card, parts = LocalModelRegistry(models).load(1)
    LocalModelRegistry(tmp_path).save(replace(card, text_model="another"), parts)

    card, proof = opened(tmp_path, **GOOD).train(None, force=False)

    assert card.version == 2
    assert card.accepted
    assert proof is not None
    assert proof.verdict is None


def _with(workshop: Workshop, settings: TrainerSettings) -> Workshop:
    return Workshop(workshop.encoder, workshop.registry, settings, workshop.folder, workshop.say, workshop.progress)


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


def _a_file(path: Path, *profiles: TasteProfile) -> Path:
    path.write_text("".join(f"{profile.model_dump_json()}\n" for profile in profiles))
    return path


@pytest.fixture(scope="module")
def of_the_file(opened: Opened, models: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Evaluated, list[str]]:
    """What was found asking about a file of four known and three new people; and whom the rivals learnt from."""
    file = tmp_path_factory.mktemp("file") / "people.jsonl"
    known, new = list(PEOPLE.profiles())[:4], list(Community(people=3, seed=2).profiles())
    new = [each.model_copy(update={"user_id": f"new-{row}"}) for row, each in enumerate(new)]
    learnt_from: list[str] = []

    def recorded(model: Method, train: Sequence[UserFeatures]) -> dict[str, Method]:
        learnt_from.extend(person.user_id for person in train)
        return rivals_of(model, train)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trainer.session.rivals_of", recorded)
        found = opened(models, **GOOD).evaluate(1, _a_file(file, *known, *new), None, 1)
    return found, learnt_from


def test_the_people_of_a_file_are_asked_about_among_everybody_each_of_them_once(
    of_the_file: tuple[Evaluated, list[str]],
) -> None:
    found, _ = of_the_file

    assert found.proof.asked == 7
    assert found.proof.among == 110 + 3


def test_no_rival_learns_from_the_people_of_the_file(of_the_file: tuple[Evaluated, list[str]]) -> None:
    _, learnt_from = of_the_file

    assert len(learnt_from) > 50
    assert not {str(profile.user_id) for profile in list(PEOPLE.profiles())[:4]} & set(learnt_from)
    assert not any(user_id.startswith("new-") for user_id in learnt_from)


def test_a_file_with_a_broken_line_is_refused_by_its_number(opened: Opened, models: Path, tmp_path: Path) -> None:
    file = _a_file(tmp_path / "people.jsonl", *list(PEOPLE.profiles())[:1])
    file.write_text(file.read_text() + "{no json}\n")

    with pytest.raises(UnreadableSource, match="2"):
        opened(models, **GOOD).evaluate(1, file, None, 1)


def test_people_of_one_artist_alone_cannot_be_asked_about(opened: Opened, models: Path, tmp_path: Path) -> None:
    file = _a_file(tmp_path / "people.jsonl", a_profile("ann", a_playlist("p", "Nick Drake")))

    with pytest.raises(TooFewPeople, match="two artists"):
        opened(models, **GOOD).evaluate(1, file, None, 1)


def test_stability_is_the_share_of_neighbours_that_stay(opened: Opened, models: Path) -> None:
    agreed = opened(models, **GOOD).stability(1, 0.05)

    assert 0.3 < agreed < 1.0


def test_stability_is_measured_with_another_seed_even_where_no_row_is_dropped(opened: Opened, models: Path) -> None:
    assert opened(models, **GOOD).stability(1, 0.0) < 1.0


def test_stability_is_asked_of_the_version_that_is_named(opened: Opened, models: Path) -> None:
    with pytest.raises(NoModel, match="99"):
        opened(models, **GOOD).stability(99, 0.05)


def test_a_training_that_came_to_its_end_leaves_nothing_of_its_people(models: Path) -> None:
    assert [file.name for file in training_beside(models).iterdir()] == []


@pytest.mark.parametrize(("changes", "anew"), [({"most_proven": 60}, []), ({"seed": 1}, [1, 2, 3, 4])])
def test_a_training_whose_proof_broke_off_is_not_done_again_for_another_proof(
    opened: Opened, tmp_path: Path, changes: dict[str, int], anew: list[int]
) -> None:
    session = opened(tmp_path / "models", **GOOD)
    train(session.people, session.workshop, is_resumed=True)
    epochs: list[int] = []

    again = opened(tmp_path / "models", **GOOD, **changes)
    progress = Progress(lambda epoch, _losses: epochs.append(epoch))
    train(again.people, replace(again.workshop, progress=progress), is_resumed=True)

    assert epochs == anew


def test_what_was_read_from_spotify_s_api_is_trained_on_only_where_the_operator_says_so(opened: Opened, tmp_path: Path):
    session = opened(tmp_path)
    store = session.features.store
    (somebody, *_) = session.sample()
    store.upsert([replace(somebody, source="spotify-api")])
    try:
        assert {person.user_id for person in session.people}.isdisjoint({somebody.user_id})
        told = opened(tmp_path, train_on_spotify_api=True)
        assert somebody.user_id in {person.user_id for person in told.people}
    finally:
        store.upsert([somebody])
