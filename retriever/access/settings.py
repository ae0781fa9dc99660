"""What can be told about access: keys, rate limits and other origins; how long answers are kept to be repeated."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from features.settings import HomeSettings

OFF = "off"
MAX_AMOUNT = 10_000
"""Largest number in a rate: the time of each request is kept for as long as it counts."""
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?|https?://\[[0-9A-Fa-f:.]+\](:\d{1,5})?")


def _a_rate(text: str) -> str:
    from limits import parse

    if text == OFF:
        return text
    try:
        fits = 0 < parse(text).amount <= MAX_AMOUNT
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"it is no rate of at most {MAX_AMOUNT} such as 600/minute, 10/second, 5000/day, and not off")
    return text


def _origins(text: str) -> str:
    """Never ``*``: it would let every website that somebody visits read what a server on their computer knows."""
    for origin in listed(text):
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(f"{origin!r} is no origin such as https://music.example or http://localhost:8501")
    return text


def listed(text: str) -> list[str]:
    """The parts of a list with commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


Rate = Annotated[str, AfterValidator(_a_rate)]


class AccessSettings(HomeSettings):
    """Who may ask, and how often."""

    api_keys_required: bool | None = None
    """Whether every request needs an API key (python -m retriever keys). Unset: unless the host is a loopback address;
    beyond loopback it cannot be false."""
    rate_limit: Rate | None = None
    """Requests that a key, or an address without one, may make: such as 600/minute, or off. Unset: 600/minute, and off
    on a loopback address."""
    rate_limit_writes: Rate | None = None
    """Of those, the ones that may change something. Unset: 60/minute, and off on a loopback address."""
    rate_limit_failures: Rate = "30/minute"
    """Requests without a valid API key that an address may make where keys are required."""
    cors_origins: Annotated[str, AfterValidator(_origins)] = ""
    """Origins whose web pages may call the API from a browser, with commas between them: https://music.example."""
    host_names: str = ""
    """Names, with commas between them, under which a server without API keys may be asked, beside localhost; such as
    the one of a proxy on the same machine that asks for passwords itself: music.example."""
    idempotency_ttl_h: Annotated[float, Field(gt=0, le=24 * 30)] = 24.0
    """Hours for which an Idempotency-Key stands for its first request."""
    idempotency_max_mb: Annotated[int, Field(ge=1, le=4096)] = 32
    """Most memory in MB for answers that are kept to be given again."""
