"""Which addresses a rule may call: those of the public net, and hosts of the own one that the administrator names."""

import ipaddress
from urllib.parse import SplitResult, urlsplit

from pydantic import Field

from botcrm import CrmError, Settings

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address
# IPv6 addresses that stand for an IPv4 one (RFC 6052): the last four bytes are it.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Where clouds tell a machine its keys, besides the link-local 169.254.169.254.
_METADATA = frozenset(map(ipaddress.ip_address, ("fd00:ec2::254", "100.100.100.200", "192.0.0.192")))


class RuleSettings(Settings):
    """What an administrator can choose."""

    allowed_hosts: list[str] = Field(
        default=[],
        title="Own hosts",
        description="Hosts of your own network that rules may call; all others need a public address",
    )
    loopback_http: bool = Field(
        default=False, title="This machine", description="Rules may call http://127.0.0.1, to try a receiver out"
    )


class NotCalled(CrmError):
    """An address that must not be called."""

    message = "{host} is not called: {reason}"


def parsed(url: str) -> SplitResult:
    """Return a URL's pieces.

    :raises ValueError: it is no address that could ever be called
    """
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise ValueError("Write an address in plain letters: https://example.com/hook")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("That is no address.") from None
    if parts.scheme not in ("https", "http") or not host:
        raise ValueError("Write an address like https://example.com/hook")
    if parts.scheme == "http" and not is_loopback_name(host):
        raise ValueError("Only https is called: http can be read on the way.")
    if parts.username is not None or parts.password is not None:
        raise ValueError("An address with a name and a password is not called.")
    if port == 0 or not _is_well_written(host):
        raise ValueError("That is no address.")
    return parts


def _is_well_written(host: str) -> bool:
    """Tell whether a host that looks like a number is written in full: 127.1 and 2130706433 are loopback in disguise."""
    return ip_of(host) is not None or not (":" in host or host.replace(".", "").isdigit())


def ip_of(host: str) -> Ip | None:
    """Return the address that a host is written as; None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_loopback_name(host: str) -> bool:
    """Tell whether a host is this machine by its very name."""
    ip = ip_of(host)
    return host.rstrip(".") == "localhost" if ip is None else ip.is_loopback


def demand_callable(url: str, settings: RuleSettings) -> None:
    """Refuse what is not to be called, as far as the address itself shows it.

    :raises NotCalled: why not
    """
    try:
        parts = parsed(url)
    except ValueError as exc:
        raise NotCalled(host=url[:100], reason=str(exc)) from None
    host = parts.hostname or ""
    if parts.scheme == "http" and not settings.loopback_http:
        raise NotCalled(host=host, reason="only https is called.")
    ip = ip_of(host)
    if ip is not None:
        demand_reachable(host, ip, settings, plain=parts.scheme == "http")


def demand_reachable(host: str, ip: Ip, settings: RuleSettings, *, plain: bool) -> None:
    """Refuse an address that a host has: asked of each one that is about to be connected to, for a name can change its address.

    :param plain: whether it is called by http
    :raises NotCalled: it is none of the public net's, and the host is none of those named
    """
    ips = (ip, *_within(ip))
    if any(one.is_link_local or one.is_multicast or one.is_unspecified or one in _METADATA for one in ips):
        raise NotCalled(host=host, reason=f"{ip} is never called, whatever the settings say.")
    if plain:
        if not (settings.loopback_http and any(one.is_loopback for one in ips)):
            raise NotCalled(host=host, reason="only https is called.")
        return
    named = {one.strip().rstrip(".").casefold() for one in settings.allowed_hosts}
    if host.rstrip(".").casefold() not in named and not all(map(_is_public, ips)):
        raise NotCalled(host=host, reason=f"{ip} is no public address; an administrator can name the host in /plugins.")


def _is_public(ip: Ip) -> bool:
    if isinstance(ip, ipaddress.IPv6Address) and (ip.is_site_local or (ip.is_reserved and ip not in _NAT64)):
        return False
    return ip.is_global


def _within(ip: Ip) -> tuple[Ip, ...]:
    """Return the IPv4 addresses that an IPv6 address stands for."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ()
    teredo = ip.teredo or ()
    nat64 = (ipaddress.IPv4Address(ip.packed[-4:]),) if ip in _NAT64 else ()
    return tuple(one for one in (ip.ipv4_mapped, ip.sixtofour, *teredo, *nat64) if one is not None)
