"""The bot as a process: poll or take web hooks, handle, send, remind; stop without losing anything."""

import asyncio
import functools
import gc
import importlib
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from botcrm.app import App
from botcrm.core.services.clients.deliveries import delivery_failed, delivery_unsure
from botcrm.core.services.doctor import check_liveness
from botcrm.core.services.staff.invites import invite
from botcrm.core.services.staff.people import needs_first_administrator
from botcrm.core.services.work import Work
from botcrm.metrics import Metrics
from botcrm.reminders.clock import Ticker
from botcrm.reminders.digests import follow_settings
from botcrm.reminders.handlers import HANDLERS, plan_recurring
from botcrm.reminders.jobs import JobRunner
from botcrm.reminders.outbox import Outbox
from botcrm.settings import Settings
from botcrm.telegram.aiogram_import import import_aiogram
from botcrm.telegram.api import ApiError, HttpTransport, Transport, download
from botcrm.telegram.deliver import Delivery
from botcrm.telegram.inbox import Inbox, Update
from botcrm.telegram.ingest import ALLOWED, Poller

log = logging.getLogger(__name__)

_LIVENESS_EVERY = timedelta(seconds=15)
_RECOVER_EVERY = timedelta(seconds=30)
_SAVE_EVERY = timedelta(minutes=1)
_GARBAGE = (10_000, 20, 20)


class BotProcess:
    """One bot over one transport; `run_bot` drives it with the clock, tests by hand."""

    def __init__(self, app: App, transport: Transport, *, bot_id: int, metrics: Metrics | None = None) -> None:
        self.app = app
        self.transport = transport
        self.metrics = metrics or app.metrics
        self.inbox = Inbox(app.work, self._handle, app.now, bot_id, self._handled, self.loaded, app.failed)
        self.outbox = Outbox(
            Delivery(app, transport),
            app.now,
            open_work=app.work,
            on_unsure=delivery_unsure,
            on_failed=delivery_failed,
            refused=app.failed,
            overall_per_second=int(app.settings.send_per_second) or 1,
        )
        self.jobs = JobRunner(
            app.work, HANDLERS | app.rules.handlers(), app.now, plugins=app.hooks, given_up=app.failed
        )
        self.ticker = Ticker(self.tick, now=app.now)
        self._front: Any = None
        self._loading: asyncio.Task[None] | None = None
        self._toasts: set[asyncio.Task[None]] = set()
        self._next_check = self._next_recovery = app.now()
        self._next_saving = app.now() + _SAVE_EVERY
        self._menus_due = False
        self.on_kinds: Callable[[], None] = lambda: None
        app.on_commit(self._committed)
        app.hooks.on_change(self._plugins_changed)
        app.hooks.download_with(functools.partial(download, transport))

    # --- handling --------------------------------------------------------------------------------------------------

    async def load_front(self) -> None:
        """Import what types and handles updates; it takes seconds, so polling and storing begin before it."""
        # Before the plugins, which may import it as it is.
        aiogram = await asyncio.to_thread(import_aiogram)
        await self.app.hooks.load()
        if self._front is None:
            module = await asyncio.to_thread(importlib.import_module, "botcrm.telegram.front")
            token = self.app.settings.token_text() or "1:offline"
            self._front = module.Front(self.app, aiogram.Bot(token))
        self.app.hooks.begin()

    async def loaded(self) -> None:
        """Wait until updates can be handled; nothing is held up by it, and nothing counts as failed.

        :raises ImportError: what handles them cannot be loaded
        """
        if self._front is None:
            assert self._loading is not None
            await asyncio.shield(self._loading)

    def kinds(self) -> list[str]:
        """Return the kinds of update to ask Telegram for: what we handle, and what the plugins' routers do."""
        found: list[str] = self._front.kinds() if self._front else list(ALLOWED)
        return found

    def _plugins_changed(self) -> None:
        """Show the staff what they can use now, with the next tick, and take in what is handled now."""
        self._menus_due = True
        self.outbox.retry_channels()
        self.on_kinds()
        self.ticker.wake()

    async def show_menus(self) -> None:
        """Show everybody the commands they can use now, where these changed."""
        self._menus_due = False
        menu = importlib.import_module("botcrm.telegram.menu")
        async with self.app.work() as work:
            await menu.send_menus(work, self._front.plugged)

    async def name_bot(self) -> None:
        """Learn the bot's user name, which links to it need."""
        me = await self.transport.call("getMe", {})
        self._front.username = str(me.get("username") or "")

    async def _handle(self, work: Work, update: Update) -> None:
        await self._front.handle(work, update)
        if work.events:
            await follow_settings(work)

    def _handled(self, label: str, seconds: float) -> None:
        self.metrics.updates.inc()
        self.metrics.update_seconds.labels(verb=label).observe(max(0.0, seconds))

    def _committed(self, work: Work) -> None:
        self.outbox.submit(work.outbox_ids, work.posted)
        self.ticker.wake_at(work.next_job)
        for method, payload in work.after:
            task = asyncio.create_task(self._once(method, payload))
            self._toasts.add(task)
            task.add_done_callback(self._toasts.discard)

    async def _once(self, method: str, payload: dict[str, Any]) -> None:
        """Make a call that may be lost: a button's toast, an inline answer."""
        try:
            await self.transport.call(method, payload, timeout=10)
        except (ApiError, OSError) as exc:
            log.info("%s: %s", method, exc)

    # --- time ------------------------------------------------------------------------------------------------------

    async def tick(self) -> None:
        """Run what is due, send what was left, look after what hangs; what is a plugin's has to be known by then."""
        await self.app.hooks.load()
        while await self.jobs.sweep() >= 200:
            pass
        if self._menus_due and self._front:
            await self.show_menus()
        await self.outbox.sweep()
        now = self.app.now()
        if now >= self._next_recovery:
            self._next_recovery = now + _RECOVER_EVERY
            await self.inbox.recover()
        if now >= self._next_check:
            self._next_check = now + _LIVENESS_EVERY
            async with self.app.work() as work:
                await check_liveness(work)
            await self.app.hooks.look_again()
        if now >= self._next_saving:
            self._next_saving = now + _SAVE_EVERY
            await self.app.hooks.save_stats()
        self.ticker.wake_at(await self.jobs.next_run_at())

    async def start(self) -> None:
        """Take up what the process before left, and begin to handle and send."""
        self._loading = asyncio.create_task(self.load_front())
        # What waits may need plugins to be worded or run; meanwhile updates are stored already.
        await self.app.hooks.load()
        await self.jobs.recover()
        await self.outbox.recover()
        await self.outbox.start()
        async with self.app.work() as work:
            await plan_recurring(work)
        await self.inbox.recover()
        await self.ticker.start()

    async def prepare(self) -> None:
        """Learn the bot's name, show the menus, and print the first administrator's link; needs the Bot API to answer."""
        await self.loaded()
        # The many objects that came with the imports stay for good: the collector need not go through them again.
        gc.collect()
        gc.freeze()
        # An update makes some thousand objects and next to no circles of them: looked for at the usual pace, they took 6 % of the time.
        gc.set_threshold(*_GARBAGE)
        await _until_answered(self.name_bot)
        # The first poll went out before anybody knew what the plugins' routers handle.
        self.on_kinds()
        await self.show_menus()
        async with self.app.work() as work:
            if await needs_first_administrator():
                token = await invite(work, "admin")
                link = f"https://t.me/{self._front.username}?start={token}"
                print(  # noqa: T201 - a one-time secret: for the person at the terminal, not for the log
                    f"Nobody administers this CRM yet. Open this link in Telegram to become its administrator:\n  {link}",
                    flush=True,
                )

    async def stop(self) -> None:
        """End in order: what is in hand is finished and sent, the rest stays stored."""
        await self.ticker.stop()
        await self.jobs.stop()
        await self.inbox.stop()
        await self.outbox.stop()
        if self._toasts:
            await asyncio.wait(self._toasts, timeout=5)


async def _until_answered(call: Callable[[], Awaitable[None]]) -> None:
    for wait in (1, 2, 5, 10, 30, *[60] * 10_000):
        try:
            await call()
            return
        except ApiError as exc:
            if exc.code in (401, 404):
                log.error("the Bot API refuses the token: %s", exc.description)
            await asyncio.sleep(exc.retry_after or wait)
        except OSError as exc:
            log.warning("the Bot API does not answer: %s", exc)
            await asyncio.sleep(wait)


class Running:
    """A bot at work: its process, and the task that takes updates in."""

    def __init__(self, process: BotProcess, transport: HttpTransport, polling: asyncio.Task[None]) -> None:
        self.process = process
        self.polling = polling
        self._transport = transport
        self._preparing = asyncio.create_task(process.prepare())
        self._preparing.add_done_callback(_say_why)

    async def stop(self) -> None:
        """Take nothing more in, finish what is in hand, and close the connections."""
        for task in (self.polling, self._preparing):
            task.cancel()
        await asyncio.gather(self.polling, self._preparing, return_exceptions=True)
        await self.process.stop()
        await self._transport.close()


def _say_why(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception():
        log.error("the bot could not be prepared", exc_info=task.exception())


async def start_bot(app: App, settings: Settings, metrics: Metrics | None = None) -> Running:
    """Start an open App's bot; the first poll goes out before the slow imports begin."""
    token = settings.token_text()
    assert token is not None
    transport = HttpTransport(settings.telegram_api, token)
    process = BotProcess(app, transport, bot_id=int(token.split(":")[0]), metrics=metrics)
    if settings.webhook_url:
        taking = asyncio.create_task(_take_web_hooks(transport, settings, process))
    else:
        poller = Poller(transport, process.inbox, kinds=process.kinds)
        process.on_kinds = poller.look_again
        taking = asyncio.create_task(poller.run())
    await asyncio.sleep(0)
    await process.start()
    return Running(process, transport, asyncio.create_task(_taken_in(process, taking)))


async def _taken_in(process: BotProcess, taking: asyncio.Task[None]) -> None:
    """Take updates in for ever; an install that cannot handle them ends the process and leaves them stored."""
    try:
        await process.loaded()
        await taking
    finally:
        taking.cancel()
        await asyncio.gather(taking, return_exceptions=True)


async def run_bot(app: App, settings: Settings, metrics: Metrics | None = None) -> None:
    """Run a started App's bot until cancelled."""
    running = await start_bot(app, settings, metrics)
    try:
        await running.polling
    finally:
        await running.stop()


async def _take_web_hooks(transport: HttpTransport, settings: Settings, process: BotProcess) -> None:
    """Have Telegram send updates to our own address; they come in through botcrm.web."""
    changed = asyncio.Event()
    process.on_kinds = changed.set
    told: list[str] = []
    while True:
        changed.clear()
        kinds = process.kinds()
        if kinds != told:
            payload = {"url": settings.webhook_url, "secret_token": settings.webhook_key(), "allowed_updates": kinds}
            await _until_answered(functools.partial(transport.call, "setWebhook", payload))
            told = kinds
        await changed.wait()
