"""Names as other programs wrote them, made fit for a TasteProfile. Pure text; no files, no profiles."""

from __future__ import annotations

import html
import re
import unicodedata

from features.profile import CONTROL_CHARACTERS, MAX_NAME_LENGTH

# Only whole entities: "AT&T" and "R&B" are names, "&amp;" is an escape.
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_SHOWN_LENGTH = 80


def clean(value: object) -> str:
    """A name without control characters, in NFC, with single spaces, of at most MAX_NAME_LENGTH characters.

    Numbers become text, since Spotify writes titles such as 1989 as JSON numbers; whatever else is no text is "".
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return ""
    if not value.isascii():
        # Half an emoji (a lone surrogate) is valid in JSON and in no encoding.
        value = unicodedata.normalize("NFC", value.encode("utf-8", "ignore").decode("utf-8"))
    return " ".join(CONTROL_CHARACTERS.sub(" ", value).split())[:MAX_NAME_LENGTH].rstrip()


def clean_unescaped(value: object) -> str:
    """As ``clean``, for names that a web page has HTML-escaped on their way."""
    if isinstance(value, str):
        value = _ENTITY.sub(lambda entity: html.unescape(entity[0]), value)
    return clean(value)


def shown(filename: str) -> str:
    """A file name fit for an error message: no folders, no control characters, not endless."""
    return clean(filename.replace("\\", "/").rpartition("/")[2])[:_SHOWN_LENGTH] or "the file"
