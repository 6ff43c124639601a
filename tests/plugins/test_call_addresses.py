"""Which addresses the rule action "Call a URL" calls."""

from __future__ import annotations

import ipaddress

import pytest

from botcrm.plugins.rules.addresses import NotCalled, RuleSettings, demand_callable, demand_reachable, parsed

TRIAL = RuleSettings(loopback_http=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "ftp://example.com/",
        "https://",
        "https:///hook",
        "//example.com",
        "https://user:secret@example.com/",
        "https://user@127.0.0.1/",
        "https://example.com:99999/",
        "https://example.com:0/",
        "https://exa mple.com/",
        "https://example.com/\nX: 1",
        "https://example.com\\@evil.test/",
        "https://127.1/",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://[::1/",
        "https://пример.рф/",
        "javascript:alert(1)",
        "file:///etc/passwd",
    ],
)
def test_what_is_no_address_to_call_is_refused_when_it_is_typed(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parsed(url)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "127.255.0.9",
            "10.0.0.8",
            "172.16.4.4",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
        ),
        *("224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1", "100.100.100.200", "192.0.0.192"),
        *("::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1", "2001:db8::1", "::7f00:1"),
        # An IPv4 address in the clothes of an IPv6 one.
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::", "2002:a9fe:a9fe::"),
        *("64:ff9b::7f00:1", "64:ff9b::a00:1", "2001:0:7f00:1::"),
    ],
)
def test_only_public_addresses_are_called(address: str) -> None:
    with pytest.raises(NotCalled):
        demand_reachable("shop.test", ipaddress.ip_address(address), RuleSettings(), plain=False)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"])
def test_public_addresses_are_called(address: str) -> None:
    demand_reachable("shop.test", ipaddress.ip_address(address), RuleSettings(), plain=False)


def test_a_host_that_is_named_may_be_of_the_own_network_and_never_of_the_clouds() -> None:
    named = RuleSettings(allowed_hosts=["ERP.test."])
    demand_reachable("erp.test", ipaddress.ip_address("10.0.0.8"), named, plain=False)
    for host, address in (
        ("other.test", "10.0.0.8"),
        ("erp.test", "169.254.169.254"),
        ("erp.test", "::ffff:169.254.169.254"),
        ("erp.test", "fd00:ec2::254"),
    ):
        with pytest.raises(NotCalled):
            demand_reachable(host, ipaddress.ip_address(address), named, plain=False)


def test_http_goes_to_this_machine_alone_and_only_where_that_is_set() -> None:
    demand_callable("http://127.0.0.1:8080/hook", TRIAL)
    demand_callable("http://localhost/hook", TRIAL)
    with pytest.raises(NotCalled):
        demand_callable("http://127.0.0.1:8080/hook", RuleSettings())
    with pytest.raises(NotCalled):
        demand_callable("https://127.0.0.1/hook", TRIAL)
    with pytest.raises(NotCalled):
        demand_reachable("localhost", ipaddress.ip_address("93.184.215.14"), TRIAL, plain=True)
