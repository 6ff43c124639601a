"""Delivery of updates to a bot's web hook: in order within a chat, again and again until it says 2xx."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botcrm.simulator.errors import ApiError

if TYPE_CHECKING:
    from botcrm.simulator.model import Bot
    from botcrm.simulator.telegram import Telegram
    from botcrm.simulator.updates import Pending


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where and how a bot wants its updates."""

    url: str
    secret: str = ""
    max_connections: int = 40


class WebhookSender:
    """One bot's deliveries; ``first_wait`` seconds before the first retry, doubling up to ``last_wait``."""

    def __init__(
        self, telegram: Telegram, bot: Bot, hook: Webhook, *, first_wait: float = 0.25, last_wait: float = 30.0
    ) -> None:
        self.hook = hook
        self.last_error: tuple[int, str] | None = None
        self._telegram = telegram
        self._bot = bot
        self._waits = (first_wait, last_wait)
        self._lanes: dict[int, asyncio.Task[None]] = {}
        self._session: Any = None

    def start(self) -> None:
        """Begin to deliver what is and what will be queued."""
        self._bot.queue.on_push = self._wake
        self._wake()

    async def stop(self) -> None:
        """Stop delivering; what is unacknowledged stays queued."""
        self._bot.queue.on_push = None
        tasks = [task for task in self._lanes.values() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _wake(self) -> None:
        for update in self._bot.queue.pending:
            if len(self._lanes) >= self.hook.max_connections:
                return
            if update.lane not in self._lanes:
                self._lanes[update.lane] = asyncio.get_running_loop().create_task(self._run(update.lane))

    async def _run(self, lane: int) -> None:
        try:
            while (update := next((one for one in self._bot.queue.pending if one.lane == lane), None)) is not None:
                await self._deliver(update)
        finally:
            del self._lanes[lane]
            if self._bot.queue.on_push is not None:
                self._wake()

    async def _deliver(self, update: Pending) -> None:
        headers = {"Content-Type": "application/json"}
        if self.hook.secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = self.hook.secret
        wait, longest = self._waits
        while True:
            try:
                status, answer = await self._post(self.hook.url, headers, update.encode())
            except (OSError, TimeoutError) as error:
                status, answer, reason = 0, b"", f"Connection failed: {type(error).__name__}"
            else:
                reason = f"Wrong response from the webhook: {status}"
            if 200 <= status < 300:
                self._bot.queue.drop(update)
                await self._answer(answer)
                return
            self.last_error = (self._telegram.date(), reason)
            await asyncio.sleep(wait)
            wait = min(wait * 2, longest)

    async def _post(self, url: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        import aiohttp  # heavy, and needed only by bots that take updates this way

        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                return response.status, await response.read()
        except aiohttp.ClientError as error:
            raise OSError(str(error)) from error

    async def _answer(self, answer: bytes) -> None:
        """Execute the call that a bot may put into its answer; its result goes nowhere."""
        try:
            call = json.loads(answer)
        except ValueError:
            return
        if isinstance(call, dict) and isinstance(call.get("method"), str):
            try:
                await self._telegram.call(self._bot.token, call.pop("method"), call)
            except ApiError as error:
                self.last_error = (self._telegram.date(), error.description)
