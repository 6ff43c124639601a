"""The Bot API over HTTP, as plain calls: a method's name and its JSON.

Calls are stored in the outbox as the JSON that Telegram gets, so they are sent as they are (decisions/0004); aiogram types
what comes in and routes it.
"""

import asyncio
import json
from collections.abc import Mapping
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


Files = Mapping[str, tuple[str, bytes]]
_UPLOAD_SECONDS = 240.0
_JSON = {"Content-Type": "application/json"}


class Transport(Protocol):
    """What can carry a Bot API call: HTTP here, memory in tests."""

    async def call(
        self,
        method: str,
        payload: dict[str, Any] | str,
        *,
        files: Files | None = None,
        timeout: float = 30.0,  # noqa: ASYNC109 - passed on to the HTTP client
    ) -> Any:
        """Make a call and return its result.

        :param payload: what it says, or the JSON of that
        :param files: what goes along, field -> (name, content)
        :raises ApiError: the Bot API refused
        :raises OSError: it was not reached
        """
        ...

    async def fetch(self, path: str, most_bytes: int) -> bytes:
        """Return the file at a path that getFile named.

        :raises ValueError: it is larger
        :raises OSError: it cannot be had
        """
        ...


async def download(transport: Transport, file_id: str, most_bytes: int) -> bytes:
    """Return a file that somebody sent to the bot.

    :raises ValueError: it is larger
    :raises OSError: it cannot be had now
    """
    try:
        file = await transport.call("getFile", {"file_id": file_id})
    except ApiError as exc:
        if "too big" in exc.description:
            raise ValueError(exc.description) from None
        raise FileNotFoundError(exc.description) from None
    if int(file.get("file_size") or 0) > most_bytes:
        raise ValueError(f"the file has {file['file_size']} bytes, more than {most_bytes}")
    return await transport.fetch(str(file["file_path"]), most_bytes)


class HttpTransport:
    """Calls over one HTTP session; the token stays inside."""

    def __init__(self, base_url: str, token: str, *, connections: int = 160) -> None:
        self._base = base_url.rstrip("/")
        self._token = token
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def call(
        self,
        method: str,
        payload: dict[str, Any] | str,
        *,
        files: Files | None = None,
        timeout: float = 30.0,  # noqa: ASYNC109 - passed on to the HTTP client
    ) -> Any:
        """Make a call and return its result.

        :raises ApiError: the Bot API refused
        :raises OSError: it was not reached, or answered no JSON
        """
        # A file of 50 MB takes minutes on a slow line.
        answer = await self._post(method, payload, timeout + (_UPLOAD_SECONDS if files else 0), files)
        if answer.get("ok"):
            return answer.get("result")
        parameters = answer.get("parameters") or {}
        raise ApiError(
            int(answer.get("error_code", 0)), str(answer.get("description", "")), parameters.get("retry_after")
        )

    async def raw(
        self,
        method: str,
        payload: dict[str, Any] | str,
        *,
        timeout: float,  # noqa: ASYNC109 - passed on to the HTTP client
        files: Files | None = None,
    ) -> bytes:
        """Make a call and return the whole answer as it came."""
        session = self._open()
        body: dict[str, Any]
        if isinstance(payload, str):
            body = {"data": payload.encode(), "headers": _JSON}
        else:
            body = {"data": _form(payload, files)} if files else {"json": payload}
        try:
            async with session.post(
                f"{self._base}/bot{self._token}/{method}", timeout=aiohttp.ClientTimeout(total=timeout), **body
            ) as response:
                return await response.read()
        except aiohttp.ClientConnectorError as exc:
            # No connection, so nothing was sent: a client's message may go again without being doubled.
            raise ConnectionRefusedError(f"{method}: {type(exc).__name__}") from None
        except (TimeoutError, aiohttp.ClientError) as exc:
            # The library's message holds the URL and that the token.
            raise ConnectionError(f"{method}: {type(exc).__name__}") from None

    async def fetch(self, path: str, most_bytes: int) -> bytes:
        """Return the file at a path that getFile named.

        :raises ValueError: it is larger
        :raises OSError: it cannot be had
        """
        timeout = aiohttp.ClientTimeout(total=_UPLOAD_SECONDS, sock_read=30)
        try:
            async with self._open().get(f"{self._base}/file/bot{self._token}/{path}", timeout=timeout) as response:
                if response.status != 200:
                    raise FileNotFoundError(f"the file's address answers {response.status}")
                content = bytearray()
                async for piece in response.content.iter_chunked(65_536):
                    content += piece
                    if len(content) > most_bytes:
                        raise ValueError(f"the file has more than {most_bytes} bytes")
                return bytes(content)
        except (TimeoutError, aiohttp.ClientError) as exc:
            # The library's message holds the URL and that the token.
            raise ConnectionError(f"file: {type(exc).__name__}") from None

    async def _post(
        self,
        method: str,
        payload: dict[str, Any] | str,
        timeout: float,  # noqa: ASYNC109
        files: Files | None,
    ) -> dict[str, Any]:
        body = await self.raw(method, payload, timeout=timeout, files=files)
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


def _form(payload: dict[str, Any], files: Files) -> aiohttp.FormData:
    """Write a call with files as a form; what is no text in it goes as JSON."""
    # Names go as they are: Telegram would show percent signs.
    form = aiohttp.FormData(quote_fields=False)
    for name, value in payload.items():
        form.add_field(name, value if isinstance(value, str) else json.dumps(value))
    for name, (filename, content) in files.items():
        safe = "".join(char for char in filename if char.isprintable())
        form.add_field(name, content, filename=safe, content_type="application/octet-stream")
    return form
