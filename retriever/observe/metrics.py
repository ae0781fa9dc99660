"""What Prometheus is told: requests by route, and how long encoding, searching and delivering take.

What is looked up only when somebody asks (ages, depths, counts) lives in ``retriever.observe.state``. No label holds
anything that a client chose, so the number of series is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.process_collector import ProcessCollector

from retriever.observe.state import State, StateCollector

Outcome = Literal["delivered", "failed"]
Refusal = Literal["unauthenticated", "forbidden", "rate", "overload", "host"]

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """The counters of one application; one registry takes one ``Metrics``."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """``registry`` is a new one if not given, never the library's global one."""
        self._registry = registry = registry or CollectorRegistry()
        ProcessCollector(registry=registry)
        self._state = StateCollector()
        registry.register(self._state)
        self._requests = Counter(
            "soundalike_http_requests", "Answered requests.", ("method", "route", "status"), registry=registry
        )
        self._request_seconds = _histogram(registry, "http_request", "From a request to its answer.", "method", "route")
        self._in_flight = Gauge(
            "soundalike_http_requests_in_flight", "Requests that are being answered.", registry=registry
        )
        self._refused = Counter(
            "soundalike_refused_requests", "Requests that were turned away, by why.", ("reason",), registry=registry
        )
        self._encoding = _histogram(registry, "encoding", "Making the features of one batch of profiles.")
        self._encoding_sizes = Histogram(
            "soundalike_encoding_batch_profiles", "Profiles of one batch.", buckets=_SIZES, registry=registry
        )
        self._search = _histogram(registry, "search", "One search in the index.")
        self._delivery = _histogram(registry, "delivery", "One delivery to a store.", "store", "outcome")

    def begun(self) -> None:
        """A request came in; ``answered`` has to follow."""
        self._in_flight.inc()

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered; ``route`` is a template, ``method`` one of those that HTTP knows."""
        self._in_flight.dec()
        self._requests.labels(method, route, str(status)).inc()
        self._request_seconds.labels(method, route).observe(seconds)

    def refused(self, reason: Refusal) -> None:
        """A request was turned away."""
        self._refused.labels(reason).inc()

    def encoded(self, profiles: int, seconds: float) -> None:
        """One batch of profiles became features."""
        self._encoding_sizes.observe(profiles)
        self._encoding.observe(seconds)

    def delivered(self, store: str, outcome: Outcome, seconds: float) -> None:
        """A store was given what waited for it."""
        self._delivery.labels(store, outcome).observe(seconds)

    @contextmanager
    def searching(self) -> Iterator[None]:
        """Time a search that succeeds."""
        started = perf_counter()
        yield
        self._search.observe(perf_counter() - started)

    def watch(self, read: Callable[[], State]) -> None:
        """Look at what ``read`` gives whenever somebody asks; it may block and may fail."""
        self._state.read = read

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """All of it, and its content type: OpenMetrics where the header ``accept`` asks for it. Blocking."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


def _histogram(registry: CollectorRegistry, what: str, help_text: str, *labels: str) -> Histogram:
    return Histogram(f"soundalike_{what}_seconds", help_text, labels, buckets=_SECONDS, registry=registry)
