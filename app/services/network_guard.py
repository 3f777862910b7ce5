"""Where channels and webhooks may connect to. Mail servers at home are welcome; machines that hand out keys are not.

Loopback and private networks stay allowed: people who host this themselves have their mail server there. Refused are
link-local addresses (where clouds keep their metadata service), the unspecified address and multicast, whatever way
they are written: a name is resolved first, and IPv4 inside IPv6 is unwrapped. Only admins can name a server at all.

Webhooks leave the house: they reach public addresses only, unless the installation says otherwise.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from app.db import assert_no_transaction
from app.errors import Invalid
from app.phrases import phrase

Address = IPv4Address | IPv6Address

# metadata services that are not on link-local addresses: AWS by IPv6, Alibaba, Oracle
METADATA = {ip_address("fd00:ec2::254"), ip_address("100.100.100.200"), ip_address("192.0.0.192")}
NAT64 = ip_network("64:ff9b::/96")
LOCAL_NAT64 = ip_network("64:ff9b:1::/48")


def check_host(host: str, *, field: str | None = None) -> None:
    """Refuse a host that leads where no mail server is. Raises Invalid. Resolves names: no transaction may be open."""
    assert_no_transaction()
    for address in _resolve(host.strip().strip("[]")):
        if is_forbidden(address):
            refused = phrase(
                "{host} leads to {address}, an address that channels may not connect to.",
                host=host,
                address=str(address),
            )
            raise Invalid(refused, field=field)


def addresses_of(hosts: Iterable[str]) -> frozenset[Address]:
    """Return where servers are, without addresses that no channel may connect to. Resolves names: no transaction."""
    assert_no_transaction()
    found = (address for host in hosts for address in _resolve(host.strip().strip("[]")))
    return frozenset(address for address in found if not is_forbidden(address))


def is_forbidden(address: Address) -> bool:
    """Say whether an address, or the IPv4 address inside it, is none that a channel may connect to."""
    inner = _inner(address)
    if inner is not None and is_forbidden(inner):
        return True
    return address.is_link_local or address.is_unspecified or address.is_multicast or address in METADATA


def may_hear(address: Address, *, private_allowed: bool) -> bool:
    """Say whether a webhook may go to an address; `private_allowed` adds loopback and private networks."""
    if is_forbidden(address):
        return False
    return private_allowed or _is_public(address)


def _is_public(address: Address) -> bool:
    inner = _inner(address)
    if inner is not None:
        return _is_public(inner)
    if isinstance(address, IPv6Address) and (address.is_site_local or address in LOCAL_NAT64):
        return False
    return address.is_global and not address.is_reserved and not address.is_multicast


def _inner(address: Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def _resolve(host: str) -> Iterator[Address]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return  # the connector says in its own words that there is no such server
    for *_, place in found:
        yield ip_address(str(place[0]).partition("%")[0])
