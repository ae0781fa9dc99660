"""Names of metrics as Hopsworks takes them: letters and underscores only, and back. Pure.

Its client runs ``humps.decamelize`` over every answer, by which ``recall_at_10`` comes back as ``recall_at__10``. So a
number between underscores is spelt digit by digit: ``recall_at_onezero``.
"""

from __future__ import annotations

import re

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_SPELT = re.compile(f"(?:{'|'.join(_DIGITS)})+")
_DIGIT = re.compile("|".join(_DIGITS))
_NAME = re.compile(r"[a-z]+(_([a-z]+|[0-9]+))*")


def to_letters(name: str) -> str:
    """``name`` in letters.

    Raises:
        ValueError: it would not come back as it was: it is not lower-case words and numbers with underscores between
            them, or a word of it spells a number.
    """
    if not _NAME.fullmatch(name) or any(_SPELT.fullmatch(word) for word in name.split("_")):
        raise ValueError(f"{name!r} cannot be the name of a metric in Hopsworks")
    return re.sub(r"[0-9]", lambda digit: _DIGITS[int(digit[0])], name)


def from_letters(letters: str) -> str:
    """The name that :func:`to_letters` made ``letters`` of."""
    return "_".join(_digits(word) if _SPELT.fullmatch(word) else word for word in letters.split("_"))


def _digits(word: str) -> str:
    return _DIGIT.sub(lambda digit: str(_DIGITS.index(digit[0])), word)
