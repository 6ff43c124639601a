"""Posting to an address that somebody typed: only where it may go, for ten seconds at most, and no further than it says."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from botcrm.plugins.rules.addresses import Ip, RuleSettings, demand_reachable

# Seconds for all of it: the name, the connection, the answer.
DEADLINE = 10.0
Lookup = Callable[[str, int], Awaitable[list[str]]]


async def lookup(host: str, port: int) -> list[str]:
    """Return a host's addresses.

    :raises OSError: it has none
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class _Resolver(AbstractResolver):
    """Looks names up; one with a single address that must not be called is not called at all."""

    def __init__(self, demand: Callable[[str, Ip], None], look: Lookup) -> None:
        self._demand = demand
        self._look = look

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return a host's addresses.

        :raises NotCalled: one of them must not be called
        """
        found: list[ResolveResult] = []
        for address in await self._look(host, port):
            ip = ipaddress.ip_address(address)
            self._demand(host, ip)
            kind = socket.AF_INET if ip.version == 4 else socket.AF_INET6
            if family in (socket.AF_UNSPEC, kind):
                # A number is not looked up again: what was asked about is what is connected to.
                flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
                found.append(ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=flags))
        return found

    async def close(self) -> None:
        """Do nothing: nothing is kept."""


async def post(
    url: str, body: bytes, headers: dict[str, str], settings: RuleSettings, *, look: Lookup = lookup
) -> tuple[int, str]:
    """Post a body, and return the answer's status and its Retry-After; what else is answered is not read.

    Redirects are not followed, no proxy is used and nothing is kept between two calls.

    :param look: returns a host's addresses
    :raises NotCalled: an address that must not be called
    :raises OSError: it was not reached
    :raises TimeoutError: it took longer than ten seconds
    """
    plain = url.startswith("http:")
    names: dict[str, str] = {}

    def demand(host: str, ip: Ip) -> None:
        demand_reachable(host, ip, settings, plain=plain)
        names[str(ip)] = host

    def connected(address: tuple[Any, ...]) -> socket.socket:
        family, kind, proto, _, where = address
        # The last moment, whatever way the address came here.
        demand(names.get(where[0], where[0]), ipaddress.ip_address(where[0]))
        made = socket.socket(family, kind, proto)
        made.setblocking(False)
        return made

    connector = aiohttp.TCPConnector(
        resolver=_Resolver(demand, look), use_dns_cache=False, force_close=True, socket_factory=connected
    )
    session = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        timeout=aiohttp.ClientTimeout(total=DEADLINE),
        auto_decompress=False,
    )
    try:
        async with (
            asyncio.timeout(DEADLINE),
            session,
            session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            return answer.status, answer.headers.get("Retry-After", "")
    except aiohttp.ClientError as exc:
        raise ConnectionError(str(exc) or type(exc).__name__) from exc
