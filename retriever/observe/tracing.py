"""Traces for OpenTelemetry: opened where they are asked for, and a ``span`` that costs nothing where they are not.

Nothing here is global: the tracer of a request travels in its context, also into worker threads. OpenTelemetry itself
is imported only by who opens traces, as it is an extra. The span of a request is in ``retriever.observe.traced``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from features.errors import SettingsError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Tracer

CLOSING_S = 3.0
"""Seconds that sending the last spans may take when the server stops."""

TRACER: ContextVar[Tracer | None] = ContextVar("soundalike_tracer", default=None)
"""The tracer of the request that is being worked on."""


class Tracing:
    """Spans on their way to a collector, sent in batches by a thread of their own."""

    def __init__(self, exporter: SpanExporter | None = None) -> None:
        """Spans go to ``exporter``; to the address in OTEL_EXPORTER_OTLP_ENDPOINT, by OTLP over HTTP, if not given.

        Raises:
            SettingsError: the extra is not installed.
        """
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import OTELResourceDetector, Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError as error:
            raise SettingsError(
                "SOUNDALIKE_TRACING is true, but OpenTelemetry is not installed.",
                "pip install 'soundalike[tracing]', or set it to false.",
            ) from error
        resource = Resource.create({"service.name": "soundalike-retriever"}).merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter()))
        self.tracer: Tracer = self._provider.get_tracer("soundalike.retriever")

    def close(self, within_s: float = CLOSING_S) -> None:
        """Send what is left, for so long at most: the library would wait for a dead collector for half a minute."""
        closing = threading.Thread(target=self._provider.shutdown, name="close-tracing", daemon=True)
        closing.start()
        closing.join(within_s)


@contextmanager
def span(name: str) -> Iterator[None]:
    """A part of a request's work, such as ``search``; the name is all that is told of it, and the kind of an error."""
    tracer = TRACER.get()
    if tracer is None:
        yield
        return
    with tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False) as opened:
        try:
            yield
        except Exception as error:
            opened.set_attribute("error.type", type(error).__qualname__)
            raise
