"""Where a request comes from, as far as its connection tells. Headers such as X-Forwarded-For are not believed.

Behind a proxy all requests come from the proxy, and count together.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from starlette.types import Scope

UNKNOWN = "unknown"
"""Stands for all clients without an IP address, such as those of a Unix socket."""


def address_of(scope: Scope) -> str:
    """The client's IPv4 address, or the /64 network of its IPv6 address, all of which one customer has."""
    client = scope.get("client")
    return UNKNOWN if client is None else _network(client[0])


@lru_cache(maxsize=4096)
def _network(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return UNKNOWN
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address), 64), strict=False))
