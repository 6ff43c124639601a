"""From a stored update to what is done about it: aiogram types and routes it, one table finds the verb or the button."""

import logging
from typing import Any

from aiogram import Bot, Dispatcher, Router
from aiogram.types import CallbackQuery, InlineQuery, Message, Update

from botcrm.app import App
from botcrm.core import db
from botcrm.core.domain.errors import CrmError, InviteUnusable, Stale
from botcrm.core.services.inbound import Sender, receive_message
from botcrm.core.services.people import accept_invite, actor_by_id, actor_by_telegram
from botcrm.core.services.work import Work
from botcrm.telegram import inline, menu
from botcrm.telegram.buttons.table import ACTIONS, ONCE
from botcrm.telegram.commands.general import open_card
from botcrm.telegram.context import Context
from botcrm.telegram.errors import words_for
from botcrm.telegram.inbox import Update as Stored
from botcrm.telegram.lines import handle_edit, handle_text
from botcrm.telegram.offers import file_in, keep_contact, keep_file, keep_place
from botcrm.telegram.screens.base import Screen
from botcrm.telegram.screens.texts import client_greeting, welcome_screen
from botcrm.words import Words

log = logging.getLogger(__name__)


class Front:
    """Handles updates, each inside the work that the inbox opened for it."""

    def __init__(self, app: App, bot: Bot) -> None:
        self._app = app
        self._bot = bot
        self.username = ""
        self.dispatcher = Dispatcher(disable_fsm=True)
        router = Router(name="botcrm")
        router.message.register(self._message)
        router.edited_message.register(self._edited)
        router.callback_query.register(self._pressed)
        router.inline_query.register(self._inline)
        self.dispatcher.include_router(router)

    async def handle(self, work: Work, stored: Stored) -> None:
        """Do what an update asks for.

        :raises ValidationError: it is no update that aiogram can read
        """
        update = Update.model_validate(stored.body, context={"bot": self._bot})
        await self.dispatcher.feed_update(self._bot, update, work=work, body=stored.body)

    # --- messages --------------------------------------------------------------------------------------------------

    async def _message(self, message: Message, work: Work, body: dict[str, Any]) -> None:
        await self._typed(message, work, body["message"], edited=False)

    async def _edited(self, message: Message, work: Work, body: dict[str, Any]) -> None:
        await self._typed(message, work, body["edited_message"], edited=True)

    async def _typed(self, message: Message, work: Work, raw: dict[str, Any], *, edited: bool) -> None:
        if message.from_user is None or message.from_user.is_bot:
            return
        actor = await actor_by_telegram(self._app.defaults, message.from_user.id)
        private = message.chat.type == "private"
        if actor is None:
            if private and not edited:
                await self._stranger(message, work, raw)
            return
        if not private:
            await self._in_group(message, work)
            return
        mine = work.acting_as(actor)
        ctx = Context(
            mine,
            Words(actor.prefs, work.now),
            self._app.hooks.activity_kinds,
            message.chat.id,
            message.message_id,
            self.username,
            about=await self._about(message),
        )
        if message.text is not None:
            if edited:
                await handle_edit(ctx, message.text)
            else:
                await handle_text(ctx, message.text, forwarded=message.forward_origin is not None)
        elif not edited:
            await self._kept(ctx, message, raw)

    async def _about(self, message: Message) -> tuple[str, int] | None:
        """Return which record the message replied to shows."""
        replied = message.reply_to_message
        if replied is None:
            return None
        row = await db.fetch_one(
            "SELECT entity, record_id FROM outbox WHERE chat_id = ? AND message_id = ? AND entity IS NOT NULL ORDER BY id DESC LIMIT 1",
            message.chat.id,
            replied.message_id,
        ) or await db.fetch_one(
            "SELECT entity, record_id FROM line WHERE chat_id = ? AND message_id = ? AND entity IS NOT NULL",
            message.chat.id,
            replied.message_id,
        )
        return (row["entity"], row["record_id"]) if row else None

    async def _kept(self, ctx: Context, message: Message, raw: dict[str, Any]) -> None:
        """Keep what came without a text: a file, a contact, a place."""
        file = file_in(raw)
        try:
            async with ctx.work.savepoint():
                if file:
                    screen = await keep_file(ctx, file, message.caption or "")
                elif message.contact:
                    screen = await keep_contact(ctx, raw["contact"])
                elif message.venue:
                    place = message.venue.location
                    screen = await keep_place(ctx, place.latitude, place.longitude, message.venue.title)
                elif message.location:
                    screen = await keep_place(ctx, message.location.latitude, message.location.longitude)
                else:
                    screen = Screen(
                        ctx.words.t(
                            "I keep texts, photos, files, voice messages, contacts and places. This one I cannot keep."
                        )
                    )
        except CrmError as exc:
            screen = Screen(words_for(ctx.words, exc))
        await self._keep_line(ctx, message, file)
        await ctx.reply(screen)

    async def _keep_line(self, ctx: Context, message: Message, file: dict[str, Any] | None) -> None:
        if ctx.main is None:
            return
        await db.execute(
            "INSERT INTO line (chat_id, message_id, user_id, text, work_id, entity, record_id, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            ctx.chat_id,
            ctx.message_id,
            ctx.user_id,
            message.caption or "",
            ctx.work.id,
            *ctx.main,
            ctx.work.now,
        )

    async def _in_group(self, message: Message, work: Work) -> None:
        """Say nothing of the CRM where others read along."""
        if message.text and message.text.startswith("/"):
            words = Words(work.prefs, work.now)
            await work.send(
                message.chat.id,
                "sendMessage",
                {
                    "chat_id": message.chat.id,
                    "text": words.t("Write to me in our own chat: here others would see your deals."),
                },
            )

    async def _stranger(self, message: Message, work: Work, raw: dict[str, Any]) -> None:
        """Let somebody in by a one-time link, or take them for a client: nothing of the CRM is shown."""
        assert message.from_user is not None
        words = Words(work.prefs, work.now)
        token = message.text.split(maxsplit=1)[1] if message.text and message.text.startswith("/start ") else ""
        if token:
            try:
                async with work.savepoint():
                    user = await accept_invite(
                        work, token, message.from_user.id, message.from_user.full_name, message.from_user.username
                    )
            except InviteUnusable as exc:
                await self._say(work, message.chat.id, words_for(words, exc))
                return
            actor = await actor_by_id(self._app.defaults, user.id)
            assert actor is not None
            screen = welcome_screen(Words(actor.prefs, work.now), actor.name, actor.role)
            await work.send(message.chat.id, "sendMessage", screen.payload(message.chat.id), user_id=user.id)
            await menu.send_menu(work, actor.role, message.chat.id)
            return
        known = await db.fetch_one(
            "SELECT 1 AS y FROM message WHERE channel = 'telegram' AND chat_id = ? LIMIT 1", str(message.chat.id)
        )
        text = message.text or message.caption or ""
        greeting = text.strip() == "/start"
        if not greeting:
            file = file_in(raw)
            text = text or _shared_text(message, words) or ""
            sender = Sender("telegram", str(message.chat.id), message.from_user.full_name, message.from_user.id)
            await receive_message(work, sender, text, str(message.message_id), file)
        if greeting or not known:
            await self._say(
                work,
                message.chat.id,
                client_greeting(words)
                if not greeting
                else words.t("Hello! Write here what you need, and we will answer."),
            )

    async def _say(self, work: Work, chat_id: int, text: str) -> None:
        await work.send(
            chat_id, "sendMessage", {"chat_id": chat_id, "text": text, "parse_mode": "HTML"}, audience="staff"
        )

    # --- buttons ---------------------------------------------------------------------------------------------------

    async def _pressed(self, query: CallbackQuery, work: Work) -> None:
        ctx = await self._pressed_context(query, work)
        if ctx is None:
            work.after.append(("answerCallbackQuery", {"callback_query_id": query.id}))
            return
        work.label = "button"
        action, *args = (query.data or "").split(":")
        handler = ACTIONS.get(action)
        screen: Screen | None = None
        try:
            async with ctx.work.savepoint():
                if handler is None:
                    ctx.toast(ctx.words.t("This button is no longer in use. Open the card again."), alert=True)
                elif action in ONCE and not await _first_time(ctx, query.data or ""):
                    ctx.toast(ctx.words.t("Done already."))
                else:
                    screen = await handler(ctx, *args)
        except Stale as exc:
            ctx.toast(words_for(ctx.words, exc))
            screen = await open_card(ctx, exc.entity, exc.record_id)
        except CrmError as exc:
            ctx.toast(_plain(words_for(ctx.words, exc)), alert=True)
        except (ValueError, TypeError) as exc:
            log.warning("callback data that fits no button: %s", exc)
            ctx.toast(ctx.words.t("This button is no longer in use. Open the card again."), alert=True)
        if screen:
            await ctx.edit(screen)
        ctx.toast()

    async def _pressed_context(self, query: CallbackQuery, work: Work) -> Context | None:
        actor = await actor_by_telegram(self._app.defaults, query.from_user.id)
        if actor is None or query.message is None or query.message.chat.type != "private":
            return None
        message = query.message
        row = await db.fetch_one(
            "SELECT entity, record_id FROM outbox WHERE chat_id = ? AND message_id = ? AND entity IS NOT NULL ORDER BY id DESC LIMIT 1",
            message.chat.id,
            message.message_id,
        )
        return Context(
            work.acting_as(actor),
            Words(actor.prefs, work.now),
            self._app.hooks.activity_kinds,
            message.chat.id,
            message.message_id,
            self.username,
            about=(row["entity"], row["record_id"]) if row else None,
            query_id=query.id,
        )

    async def _inline(self, query: InlineQuery, work: Work) -> None:
        actor = await actor_by_telegram(self._app.defaults, query.from_user.id)
        results = await inline.results(work.acting_as(actor), query.query) if actor else []
        work.after.append(
            (
                "answerInlineQuery",
                {"inline_query_id": query.id, "results": results, "is_personal": True, "cache_time": 0},
            )
        )


async def _first_time(ctx: Context, data: str) -> bool:
    """Note a press that changes something; the same one delivered again changes nothing."""
    key = f"{ctx.user_id}:{ctx.chat_id}:{ctx.message_id}:{data}"
    # PostgreSQL's driver counts no inserted rows, so the row itself is asked for.
    sql = "INSERT INTO press (key, at) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING id"
    return bool(await db.fetch(sql, key, ctx.work.now))


def _shared_text(message: Message, words: Words) -> str:
    """Write down what a client sent instead of words."""
    if message.contact:
        return f"{message.contact.first_name} {message.contact.last_name or ''} {message.contact.phone_number}".strip()
    if message.location:
        return f"https://maps.google.com/?q={message.location.latitude:.6f},{message.location.longitude:.6f}"
    if message.sticker:
        return message.sticker.emoji or words.t("(a sticker)")
    return ""


def _plain(text: str) -> str:
    """Take the few escapes of our HTML out again: a toast is plain text."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").replace("<b>", "").replace("</b>", "")
