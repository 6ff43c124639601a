"""The aiogram routers of plugins: asked before the product itself, for people of the staff only, each guarded."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import Bot, Router
from aiogram.dispatcher.event.bases import UNHANDLED
from aiogram.types import ErrorEvent, TelegramObject, Update

from botcrm.core.domain.errors import CrmError, NotFound
from botcrm.core.models import Record
from botcrm.core.services.access import load_any
from botcrm.hooks import PluginFailed, Registry
from botcrm.telegram.context import Context
from botcrm.telegram.plugged.chat import PluginChat


def used_kinds(registry: Registry) -> list[str]:
    """Return the kinds of update that the routers have handlers for."""
    return sorted({kind for owned in registry.routers for kind in owned.value.resolve_used_update_types()})


class Routers:
    """Offers updates to the plugins' routers.

    They are asked one by one rather than mounted below the Dispatcher: so they come and go live, and one that fails is known.
    """

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def offer(self, update: Update, context: Callable[[], Awaitable[Context | None]]) -> Context | None:
        """Offer an update to each router in turn; returns the context of the one that handled it, None where none did.

        :param context: makes a fresh context for whoever sent it; None for anybody who is not staff
        :raises CrmError: a handler refused, in words for the person
        """
        ctx = await context()
        if ctx is None:
            return None
        for owned in ctx.plugged.registry.routers:
            router, kind = owned.value, update.event_type
            if kind not in router.resolve_used_update_types():
                continue
            chat = PluginChat(ctx, owned.plugin, record=await _record(ctx))
            try:
                handled = await ctx.plugged.hooks.call(
                    owned.plugin, f"router {kind}", self._propagate, router, update, chat, work=ctx.work
                )
            except PluginFailed:
                handled = UNHANDLED
            if handled is not UNHANDLED:
                return ctx
            ctx = await context()
            assert ctx is not None
        return None

    async def _propagate(self, router: Router, update: Update, chat: PluginChat) -> Any:
        event: TelegramObject = update.event
        facts: dict[str, Any] = {
            "bot": self._bot,
            "event_update": update,
            "event_from_user": getattr(event, "from_user", None) or getattr(event, "user", None),
            "event_chat": getattr(event, "chat", None),
            "chat": chat,
            "work": chat.work,
        }
        try:
            return await router.propagate_event(update_type=update.event_type, event=event, **facts)
        except CrmError:
            raise
        except Exception as exc:
            # What the Dispatcher does for its own: the router's error handlers are asked first.
            answered = await router.propagate_event(
                update_type="error", event=ErrorEvent(update=update, exception=exc), **facts
            )
            if answered is UNHANDLED:
                raise
            return answered


async def _record(ctx: Context) -> Record | None:
    """Return the record of the card that was replied to or pressed on, where it is within reach."""
    try:
        return await load_any(ctx.work, *ctx.about) if ctx.about else None
    except NotFound:
        return None
