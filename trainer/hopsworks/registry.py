"""HopsworksModelRegistry: versions of ``two_tower_model_torch`` with their files, metrics, verdict and provenance.

What is downloaded stays on this disk, so that a model that was used once can be loaded while Hopsworks is away.
Versions that hold no card of ours (an earlier program registered pickles under this name) are passed over, unread.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from features.errors import HopsworksError, HopsworksUnavailable
from features.hopsworks.again import again
from features.hopsworks.session import Session
from trainer.artefact import Artefact, write_card, write_parts
from trainer.choosing import best_of, latest_of
from trainer.errors import BrokenModel, NoModel, RegistryUnavailable
from trainer.hopsworks.example import input_example
from trainer.hopsworks.metric_names import to_letters
from trainer.hopsworks.versions import Registered, Versions
from trainer.ports import ModelCard, ModelParts

_log = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")
_LONG = 10.0  # times the deadline of a small step: what moves all files of a model
_SHORT = 0.1  # where there is a copy on this disk to go on with


class HopsworksModelRegistry:
    """Implements the ``ModelRegistry`` seam. Every method may raise ``RegistryUnavailable``."""

    def __init__(self, session: Session, cache: Path, *, versions: Versions | None = None, wait_s: float = 2.0) -> None:
        """``cache``: folder for what is downloaded; ``wait_s``: about how long to wait before the first repetition."""
        self._session, self._cache, self._wait_s = session, cache, wait_s
        self._known = versions or Versions()

    def save(self, card: ModelCard, parts: ModelParts) -> int:
        """Register a model all at once or not at all; ``card.version`` is ignored, the new version is returned."""
        metrics = {to_letters(name): value for name, value in card.metrics.items()}
        with tempfile.TemporaryDirectory(prefix="soundalike-model-") as name, _named():
            folder = Path(name)
            sums = write_parts(folder, parts)
            write_card(folder, replace(card, version=0), sums)
            version = again(lambda: self._send(folder, card, metrics), self._wait_s)
            self._tag(version, card)
            return version

    def load(self, version: int) -> tuple[ModelCard, ModelParts]:
        """A model and its card, without documents. Raises NoModel or BrokenModel."""
        artefact, found = self._artefact(version)
        return _card(artefact, found), artefact.parts()

    def documents(self, version: int) -> dict[str, bytes]:
        """What is written about a model, by file name. Raises NoModel or BrokenModel."""
        return self._artefact(version)[0].documents()

    def cards(self) -> list[ModelCard]:
        """All models, oldest first."""
        with _named():
            known = self._versions()
            self._prune(known)
            return [card for found in known if (card := self._fetched_card(found)) is not None]

    def latest(self) -> int:
        """The newest accepted version. Raises NoModel."""
        return latest_of(self.cards())

    def best(self, metric: str) -> int:
        """The accepted version with the highest value of a metric, the newest of equals. Raises NoModel."""
        return best_of(self.cards(), metric)

    def _versions(self, *, but: Container[int] = ()) -> list[Registered]:
        # Each with a question for its tags.
        return self._session.call("listing models", partial(self._known.all, but=but), patience=_LONG)

    def _send(self, folder: Path, card: ModelCard, metrics: dict[str, float]) -> int:
        before = self._session.call("listing models", self._known.numbers)
        width = int(card.config.get("shape", {}).get("parts", [384])[0])
        said = {"description": _description(card), "input_example": input_example(width), "metrics": metrics}
        failure: HopsworksError | None = None
        try:
            work = partial(self._known.send, folder=folder, until=card.created_at, said=said)
            self._session.call("registering the model", work, patience=_LONG)
        except HopsworksError as error:
            failure = error
        # Whatever the SDK said: it also fails after a model was registered, and then may have removed its files.
        new = [found for found in self._versions(but=before) if found.description == said["description"]]
        mine = self._whole_of(folder, new)  # what another program registered meanwhile is left alone
        if mine is not None:
            return mine
        raise failure or HopsworksUnavailable("Hopsworks took the model, and does not have it.", "Try again.")

    def _tag(self, version: int, card: ModelCard) -> None:
        """Say the verdict where an operator sees and can change it; the card says it, too, so it is not lost."""
        tag = partial(self._known.tag, number=version, accepted=card.accepted, verdict=card.verdict)
        try:
            self._session.call("tagging the model", tag)
        except HopsworksError as error:
            _log.warning("model %d is registered, and its verdict is only in its card: %s", version, error)

    def _whole_of(self, folder: Path, new: list[Registered]) -> int | None:
        """The one of ``new`` that holds what is in ``folder``; those that have lost their files are deleted."""
        wanted = Artefact(folder, 0).sums()
        for found in new:
            try:
                artefact = self._fetched(found)
            except BrokenModel:
                self._session.call("deleting half a model", partial(self._known.drop, number=found.version))
                continue
            if artefact.sums() == wanted:
                return found.version
        return None

    def _artefact(self, version: int) -> tuple[Artefact, Registered | None]:
        with _named():
            kept = self._kept(version)
            look = partial(self._known.one, number=version)
            try:
                found = self._session.call("looking for the model", look, patience=_SHORT if kept else 1.0)
            except HopsworksUnavailable as error:
                if kept is None:
                    raise
                _log.warning("model %d comes from this disk: %s", version, error)
                return kept, None
            if found is None or self._fetched_card(found) is None:
                raise NoModel(f"There is no model {version}.", "See what there is with: python -m trainer list")
            return self._fetched(found), found

    def _kept(self, version: int) -> Artefact | None:
        """A version that was downloaded before."""
        folders = sorted(self._cache.glob(f"v{version:04d}-*"))
        return Artefact(folders[-1], version) if folders else None

    def _fetched(self, found: Registered) -> Artefact:
        """The files of a version, downloaded unless they are here. Raises BrokenModel."""
        folder = self._cache / _files(found)
        if not folder.is_dir() and not self._into(
            folder, partial(self._known.fetch, number=found.version), patience=_LONG
        ):
            raise BrokenModel(f"Model {found.version} has lost its files.", "Delete it in Hopsworks, and train anew.")
        artefact = Artefact(folder, found.version)
        try:
            artefact.check()
        except BrokenModel:
            shutil.rmtree(folder, ignore_errors=True)  # the next one looks whether it is whole there
            raise
        return artefact

    def _fetched_card(self, found: Registered) -> ModelCard | None:
        """The card of a version, downloaded unless it is here; None where it has none of ours."""
        folder = self._cache / _card_file(found)
        if not folder.is_dir() and not self._into(folder, partial(self._known.fetch_card, number=found.version)):
            return None
        return _card(Artefact(folder, found.version), found)

    def _into(self, folder: Path, fetch: Callable[..., _Answer], *, patience: float = 1.0) -> _Answer:
        """Fetch into a folder that is there as a whole or not at all."""
        self._cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=self._cache, prefix=".fetching-") as name:
            staging = Path(name) / "files"
            staging.mkdir(mode=0o700)
            answer = self._session.call(
                "fetching a model", lambda project: fetch(project, folder=staging), patience=patience
            )
            if any(staging.iterdir()):
                with suppress(OSError):  # another process was quicker
                    staging.rename(folder)
            return answer

    def _prune(self, known: list[Registered]) -> None:
        """Away with what is kept of versions that were deleted in Hopsworks."""
        kept = {name for found in known for name in (_files(found), _card_file(found))}
        for folder in self._cache.glob("[cv]*-*"):
            if folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)


def _files(found: Registered) -> str:
    return f"v{found.version:04d}-{found.made}"


def _card_file(found: Registered) -> str:
    return f"card-{found.version:04d}-{found.made}"


def _card(artefact: Artefact, found: Registered | None) -> ModelCard:
    """The card in the files, with what an operator may have changed since: metrics and verdict as registered."""
    card = artefact.card()
    if found is None:
        return card
    accepted = card.accepted if found.accepted is None else found.accepted
    return replace(card, accepted=accepted, metrics=dict(found.metrics) or card.metrics)


def _description(card: ModelCard) -> str:
    state = "accepted" if card.accepted else "rejected"
    trained = f"trained {card.created_at.isoformat()}"  # by which a save that broke off is known again
    return (
        f"Three towers and a joint one over {card.text_model}, {trained}. {state.capitalize()}. {card.verdict}".strip()
    )


@contextmanager
def _named() -> Iterator[None]:
    """Errors of the connection become errors of this room."""
    try:
        yield
    except HopsworksError as error:
        raise RegistryUnavailable(error.what, error.mend) from error
