"""Why a text is no profile, in words a person can act on. Messages name places, and never repeat the content."""

from __future__ import annotations

import re

from pydantic import ValidationError

from features.sources.names import clean

_PART_LENGTH = 40
# Every other wrong part ends the reading of its list, so only fields that nobody knows come in such numbers.
MANY = 1000
TOO_MANY = "Far too many unknown fields"


def reason_of(error: ValidationError, text: bytes) -> str:
    """The first thing that is wrong with ``text``, as one sentence."""
    if error.error_count() > MANY:
        return f"{TOO_MANY}."
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return _broken_json(first["msg"], text)
    # A place may hold keys that the file chose, of any length.
    place = ".".join(clean(str(part))[:_PART_LENGTH] for part in first["loc"])
    message = "Must not hold control characters" if first["type"] == "string_pattern_mismatch" else first["msg"]
    return f"{place}: {message}." if place else f"{message}."


def _broken_json(message: str, text: bytes) -> str:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return "Not UTF-8 text."
    # A line of a file has no line 1 of its own to point at; a document has.
    shown = message if b"\n" in text else re.sub(r"line 1 (?=column)", "", message)
    return f"{shown}."
