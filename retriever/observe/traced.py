"""A span for every request. Imports OpenTelemetry, which is an extra: import this only where traces are asked for."""

from __future__ import annotations

from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from retriever.observe.seen import method_of, seen, template_of
from retriever.observe.tracing import TRACER

_TRACEPARENT = b"traceparent"


class Traced:
    """Pure ASGI, inside of ``Observed``. Continues the trace of a caller that sends ``traceparent`` (W3C).

    A span tells the route's template, the method, the status and the request's id; no path, no query, no words of an
    exception, and neither ``tracestate`` nor ``baggage``, in which a caller may say what he likes.
    """

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer
        self._propagator = TraceContextTextMapPropagator()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = next((value for name, value in scope["headers"] if name == _TRACEPARENT), b"")
        parent = self._propagator.extract({"traceparent": sent.decode("latin-1")})
        token = TRACER.set(self._tracer)
        try:
            with self._tracer.start_as_current_span(
                "request", parent, SpanKind.SERVER, record_exception=False, set_status_on_exception=False
            ) as span:
                await self._inside(span, scope, receive, send)
        finally:
            TRACER.reset(token)

    async def _inside(self, span: Span, scope: Scope, receive: Receive, send: Send) -> None:
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            span.set_attribute("error.type", type(error).__qualname__)
            status = status or 500
            raise
        finally:
            _tell(span, scope, status)


def _tell(span: Span, scope: Scope, status: int) -> None:
    method, route = method_of(scope), template_of(scope)
    span.update_name(f"{method} {route}")
    span.set_attributes(
        {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            "soundalike.request_id": seen(scope).request_id,
        }
    )
    if status >= 500:
        span.set_status(StatusCode.ERROR)
