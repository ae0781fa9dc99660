"""JSON knows one kind of number, so 5.0 is an integer there (RFC 8259, JSON Schema); validators are stricter. Pure."""

from __future__ import annotations

import json
from typing import Any


def with_whole_numbers(body: bytes) -> bytes:
    """The same JSON with every whole number written without a point. Raises ValueError where it is no JSON."""
    return json.dumps(json.loads(body, parse_float=_number)).encode()


def _number(text: str) -> Any:  # noqa: ANN401 - a number, of the one kind or the other
    value = float(text)
    return int(value) if value.is_integer() else value
