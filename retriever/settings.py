"""What the retriever can be told by ``SOUNDALIKE_…`` variables. Paths and models are the other rooms' settings."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from features.settings import HomeSettings
from retriever.access.settings import AccessSettings
from retriever.observe.logs import LogFormat, LogLevel


class RetrieverSettings(AccessSettings):
    """Where to listen, how much to take in, how often to look for changes."""

    host: str = "127.0.0.1"
    """Address to listen on. Any other than loopback asks every request for an API key: python -m retriever keys."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """Port to listen on; 0 takes a free one and prints it."""
    max_body_mb: Annotated[int, Field(ge=1, le=1024)] = 32
    """Largest request body, uploads included; ten years of extended streaming history are about 10 MB zipped."""
    neighbours_asked: Annotated[int, Field(ge=1, le=1000)] = 50
    """How many of the nearest people vote on which artists to discover; 50 is what the evaluation measures."""
    max_reasons: Annotated[int, Field(ge=1, le=500)] = 20
    """Most shared artists, shared genres and discoveries that an answer lists."""
    recent_answers_mb: Annotated[int, Field(ge=0, le=4096)] = 32
    """Most memory in MB for answers of /similar that are given again for as long as nothing has changed."""
    worker_threads: Annotated[int, Field(ge=1, le=64)] = 4
    """Threads that read requests, search and use the stores; new profiles are encoded by one more."""
    reading_threads: Annotated[int, Field(ge=1, le=64)] = 4
    """Threads that read profiles at Spotify and ListenBrainz: that takes seconds, and holds up no other request."""
    warm_up: bool = True
    """Whether the text model is loaded as the server starts. Else the first text that nobody had before waits for it,
    some seconds, and until then 0.3 GB and seven seconds of a core are spared: for small machines, and short lives."""
    dashboard_url: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")] | None = None
    """Where a browser goes on to after a login with Spotify, such as http://127.0.0.1:8501/. Unset: it is answered."""
    max_requests_at_once: Annotated[int, Field(ge=1, le=10_000)] = 64
    """Requests that may wait for a thread or for their encoding at once; more are answered 503 with Retry-After."""
    max_connections: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """Connections at once; a request on more of them is answered 503."""
    keep_alive_s: Annotated[int, Field(ge=1, le=3600)] = 75
    """Seconds that a connection may be idle between two requests. Longer than its other end keeps it (load balancers
    60, httpx 5): what is sent on a connection in the moment in which the server closes it is lost."""
    request_timeout_s: Annotated[float, Field(gt=0, le=600)] = 30.0
    """Seconds after which a request is answered 503, whatever it still waits for; and that a body may take to come."""
    store_timeout_s: Annotated[float, Field(gt=0, le=60)] = 2.0
    """Seconds that the feature store may take for an answer."""
    deliver_every_s: Annotated[float, Field(gt=0, le=60)] = 0.25
    """Seconds between deliveries from the outbox to the feature store; what comes in between is one batch."""
    deliver_again_within_s: Annotated[float, Field(gt=0, le=3600)] = 10.0
    """Most seconds between two tries while the feature store refuses; they grow up to this, with jitter."""
    erase_every_s: Annotated[float, Field(ge=0, le=86_400)] = 600.0
    """Least seconds between two rewritings of the index that wipe the bytes of deleted people; the first is at once."""
    drain_s: Annotated[float, Field(ge=0, le=60)] = 1.0
    """Seconds that a server told to stop (SIGTERM) still answers, so that its callers learn to go elsewhere."""
    refresh_every_s: Annotated[float, Field(gt=0, le=86_400)] = 60.0
    """Seconds between looks at a feature store in Hopsworks for what others wrote to it."""
    follow_every_s: Annotated[float, Field(gt=0, le=60)] = 0.5
    """Seconds between looks for a newly published index and for people changed by other processes."""
    map_every_s: Annotated[float, Field(gt=0, le=86_400)] = 30.0
    """Least seconds between two drawings of the map of everybody; who is deleted is off it at once all the same."""
    popularity_every_s: Annotated[float, Field(gt=0)] = 60.0
    """Seconds after which it is counted again how rare artists and genres are."""
    log_format: LogFormat = "auto"
    """json, console (for people), or auto: console where the log goes to a terminal, else JSON."""
    log_level: LogLevel = "info"
    """debug (also tells of every question that was answered), info, warning or error."""
    tracing: bool = False
    """Whether a trace of each request is sent, by OTLP over HTTP, to the address in OTEL_EXPORTER_OTLP_ENDPOINT; needs
    the extra: pip install 'soundalike[tracing]'."""


class ClientSettings(HomeSettings):
    """What a command that speaks to a server is told."""

    api_key: SecretStr | None = None
    """Key that the commands ``ask`` and ``reconcile`` show to a server that asks for one."""
