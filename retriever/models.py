"""Which models there are and how good they are: the registry's cards, and the reports beside the models. Blocking."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import orjson

from retriever.answers_models import Figures, ModelAbout, Models
from retriever.errors import NoReport
from trainer.errors import BrokenModel, NoModel
from trainer.ports import ModelCard, ModelRegistry

_REPORTS_READ = 50
"""Of so many models, the newest ones, the reports are read: a registry elsewhere fetches the model with them."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Report:
    compared: dict[str, Figures] = field(default_factory=dict)
    curve: list[Figures] = field(default_factory=list)


class ModelShelf:
    """Looks at a registry; a report never changes, so each is read once. May raise RegistryUnavailable, BrokenModel."""

    def __init__(self, registry: ModelRegistry, live: Callable[[], int]) -> None:
        """``live``: version of the model of the live index."""
        self._registry, self._live = registry, live
        self._reports: dict[int, _Report] = {}

    def models(self) -> Models:
        """All models, newest first."""
        cards = sorted(self._registry.cards(), key=lambda card: card.version, reverse=True)
        found = [self._about(card, self._report(card.version)) for card in cards[:_REPORTS_READ]]
        return Models(self._live(), (*found, *[self._about(card, _Report()) for card in cards[_REPORTS_READ:]]))

    def report(self, version: int) -> bytes:
        """The evaluation report of a model, in Markdown. Raises NoReport."""
        try:
            return self._registry.documents(version)["report.md"]
        except (NoModel, KeyError):
            raise NoReport(version) from None

    @staticmethod
    def _about(card: ModelCard, report: _Report) -> ModelAbout:
        people = card.training.get("people")
        return ModelAbout(
            card.version,
            card.created_at,
            card.accepted,
            card.verdict,
            _figures(card.metrics),
            people if isinstance(people, int) else None,
            card.text_model,
            report.compared,
            report.curve,
        )

    def _report(self, version: int) -> _Report:
        if version not in self._reports:
            try:
                self._reports[version] = _read(self._registry.documents(version).get("report.json", b"{}"))
            except (BrokenModel, NoModel) as error:  # the others are shown all the same, and it is looked at again
                _log.warning("the report of model %d cannot be read: %s", version, error)
                return _Report()
            except (orjson.JSONDecodeError, TypeError, AttributeError, KeyError):
                _log.warning("the report of model %d is of a form that is not known here", version)
                self._reports[version] = _Report()
        return self._reports[version]


def _read(content: bytes) -> _Report:
    told = orjson.loads(content)
    compared = {
        method: _figures({name: estimate["mean"] for name, estimate in row.items()})
        for method, row in told.get("figures", {}).items()
    }
    for method, health in told.get("graph", {}).items():
        compared.setdefault(method, {}).update(_figures(health))
    curve = [{"epoch": epoch, **_figures(losses)} for epoch, losses in enumerate(told.get("curve", ()), 1)]
    return _Report(compared, curve)


def _figures(found: Mapping[str, Any]) -> Figures:
    """What can be told as a number in JSON."""
    return {name: value for name, value in found.items() if isinstance(value, int | float) and isfinite(value)}
