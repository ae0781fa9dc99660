"""What a command of the trainer works in: the stores opened, progress on the terminal, everything closed at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from features import compose as features_compose
from features import console
from features.errors import UnreadableSource
from features.listener import Listener
from features.profile import UserId
from features.reading import read_listeners
from features.refreshing import refreshed
from features.sources import Rejection, SourceLimits
from features.user_features import UserFeatures
from trainer.compose import load_model, registry
from trainer.errors import BrokenModel, ModelMismatch, NoModel
from trainer.hubness import overlap
from trainer.methods import Method, model_method
from trainer.people import Stored, sampled, some_of
from trainer.ports import ModelCard
from trainer.proof import Proof
from trainer.proving import Examiner, Pairs
from trainer.ranks import Alone, Ranks, ranks_here
from trainer.rivals import rivals_of
from trainer.roll import MIN_TRAIN
from trainer.run import Workshop, assist, register, text_vectors, train
from trainer.settings import TrainerSettings
from trainer.split import is_test
from trainer.thinning import thinned
from trainer.training import Losses, Progress


@dataclass(frozen=True)
class Evaluated:
    """A proof, of which model, and how alike two trainings are (share of the ten nearest; None if not asked for)."""

    proof: Proof
    version: int
    overlap: float | None = None


@dataclass(frozen=True)
class Session:
    """The features room and a workshop, and who trains in it."""

    features: features_compose.Features
    workshop: Workshop
    ranks: Ranks = field(default_factory=Alone)

    @property
    def people(self) -> Stored:
        """Everybody in the feature store whom a model may be trained and proven on."""
        return Stored(self.features.store, with_spotify_api=self.workshop.settings.train_on_spotify_api)

    def sample(self) -> list[UserFeatures]:
        """The people whom a proof is made among: everybody, or a sample of very many."""
        return sampled(self.people, self.workshop.settings.most_proven)

    def train(self, friends: Pairs | None, *, force: bool) -> tuple[ModelCard, Proof | None] | None:
        """Train, prove beside the live model and the rivals, register: accepted, or rejected.

        Where several processes train, rank 0 does all but the training; the others are told None.
        """
        if self.ranks.rank:
            assist(self.workshop, self.ranks)
            return None
        share_trained_on = self.workshop.settings.most_trained / max(self.features.store.count(), 1)
        trained = train(some_of(self.people, share_trained_on), self.workshop, self.ranks, is_resumed=True)
        people = self.sample()
        model, share = model_method(trained.model), self.workshop.settings.test_share
        live = self._live()
        shares = [share] if live is None else [share, live[1]]
        asked = _kept_back(people, min(shares))
        proof = None
        if asked:
            models = {"model": model} if live is None else {"model": model, f"live model v{live[0]}": live[2]}
            examiner = self._examiner(people, asked, friends)
            rest = [person for person in people if not is_test(person.user_id, max(shares))]
            proof = examiner.prove(models, rivals_of(model, rest), None if live is None else live[0])
            proof = replace(proof, curve=tuple(trained.curve))
        card = register(trained, proof, self.workshop, force=force)
        trained.checkpoint.clear()
        return card, proof

    def evaluate(self, version: int | None, file: Path | None, friends: Pairs | None, seeds: int) -> Evaluated:
        """A model beside its rivals; with several ``seeds``, beside the mean of as many models trained anew."""
        models = self.workshop.registry
        version = models.latest() if version is None else version
        card, model = load_model(models, version)
        share = float(card.config["test_share"])
        people = self.sample()
        asked, train_people = _kept_back(people, share), [p for p in people if not is_test(p.user_id, share)]
        everybody = people
        if file is not None:
            others = self._read(file)
            asked = {person.user_id for person in others}
            everybody = [person for person in people if person.user_id not in asked] + others
            train_people = [person for person in train_people if person.user_id not in asked]
        if len(train_people) < MIN_TRAIN:
            train_people = everybody
        examiner = self._examiner(everybody, asked, friends)
        method = model_method(model)
        proof = examiner.prove({f"model v{version}": method}, rivals_of(method, train_people))
        if seeds < 2:
            return Evaluated(proof, version)
        anew = [self._seeded(train_people, seed) for seed in range(seeds)]
        return Evaluated(examiner.mean_of(anew, proof), version, examiner.overlap(anew[0], anew[1]))

    def stability(self, version: int | None, drop: float) -> float:
        """Share of everybody's ten nearest that a model agrees on with one trained with another seed on fewer rows."""
        models = self.workshop.registry
        version = models.latest() if version is None else version
        (card, model), people = load_model(models, version), self.sample()
        vectors = text_vectors(people, self.workshop.encoder)
        fewer = [thinned(person, drop, vectors) for person in people]
        seed = int(card.config["seed"]) + 1
        other = train(fewer, self._with(seed=seed)).model
        return overlap(model.embed(people).joint, other.embed(fewer).joint)

    def _seeded(self, people: Sequence[UserFeatures], seed: int) -> Method:
        """A model trained on just these people, none kept back."""
        return model_method(train(people, self._with(seed=seed, test_share=0.0)).model)

    def _with(self, **settings: float) -> Workshop:
        return replace(self.workshop, settings=self.workshop.settings.model_copy(update=settings))

    def _examiner(self, people: Sequence[UserFeatures], asked: set[UserId], friends: Pairs | None) -> Examiner:
        return Examiner.over(people, asked, self.workshop.encoder, friends=friends, say=self.workshop.say)

    def _live(self) -> tuple[int, float, Method] | None:
        """Version, test share and method of the live model; None where there is none that can be compared with."""
        models = self.workshop.registry
        try:
            version = models.latest()
            card, model = load_model(models, version)
            if card.text_model != self.workshop.encoder.name:
                raise ModelMismatch(f"Model {version} was trained on the text model {card.text_model!r}.", "")
        except NoModel:
            return None
        except (BrokenModel, ModelMismatch) as error:
            self.workshop.say(f"not compared with the live model: {error}")
            return None
        return version, float(card.config["test_share"]), model_method(model)

    def _read(self, file: Path) -> list[UserFeatures]:
        listeners: dict[UserId, Listener] = {}
        for found in read_listeners(file, SourceLimits.from_settings(self.workshop.settings)):
            if isinstance(found, Rejection):
                raise UnreadableSource(f"{found.where}: {found.reason}", "Mend the file, or take the line out.")
            listeners[found.user_id] = found
        return self.features.builder.build(list(listeners.values()), now=datetime.now(UTC), consent=False)


def _kept_back(people: Sequence[UserFeatures], share: float) -> set[UserId]:
    return {person.user_id for person in people if is_test(person.user_id, share)}


@contextmanager
def open_session(settings: TrainerSettings) -> Iterator[Session]:
    """Open everything that a command of the trainer needs; of several ranks, rank 0 alone shows how far it is."""
    features = refreshed(features_compose.build(settings))
    with ranks_here(settings.device) as ranks, console.progress(silent=ranks.rank > 0) as bar:
        task = bar.add_task("reading the feature store", total=settings.epochs)

        def on_epoch(epoch: int, losses: Losses) -> None:
            told = ", ".join(f"{name} {loss:.3f}" for name, loss in losses.items())
            bar.update(task, completed=epoch, description=f"training, losses: {told}")

        workshop = Workshop(
            encoder=features.encoder,
            registry=registry(settings),
            settings=settings,
            folder=settings.home / "training",
            say=lambda what: bar.update(task, description=what),
            progress=Progress(on_epoch),
        )
        yield Session(features, workshop, ranks)
