"""From a stored update to what is done about it: aiogram types and routes it, one table finds the verb or the button."""

import logging
import re
from typing import Any

from aiogram import Bot, Dispatcher, Router
from aiogram.dispatcher.middlewares.user_context import UserContextMiddleware
from aiogram.types import CallbackQuery, ChatMemberUpdated, InlineQuery, Message, Update
from aiogram.types.update import UpdateTypeLookupError

from botcrm.app import App
from botcrm.core import db
from botcrm.core.domain.errors import CrmError, InviteUnusable, NotFound, Stale
from botcrm.core.domain.kinds import ENTITY_OF
from botcrm.core.services.access import current
from botcrm.core.services.actor import Actor
from botcrm.core.services.staff.blocking_bot import has_blocked, is_back
from botcrm.core.services.staff.invites import accept_invite, is_invite
from botcrm.core.services.staff.people import actor_by_id, actor_by_telegram
from botcrm.core.services.work import Work
from botcrm.telegram import clients, drafts, inline, menu
from botcrm.telegram.buttons.own_values import take_file
from botcrm.telegram.buttons.table import ACTIONS, LEAVING, ONCE
from botcrm.telegram.commands.general import open_card
from botcrm.telegram.commands.table import TABLE
from botcrm.telegram.context import Context
from botcrm.telegram.errors import words_for
from botcrm.telegram.heard import Heard, heard_in, plain_text
from botcrm.telegram.inbox import Update as Stored
from botcrm.telegram.ingest import ALLOWED
from botcrm.telegram.lines import handle_caption, handle_edit, handle_text, keep_caption
from botcrm.telegram.offers import file_in, keep_contact, keep_file, keep_place
from botcrm.telegram.plugged import running
from botcrm.telegram.plugged.bound import PRESS
from botcrm.telegram.plugged.catalogue import Plugged
from botcrm.telegram.plugged.routers import Routers, used_kinds
from botcrm.telegram.screens.base import Screen
from botcrm.telegram.screens.texts import welcome_screen
from botcrm.telegram.smart import asking_left
from botcrm.words import Words

log = logging.getLogger(__name__)

_REFERENCE = re.compile(r"([col])([1-9]\d{0,8})")


class Front:
    """Handles updates, each inside the work that the inbox opened for it."""

    def __init__(self, app: App, bot: Bot) -> None:
        self._app = app
        self._bot = bot
        self.username = ""
        self.plugged = Plugged(app.hooks, TABLE)
        self._routers = Routers(bot)
        self.dispatcher = Dispatcher(disable_fsm=True)
        router = Router(name="botcrm")
        router.message.register(self._message)
        router.edited_message.register(self._edited)
        router.callback_query.register(self._pressed)
        router.inline_query.register(self._inline)
        router.my_chat_member.register(self._member)
        self.dispatcher.include_router(router)

    async def handle(self, work: Work, stored: Stored) -> None:
        """Do what an update asks for.

        :raises ValidationError: it is no update that aiogram can read
        """
        routers = self.plugged.registry.routers
        heard = None if routers else plain_text(stored.body)
        if heard is not None:
            actor = await actor_by_telegram(self._app.defaults, heard.sender_id)
            if actor is not None:
                await handle_text(await self._heard(heard, actor, work), heard.text or "")
                return
        update = Update.model_validate(stored.body, context={"bot": self._bot})
        if routers and not _is_about_plugins(update) and await self._routed(work, update):
            return
        await self.dispatcher.feed_update(self._bot, update, work=work, body=stored.body)

    def kinds(self) -> list[str]:
        """Return the kinds of update that somebody here handles."""
        return list(dict.fromkeys([*ALLOWED, *used_kinds(self.plugged.registry)]))

    # --- plugins' routers ------------------------------------------------------------------------------------------

    async def _routed(self, work: Work, update: Update) -> bool:
        """Offer an update to the plugins; tells whether one of them handled it."""
        try:
            kind = update.event_type
        except UpdateTypeLookupError:
            return False
        if kind not in used_kinds(self.plugged.registry):
            return False
        made: list[Context] = []

        async def context() -> Context | None:
            ctx = await self._context_of(update, work)
            if ctx:
                made.append(ctx)
            return ctx

        try:
            ctx = await self._routers.offer(update, context)
        except CrmError as exc:
            ctx = made[-1]
            text = words_for(ctx.words, exc)
            if ctx.query_id:
                ctx.toasted = False
                ctx.toast(_plain(text), alert=True)
            else:
                await ctx.reply(Screen(text))
        if ctx is None:
            return False
        ctx.toast()
        work.label = "router"
        return True

    async def _context_of(self, update: Update, work: Work) -> Context | None:
        """Return what a plugin's router works with: for the staff in their own chats only."""
        found = UserContextMiddleware.resolve_event_context(event=update)
        event = update.event
        if found.user is None or (found.chat is not None and found.chat.type != "private"):
            return None
        if isinstance(event, CallbackQuery):
            return await self._pressed_context(event, work)
        actor = await actor_by_telegram(self._app.defaults, found.user.id)
        if actor is None:
            return None
        chat_id = found.chat.id if found.chat else found.user.id
        heard = heard_in(event, found.user.id) if isinstance(event, Message) else Heard(chat_id, 0, found.user.id, None)
        return await self._heard(heard, actor, work)

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
            if private:
                await self._stranger(message, work, raw, edited=edited)
            return
        if not private:
            await self._in_group(message, work)
            return
        heard = heard_in(message, message.from_user.id)
        ctx = await self._heard(heard, actor, work)
        if message.text is not None:
            if edited:
                await handle_edit(ctx, message.text)
            else:
                await handle_text(ctx, message.text, forwarded=heard.forwarded)
        elif not edited or (file_in(raw) and not await handle_caption(ctx, message.caption or "")):
            await self._kept(ctx, message, raw)

    async def _heard(self, heard: Heard, actor: Actor, work: Work) -> Context:
        """Return what a message is answered with, in the hands of whoever wrote it."""
        return Context(
            work.acting_as(actor),
            Words(actor.prefs, work.now),
            self.plugged,
            heard.chat_id,
            heard.message_id,
            self.username,
            about=await self._about(heard),
            asked=await drafts.question_replied_to(heard.chat_id, heard.replied_id),
            written_at=heard.written_at,
        )

    async def _about(self, heard: Heard) -> tuple[str, int] | None:
        """Return which record the message replied to shows."""
        if heard.replied_id is None:
            return None
        row = await db.fetch_one(
            "SELECT entity, record_id FROM outbox WHERE chat_id = ? AND message_id = ? AND entity IS NOT NULL ORDER BY id DESC LIMIT 1",
            heard.chat_id,
            heard.replied_id,
        ) or await db.fetch_one(
            "SELECT entity, record_id FROM line WHERE chat_id = ? AND message_id = ? AND entity IS NOT NULL",
            heard.chat_id,
            heard.replied_id,
        )
        return (row["entity"], await current(row["entity"], row["record_id"])) if row else None

    async def _kept(self, ctx: Context, message: Message, raw: dict[str, Any]) -> None:
        """Keep what came without a text: a file, a contact, a place."""
        file = file_in(raw)
        try:
            async with ctx.work.savepoint():
                if file:
                    caption = message.caption or ""
                    screen = await take_file(ctx, file, caption) or await keep_file(ctx, file, caption)
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
            ctx.main, screen = None, Screen(words_for(ctx.words, exc))
        if ctx.main:
            ctx.line_id = await keep_caption(ctx, message.caption or "")
        await ctx.reply(screen)

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

    async def _stranger(self, message: Message, work: Work, raw: dict[str, Any], *, edited: bool) -> None:
        """Let somebody in by a one-time link, or take them for a client: nothing of the CRM is shown."""
        words = Words(work.prefs, work.now)
        token = clients.start_token(message)
        if edited:
            answer = await clients.edited(work, words, message, raw)
        elif token and await is_invite(token):
            answer = await self._join(message, work, words, token)
        else:
            answer = await clients.wrote(work, words, message, raw)
        if answer:
            await self._say(work, message.chat.id, answer)

    async def _join(self, message: Message, work: Work, words: Words, token: str) -> str:
        """Take the holder of an invitation into the staff; returns what to say where it lets nobody in any more."""
        assert message.from_user is not None
        try:
            async with work.savepoint():
                user = await accept_invite(
                    work, token, message.from_user.id, message.from_user.full_name, message.from_user.username
                )
        except InviteUnusable as exc:
            return words_for(words, exc)
        actor = await actor_by_id(self._app.defaults, user.id)
        assert actor is not None
        screen = welcome_screen(Words(actor.prefs, work.now), actor.name, actor.role)
        await work.send(message.chat.id, "sendMessage", screen.payload(message.chat.id), user_id=user.id)
        await menu.send_menu(work, self.plugged, user.id, message.chat.id, actor.role, actor.grants)
        return ""

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
                elif _once(ctx, action, args) and not await _first_time(ctx, query.data or ""):
                    ctx.toast(ctx.words.t("Done already."))
                else:
                    screen = await handler(ctx, *args)
                    if screen and action in LEAVING:
                        screen = await asking_left(ctx, screen)
        except Stale as exc:
            ctx.toasted = False
            ctx.toast(words_for(ctx.words, exc))
            screen = await open_card(ctx, exc.entity, exc.record_id)
        except CrmError as exc:
            # A toast before it went back with the rest.
            ctx.toasted = False
            screen = await _went_on(ctx, exc)
            ctx.toast(_plain(words_for(ctx.words, exc)), alert=screen is None)
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
            self.plugged,
            message.chat.id,
            message.message_id,
            self.username,
            about=(row["entity"], await current(row["entity"], row["record_id"])) if row else None,
            query_id=query.id,
        )

    async def _member(self, change: ChatMemberUpdated, work: Work) -> None:
        """Note who blocks the bot, and who opens the chat with it again."""
        if change.chat.type != "private":
            return
        if change.new_chat_member.status == "kicked":
            await has_blocked(work, change.chat.id)
        else:
            await is_back(change.chat.id)

    async def _inline(self, query: InlineQuery, work: Work) -> None:
        actor = await actor_by_telegram(self._app.defaults, query.from_user.id)
        results = await inline.results(work.acting_as(actor), query.query) if actor else []
        work.after.append(
            (
                "answerInlineQuery",
                {"inline_query_id": query.id, "results": results, "is_personal": True, "cache_time": 0},
            )
        )


async def _went_on(ctx: Context, error: CrmError) -> Screen | None:
    """Return the card of the record that the one a button was about went into; None where it is simply gone."""
    found = _REFERENCE.fullmatch(str(error.ref)) if isinstance(error, NotFound) else None
    if found is None:
        return None
    entity, record_id = str(ENTITY_OF[found[1]]), int(found[2])
    if await current(entity, record_id) == record_id:
        return None
    try:
        return await open_card(ctx, entity, record_id)
    except NotFound:
        return None


def _once(ctx: Context, action: str, args: list[str]) -> bool:
    return action in ONCE or (action == PRESS and running.takes_effect_once(ctx, *args))


async def _first_time(ctx: Context, data: str) -> bool:
    """Note a press that changes something; the same one delivered again changes nothing."""
    key = f"{ctx.user_id}:{ctx.chat_id}:{ctx.message_id}:{data}"
    # PostgreSQL's driver counts no inserted rows, so the row itself is asked for.
    sql = "INSERT INTO press (key, at) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING id"
    return bool(await db.fetch(sql, key, ctx.work.now))


def _plain(text: str) -> str:
    """Take the few escapes of our HTML out again: a toast is plain text."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").replace("<b>", "").replace("</b>", "")


def _is_about_plugins(update: Update) -> bool:
    """Tell whether somebody lists or switches plugins: no router comes between, so that one that takes all can be ended."""
    if update.callback_query is not None:
        return (update.callback_query.data or "").partition(":")[0] in ("pl", "pd", "ps")
    text = (update.message.text if update.message is not None else None) or ""
    return text.strip().lower().removeprefix("/").partition("@")[0] == "plugins"
