"""Strong ETags (RFC 9110): a tag that changes with any byte of a body, and whether a client has that body already.

Pure; who sets headers and answers 304 lives in ``retriever.routes``.
"""

from __future__ import annotations

from hashlib import sha256

_HEX_DIGITS = 16


def etag_of(body: bytes) -> str:
    """The tag of a body, quotes included; the same bytes have the same tag in every process."""
    # Most processors do SHA-256 in hardware, so it takes less than a hash that is fast in software.
    return f'"{sha256(body).hexdigest()[:_HEX_DIGITS]}"'


def is_known(etag: str, if_none_match: str | None) -> bool:
    """Whether to answer 304 without a body, as the client has it.

    Tags are compared weakly, as the RFC asks, since a proxy that compresses makes strong tags weak. What is no tag
    matches nothing.

    Args:
        etag: of the body, by :func:`etag_of`.
        if_none_match: the header's value, several headers joined by commas; None where there is none.
    """
    if if_none_match is None:
        return False
    # Ours hold no comma, so whatever a comma within a foreign tag tears apart is none of ours.
    tags = [tag.strip(" \t") for tag in if_none_match.split(",")]
    return tags == ["*"] or etag in {tag.removeprefix("W/") for tag in tags}
