"""The ``fields`` of a request, such as "items(item(name,artists(name))),next,!total": what of an answer is wanted."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from .answers import Refused, bad_request

_TOKEN = re.compile(r"[(),.!]|[^(),.!\s]+")


@dataclass
class _Wanted:
    """Keys that are wanted, each with what of it is; nothing named means all."""

    keys: dict[str, _Wanted] = field(default_factory=dict)
    unwanted: set[str] = field(default_factory=set)

    def of(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.of(each) for each in value]
        if not isinstance(value, dict):
            return value
        if not self.keys:
            return {key: each for key, each in value.items() if key not in self.unwanted}
        return {key: wanted.of(value[key]) for key, wanted in self.keys.items() if key in value}


def pick(value: Any, fields: str | None) -> Any:
    """What ``fields`` leaves of a JSON value; what it names and is not there is left out in silence.

    Raises:
        Refused: the text is no list of fields.
    """
    if not fields:
        return value
    tokens = _TOKEN.findall(fields)[::-1]
    wanted = _parse(tokens)
    if tokens:
        raise Refused(bad_request("Invalid fields parameter"))
    return wanted.of(value)


def _parse(tokens: list[str]) -> _Wanted:
    wanted = _Wanted()
    while tokens and tokens[-1] != ")":
        name = tokens.pop()
        if name == ",":
            continue
        if name == "!":
            wanted.unwanted.add(tokens.pop() if tokens else "")
            continue
        if not tokens or tokens[-1] not in "(.":
            wanted.keys.setdefault(name, _Wanted())
            continue
        wanted.keys[name] = _within(tokens)
    return wanted


def _within(tokens: list[str]) -> _Wanted:
    """What follows a name: "(a,b)", or ".a"."""
    if tokens.pop() == ".":
        if not tokens:
            raise Refused(bad_request("Invalid fields parameter"))
        name = tokens.pop()
        return _Wanted({name: _within(tokens) if tokens and tokens[-1] in "(." else _Wanted()})
    inner = _parse(tokens)
    if not tokens:
        raise Refused(bad_request("Invalid fields parameter"))
    tokens.pop()
    return inner
