"""The Bot API over HTTP, as plain calls: a method's name and its JSON.

Calls are stored in the outbox as the JSON that Telegram gets, so they are sent as they are (decisions/0004); aiogram types
what comes in and routes it.
"""

import asyncio
import json
from typing import Any, Protocol

import aiohttp


class ApiError(Exception):
    """A refusal by the Bot API.

    :ivar code: its error_code
    :ivar description: its words
    :ivar retry_after: seconds to wait, for code 429
    """

    def __init__(self, code: int, description: str, retry_after: float | None = None) -> None:
        self.code = code
        self.description = description
        self.retry_after = retry_after
        super().__init__(f"{code} {description}")


class Transport(Protocol):
    """What can carry a Bot API call: HTTP here, memory in tests."""

    async def call(self, method: str, payload: dict[str, Any], *, timeout: float = 30.0) -> Any:  # noqa: ASYNC109 - passed on to the HTTP client
        """Make a call and return its result.

        :raises ApiError: the Bot API refused
        :raises OSError: it was not reached
        """
        ...


class HttpTransport:
    """Calls over one HTTP session; the token stays inside."""

    def __init__(self, base_url: str, token: str, *, connections: int = 160) -> None:
        self._base = base_url.rstrip("/")
        self._token = token
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def call(self, method: str, payload: dict[str, Any], *, timeout: float = 30.0) -> Any:  # noqa: ASYNC109 - passed on to the HTTP client
        """Make a call and return its result.

        :raises ApiError: the Bot API refused
        :raises OSError: it was not reached, or answered no JSON
        """
        answer = await self._post(method, payload, timeout)
        if answer.get("ok"):
            return answer.get("result")
        parameters = answer.get("parameters") or {}
        raise ApiError(
            int(answer.get("error_code", 0)), str(answer.get("description", "")), parameters.get("retry_after")
        )

    async def raw(self, method: str, payload: dict[str, Any], *, timeout: float) -> bytes:  # noqa: ASYNC109 - passed on to the HTTP client
        """Make a call and return the whole answer as it came."""
        session = self._open()
        try:
            async with session.post(
                f"{self._base}/bot{self._token}/{method}", json=payload, timeout=aiohttp.ClientTimeout(total=timeout)
            ) as response:
                return await response.read()
        except aiohttp.ClientConnectorError as exc:
            # No connection, so nothing was sent: a client's message may go again without being doubled.
            raise ConnectionRefusedError(f"{method}: {type(exc).__name__}") from None
        except (TimeoutError, aiohttp.ClientError) as exc:
            # The library's message holds the URL and that the token.
            raise ConnectionError(f"{method}: {type(exc).__name__}") from None

    async def _post(self, method: str, payload: dict[str, Any], timeout: float) -> dict[str, Any]:  # noqa: ASYNC109
        body = await self.raw(method, payload, timeout=timeout)
        try:
            answer = json.loads(body)
        except ValueError:
            raise ConnectionError(f"{method}: the answer is no JSON") from None
        if not isinstance(answer, dict):
            raise ConnectionError(f"{method}: the answer is no object")
        return answer

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=60)
            self._session = aiohttp.ClientSession(connector=connector)
        return self._session

    async def close(self) -> None:
        """Close the session."""
        session, self._session = self._session, None
        if session:
            await session.close()
            await asyncio.sleep(0)
