"""Reading requests: whatever does not fit becomes one InvalidRequest that lists each finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from features.sources.reasons import MANY, TOO_MANY
from retriever.errors import Finding, InvalidRequest
from retriever.findings import findings_of
from retriever.whole_numbers import with_whole_numbers

_Model = TypeVar("_Model", bound=BaseModel)


def read_json(kind: type[_Model], body: bytes) -> _Model:
    """Read a JSON body. Raises InvalidRequest where it does not fit."""
    with fitting():
        try:
            return kind.model_validate_json(body)
        except ValidationError as error:
            if not _is_about_whole_numbers(error):
                raise
        return kind.model_validate_json(with_whole_numbers(body))


def told_once(names: Iterable[str]) -> None:
    """Refuse what gives a field several times, of which one would be taken without a word.

    Raises:
        InvalidRequest: some of ``names`` are there more than once.
    """
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        raise InvalidRequest([Finding(name, "is given more than once") for name in repeated])


def told_in_full(form: Iterable[tuple[str, object]]) -> None:
    """Refuse a form that gives a field several times or empty, which would be taken for not given without a word.

    Raises:
        InvalidRequest: some of it is.
    """
    fields = [*form]
    told_once(name for name, _ in fields)
    empty = [Finding(name, "is empty; leave it out") for name, value in fields if value == ""]
    if empty:
        raise InvalidRequest(empty)


@contextmanager
def fitting() -> Iterator[None]:
    """Pydantic's complaints within the block leave it as InvalidRequest."""
    try:
        yield
    except ValidationError as error:
        raise InvalidRequest(_findings_in(error)) from None


def _is_about_whole_numbers(error: ValidationError) -> bool:
    return error.error_count() <= MANY and any(
        found["type"] == "int_type" for found in error.errors(include_input=False, include_url=False)
    )


def _findings_in(error: ValidationError) -> tuple[Finding, ...]:
    """What is wrong; where it is far too much, only that, since a list of it would take gigabytes."""
    if error.error_count() > MANY:
        return (Finding("body", TOO_MANY.lower()),)
    return findings_of(error.errors(include_input=False, include_url=False))
