"""What a command of the trainer works in: the stores opened, progress on the terminal, everything closed at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from features import compose as features_compose
from features import console
from features.errors import UnreadableSource
from features.listener import Listener
from features.profile import UserId
from features.reading import read_listeners
from features.sources import Rejection, SourceLimits
from features.user_features import UserFeatures
from trainer.compose import load_model, registry
from trainer.run import Workshop, figures, methods_with_rivals
from trainer.settings import TrainerSettings
from trainer.split import is_test
from trainer.training import Progress


@dataclass(frozen=True)
class Session:
    """The features room and a workshop."""

    features: features_compose.Features
    workshop: Workshop

    def everybody(self) -> list[UserFeatures]:
        """Everybody in the feature store."""
        return [person for batch in self.features.store.scan() for person in batch]

    def evaluate(
        self, version: int | None, file: Path | None, friends: Sequence[tuple[str, str]] | None
    ) -> tuple[int, dict[str, dict[str, float]], int, int]:
        """A model beside its rivals: its version, the figures, how many were asked about, among how many."""
        models, settings = self.workshop.registry, self.workshop.settings
        version = models.latest() if version is None else version
        card, model = models.load(version)[0], load_model(models, version)
        share = float(card.config["test_share"])
        people = self.everybody()
        train_people = [person for person in people if not is_test(person.user_id, share)]
        asked = {person.user_id for person in people if is_test(person.user_id, share)}
        if file is not None:
            others = self._read(file)
            asked = {person.user_id for person in others}
            people = [person for person in people if person.user_id not in asked] + others
            train_people = [person for person in train_people if person.user_id not in asked]
        methods = methods_with_rivals(model, train_people, settings)
        found = figures(methods, people, self.workshop, asked=asked, friends=friends)
        return version, found, len(asked), len(people)

    def _read(self, file: Path) -> list[UserFeatures]:
        listeners: dict[UserId, Listener] = {}
        for found in read_listeners(file, SourceLimits.from_settings(self.workshop.settings)):
            if isinstance(found, Rejection):
                raise UnreadableSource(f"{found.where}: {found.reason}", "Mend the file, or take the line out.")
            listeners[found.user_id] = found
        return self.features.builder.build(list(listeners.values()), now=datetime.now(UTC), consent=False)


@contextmanager
def open_session(settings: TrainerSettings) -> Iterator[Session]:
    """Open everything that a command of the trainer needs."""
    features = features_compose.build(settings)
    with console.progress() as bar:
        task = bar.add_task("reading the feature store", total=settings.epochs)

        def on_epoch(epoch: int, loss: float, mrr: float | None) -> None:
            checked = "" if mrr is None else f", validation MRR {mrr:.3f}"
            bar.update(task, completed=epoch, description=f"training, loss {loss:.3f}{checked}")

        workshop = Workshop(
            encoder=features.encoder,
            registry=registry(settings),
            settings=settings,
            checkpoint=settings.home / "training" / "checkpoint.safetensors",
            say=lambda what: bar.update(task, description=what),
            progress=Progress(on_epoch),
        )
        yield Session(features, workshop)
