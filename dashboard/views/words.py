"""Numbers, names and moments in words, and the escaping that keeps what people wrote plain text."""

from __future__ import annotations

import html
import re
from datetime import datetime
from urllib.parse import quote, urlsplit

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~<>$:&])")


def escaped(text: str) -> str:
    """Text that means nothing in HTML."""
    return html.escape(text, quote=True)


def plain(text: str) -> str:
    """Text that means nothing in Streamlit's Markdown: no link, no emphasis, no HTML, no formula, no icon."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def named(display_name: str | None, user_id: str) -> str:
    """What to call somebody: their name, or a short form of the id."""
    name = " ".join((display_name or "").split())
    return name or (user_id if len(user_id) <= 16 else f"{user_id[:12]}…")


def initials(name: str) -> str:
    """One or two letters for an avatar; a dot where a name has none."""
    letters = [word[0] for word in re.findall(r"[^\W_]+", name)]
    return "".join(letters[:1] + letters[1:][-1:]).upper() or "·"


def safe_link(url: str | None) -> str | None:
    """The address, if a browser only opens a page by it; None for scripts and the like."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.netloc else None


def is_spotify(url: str) -> bool:
    """Whether a link leads to Spotify, which has to be told beside it."""
    return urlsplit(url).netloc == "open.spotify.com"


def search_link(artist: str) -> str:
    """Spotify's own search for an artist."""
    return f"https://open.spotify.com/search/{quote(artist, safe='')}"


def search_uri(artist: str) -> str:
    """The same, for Spotify's own apps."""
    return f"spotify:search:{quote(artist, safe='')}"


def percentile_text(percentile: float | None) -> str:
    """Such as ``98.7 %``; never 100, since nobody is nearer than all."""
    if percentile is None:
        return "–"
    return "> 99.9 %" if percentile > 99.9 else f"{percentile:.1f} %"


def confidence_text(confidence: float) -> str:
    """In a word, for a confidence of 0 to 1."""
    return "sure" if confidence >= 0.75 else "fairly sure" if confidence >= 0.5 else "a guess"


def count_text(number: int, one: str, many: str) -> str:
    """Such as ``1 person`` and ``1,204 people``."""
    return f"{number:,} {one if number == 1 else many}"


def age_text(seconds: float | None) -> str:
    """Such as ``3 hours``; a dash where it is not known."""
    if seconds is None:
        return "–"
    for size, one in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            return count_text(int(seconds // size), one, f"{one}s")
    return "less than a minute"


def day_text(moment: datetime | None) -> str:
    """Such as ``24 November 2026``."""
    return "–" if moment is None else f"{moment.day} {moment:%B %Y}"
