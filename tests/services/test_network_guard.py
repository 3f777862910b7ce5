"""Where channels may connect to."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from app.errors import Invalid
from app.services.network_guard import check_host, is_forbidden


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
