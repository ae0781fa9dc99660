"""What Prometheus is told of how things are at the moment it asks: counts, ages, depths, breakers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from features.errors import SoundalikeError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class State:
    """How things are. None: not known now; such a metric is left out rather than told as zero.

    Attributes:
        people: in the live index.
        model_age_s: since the live model was trained.
        index_age_s: since the live index was built.
        encoding_waiting: profiles that wait to be encoded.
        outbox_waiting: acknowledged writes that wait, by the store they wait for.
        outbox_oldest_s: for how long the oldest of them has, by store.
        breakers_open: whether calls to a store are refused at once, by store.
    """

    people: int | None = None
    model_age_s: float | None = None
    index_age_s: float | None = None
    encoding_waiting: int | None = None
    outbox_waiting: Mapping[str, int] = field(default_factory=dict)
    outbox_oldest_s: Mapping[str, float] = field(default_factory=dict)
    breakers_open: Mapping[str, bool] = field(default_factory=dict)


class StateCollector(Collector):
    """Asks ``read`` at each scrape; where that fails, ``soundalike_state_readable`` is 0 and the rest goes on."""

    def __init__(self) -> None:
        self.read: Callable[[], State] | None = None

    def describe(self) -> list[Metric]:
        """Nothing: the registry must not ask for the state before there is one."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The metrics of one scrape."""
        if self.read is None:
            return
        try:
            state = self.read()
        except SoundalikeError:
            _log.warning("the state cannot be read for the metrics", exc_info=True)
            yield _gauge("state_readable", "Whether the state could be read.", 0)
            return
        yield _gauge("state_readable", "Whether the state could be read.", 1)
        for name, help_text, value in (
            ("people", "People in the live index.", state.people),
            ("model_age_seconds", "Since the live model was trained.", state.model_age_s),
            ("index_age_seconds", "Since the live index was built.", state.index_age_s),
            ("encoding_waiting", "Profiles that wait to be encoded.", state.encoding_waiting),
        ):
            if value is not None:
                yield _gauge(name, help_text, value)
        yield _by_store("outbox_waiting", "Acknowledged writes not delivered yet.", state.outbox_waiting)
        yield _by_store("outbox_oldest_seconds", "How long the oldest of them has waited.", state.outbox_oldest_s)
        yield _by_store("breaker_open", "Whether calls to a store are refused at once.", state.breakers_open)


def _gauge(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"soundalike_{name}", help_text, value=value)


def _by_store(name: str, help_text: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"soundalike_{name}", help_text, labels=("store",))
    for store, value in values.items():
        family.add_metric((store,), float(value))
    return family
