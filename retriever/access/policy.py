"""Whether API keys are asked for: a server that others can reach never goes without them. Pure."""

from __future__ import annotations

import ipaddress
from datetime import datetime

from features.errors import SettingsError
from retriever.access.keys import KeyRing
from retriever.errors import NoKeys


def is_loopback(host: str) -> bool:
    """Whether only this computer can reach a server that listens on ``host``; a name other than localhost may lie."""
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def keys_required(host: str, asked: bool | None) -> bool:
    """Whether every request needs a key: as ``asked``, and if nothing is, wherever others can reach the server.

    Raises:
        SettingsError: keys are to be left out where others can reach the server.
    """
    if is_loopback(host):
        return bool(asked)
    if asked is False:
        raise SettingsError(
            f"SOUNDALIKE_API_KEYS_REQUIRED is false, but {host or 'the empty host'} can be reached from outside.",
            "Leave it unset, or listen on 127.0.0.1.",
        )
    return True


def require_a_key(ring: KeyRing, host: str, now: datetime) -> None:
    """See to it that somebody can get in.

    Raises:
        NoKeys: there is no key that has not expired.
    """
    if not ring.has_valid(now):
        raise NoKeys(host)
