"""Where channels may connect to."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from app.errors import Invalid
from app.services.network_guard import check_host, is_forbidden, may_hear


@pytest.mark.parametrize(
    "address",
    [
        "169.254.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "::",
        "fe80::1",
        "febf::ffff",
        "224.0.0.251",
        "ff02::1",
        "100.100.100.200",
        "fd00:ec2::254",
        "::ffff:169.254.169.254",
        "::ffff:0.0.0.0",
        "64:ff9b::169.254.169.254",
        "2002:a9fe:a9fe::1",
    ],
)
def test_forbidden(address: str) -> None:
    assert is_forbidden(ip_address(address))


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "10.0.0.5", "192.168.1.10", "fd12:3456::1", "93.184.216.34", "2606:2800::1"]
)
def test_allowed(address: str) -> None:
    assert not is_forbidden(ip_address(address))


@pytest.mark.parametrize(
    "host", ["[fe80::1]", "fe80::1%eth0", "2852039166", "0251.0376.0251.0376", " 169.254.169.254 "]
)
def test_other_ways_to_write_an_address_do_not_help(host: str) -> None:
    with pytest.raises(Invalid, match="may not connect"):
        check_host(host)


def test_a_name_that_leads_nowhere_is_left_to_the_connector_to_report() -> None:
    check_host("no-such-host.invalid")
    check_host("localhost")
    check_host("a" * 300)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.5",
        "172.16.0.1",
        "192.168.1.10",
        "100.64.0.1",
        "198.18.0.1",
        "192.0.2.1",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "fd12:3456::1",
        "fec0::1",
        "2001:db8::1",
        "::ffff:10.0.0.5",
        "::127.0.0.1",
        "64:ff9b::10.0.0.5",
        "64:ff9b:1::1",
        "2002:0a00:0005::1",
    ],
)
def test_a_webhook_goes_to_no_private_address_unless_that_is_allowed(address: str) -> None:
    assert not may_hear(ip_address(address), private_allowed=False)
    assert may_hear(ip_address(address), private_allowed=True) is not is_forbidden(ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800::1", "64:ff9b::93.184.216.34", "::ffff:93.184.216.34"])
def test_a_webhook_goes_to_public_addresses(address: str) -> None:
    assert may_hear(ip_address(address), private_allowed=False)


@pytest.mark.parametrize("address", ["169.254.169.254", "0.0.0.0", "fe80::1", "fd00:ec2::254", "224.0.0.251"])
def test_a_webhook_never_goes_where_keys_are_handed_out(address: str) -> None:
    assert not may_hear(ip_address(address), private_allowed=True)
