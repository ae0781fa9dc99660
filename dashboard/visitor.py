"""Who looks at the page, as far as their browser's request tells: somebody at this computer, or anybody at all."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from dashboard.settings import LOOPBACK

_OF_PROXIES = frozenset({"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"})


def is_at_this_computer(headers: Mapping[str, str]) -> bool:
    """Whether the page was asked for by a local name, and no proxy speaks for somebody else.

    A page that listens on loopback only is reached by others through a proxy, which names the host that they asked for
    or says that it forwards. A request without a host comes from no browser.
    """
    told = {name.lower(): value for name, value in headers.items()}
    if _OF_PROXIES & told.keys():
        return False
    try:
        host = urlsplit(f"//{told.get('host', 'localhost')}").hostname
    except ValueError:
        return False
    return host in LOOPBACK
