"""What somebody of the staff typed: read, done, answered; and read again when the line is edited."""

import logging
import re
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from botcrm.core import db
from botcrm.core.domain.errors import CrmError, NewerChange, NotFound, NothingToUndo
from botcrm.core.domain.grammar import Line, parse_lines
from botcrm.core.models import Draft
from botcrm.core.models import Line as LineRow
from botcrm.core.services.undo import undo
from botcrm.telegram import drafts
from botcrm.telegram.commands.fitting import meant
from botcrm.telegram.commands.general import lone_reference, opened
from botcrm.telegram.commands.table import COMMANDS
from botcrm.telegram.context import Context
from botcrm.telegram.corrections import correct, correct_answer, refuse_if_others_changed
from botcrm.telegram.errors import change_words, words_for
from botcrm.telegram.interrupting import is_either, passes_by, still_asked
from botcrm.telegram.known_names import both_readings, known_names
from botcrm.telegram.line_fields import field_readers
from botcrm.telegram.offers import asks, correct_caption, offer_unknown
from botcrm.telegram.plugged import running
from botcrm.telegram.screens.base import Button, Screen, bold, clip, esc, lines
from botcrm.telegram.smart import asking_left

log = logging.getLogger(__name__)

# More commands than this in one message are an accident.
MOST_LINES = 50
# So many words behind a command's name can be a sentence that only begins with it: “copy the contract for Acme”.
_SENTENCE = 3
# Conditions and references are nothing that one writes in a sentence.
_NO_PROSE = re.compile(r"[<>=]|\w:\S|^[dcola]\d+$")
# Who looks at one of these has left the card before it.
_LISTS = frozenset({"today", "deals", "find", "team"})


async def read(ctx: Context, text: str) -> list[Line]:
    """Read a message's lines in the writer's zone, language and currency."""
    read_text = partial(
        parse_lines,
        verbs=ctx.plugged.verbs(),
        now_wall=ctx.said_wall,
        language=ctx.work.prefs.language,
        currency=ctx.work.prefs.currency,
        reply=ctx.about is not None,
        fields=await field_readers(ctx, text),
    )
    found = read_text(text)
    if known := await known_names(ctx, found):
        was, found = found, read_text(text, known=known)
        for before, line in zip(was, found, strict=True):
            if line.raw in known:
                both_readings(before, line)
    for place, line in enumerate(found):
        if line.verb is None and (command := await meant(ctx, line)):
            found[place] = replace(read_text(command)[0], slash=line.slash)
    return found


async def handle_text(ctx: Context, text: str, *, forwarded: bool = False) -> None:
    """Do what a message says and answer once; what somebody else wrote is kept and offered, never obeyed."""
    found = await read(ctx, text)
    row = await _keep(ctx, text)
    ctx.line_id = row.id
    slash = any(line.slash for line in found)
    waiting = None if forwarded else (None if slash else drafts.by_reply(ctx)) or await drafts.waiting(ctx)
    passed: Draft | None = None
    if waiting and (slash or not drafts.takes(waiting, found, text) or await passes_by(ctx, waiting, found)):
        await drafts.passed_by(waiting)
        passed, waiting = waiting, None
    if forwarded:
        screen = await offer_unknown(ctx, text, [])
    elif waiting and await is_either(ctx, waiting, found):
        screen = await drafts.doubt(ctx, waiting, text)
    elif waiting:
        screen = await _safely(ctx, drafts.answer(ctx, waiting, text), drafts.never_mind(ctx, waiting))
    elif len(found) == 1:
        screen = await run_line(ctx, found[0])
        if found[0].verb in _LISTS or (found[0].verb is None and lone_reference(found[0])):
            screen = await asking_left(ctx, screen)
    elif len(found) > MOST_LINES:
        screen = Screen(
            ctx.words.t(
                "That is {n} lines at once; send {most} at most. Nothing was done.", n=len(found), most=MOST_LINES
            )
        )
    elif any(line.verb for line in found):
        screen = await _several(ctx, found)
    else:
        screen = await offer_unknown(ctx, text, [])
    await close_line(ctx, row)
    await ctx.reply(await still_asked(ctx, screen, passed) if passed and passed.id else screen)
    await _ask_apart(ctx)


async def _ask_apart(ctx: Context) -> None:
    """Ask what several lines left open, each on a card of its own."""
    ctx.line_id = None
    for screen in ctx.apart:
        await ctx.reply(screen)


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored line, and what came of it so far."""

    id: int
    work_id: int | None = None
    record_id: int | None = None


async def _keep(ctx: Context, text: str) -> Kept:
    """Store the line as typed, before anything is made of it."""
    values = {
        "chat_id": ctx.chat_id,
        "message_id": ctx.message_id,
        "user_id": ctx.user_id,
        "text": text,
        "at": ctx.work.now,
    }
    return Kept(await db.insert("line", **values))


async def close_line(ctx: Context, row: Kept | LineRow) -> None:
    """Note which record and work came of a line."""
    changed = any(event.work_id == ctx.work.id for event in ctx.work.events)
    if not changed and ctx.main is None and row.work_id is None and row.record_id is None:
        return  # it only looked something up
    entity, record_id = ctx.main or (None, None)
    await db.execute(
        "UPDATE line SET work_id = ?, entity = ?, record_id = ? WHERE id = ?",
        ctx.work.id if changed else None,
        entity,
        record_id,
        row.id,
    )


async def run_line(ctx: Context, line: Line) -> Screen:
    """Do one line; a refusal becomes the answer and leaves nothing behind."""
    if line.verb is None:
        ref = lone_reference(line)
        if ref:
            return await _safely(ctx, opened(ctx, *ref))
        return await offer_unknown(ctx, line.raw, line.suggestions)
    ctx.work.label = line.verb
    words = [one.text for one in line.args.head if one.shape == "word"]
    prose = not (line.slash or line.args.refs or any(map(_NO_PROSE.search, words))) and len(words) >= _SENTENCE
    screen, refused = await _tried(ctx, dispatched(ctx, line))
    return await offer_unknown(ctx, line.raw, [], screen.text) if refused and prose else screen


async def dispatched(ctx: Context, line: Line) -> Screen:
    """Do what a line's verb says: the core's own, else a plugin's.

    :raises NotFound: there is no such verb for this person
    """
    verb = line.verb or ""
    handler = COMMANDS.get(verb)
    if handler:
        return await handler(ctx, line)
    command = ctx.plugged.command(ctx.work.actor, verb)
    if command is None:
        raise NotFound(ref=f"/{verb}")
    return await running.run_command(ctx, command, line)


async def _safely(ctx: Context, doing: Awaitable[Screen], out: Sequence[list[Button]] = ()) -> Screen:
    """Do something; where it is refused, say why, with the buttons that lead out."""
    screen, refused = await _tried(ctx, doing)
    return replace(screen, rows=tuple(out)) if refused else screen


async def _tried(ctx: Context, doing: Awaitable[Screen]) -> tuple[Screen, bool]:
    """Do something and return its answer; where it is refused, why, and True."""
    try:
        async with ctx.work.savepoint():
            return await doing, False
    except CrmError as exc:
        ctx.main = None
        return Screen(words_for(ctx.words, exc)), True


async def _several(ctx: Context, found: list[Line]) -> Screen:
    """Do several lines one after the other and answer with one message."""
    texts = []
    about = None
    for line in found:
        screen = await run_line(ctx, line)
        if asks(screen):
            # Its buttons would change this answer for all lines: it is asked on a card of its own.
            texts.append(f"❓ {esc(clip(line.raw, 200))}\n   " + ctx.words.t("asked below"))
            ctx.apart.append(screen)
            continue
        if screen.text:
            texts.append(screen.text)
        about = screen.about or about
    rows = (
        [[Button("↩ " + ctx.words.t("Undo all"), ctx.undo)]]
        if any(e.work_id == ctx.work.id for e in ctx.work.events)
        else []
    )
    return Screen("\n\n".join(texts), tuple(rows), about)


async def keep_caption(ctx: Context, caption: str) -> int | None:
    """Remember which record came of a message without a text, so that its caption can be corrected; returns the line's id."""
    assert ctx.main is not None
    row = await db.fetch_one(
        "INSERT INTO line (chat_id, message_id, user_id, text, work_id, entity, record_id, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING RETURNING id",
        ctx.chat_id,
        ctx.message_id,
        ctx.user_id,
        caption,
        ctx.work.id,
        *ctx.main,
        ctx.work.now,
    )
    return int(row["id"]) if row else None


# --- edited lines ------------------------------------------------------------------------------------------------------


async def handle_edit(ctx: Context, text: str) -> None:
    """Read an edited line again and correct what came of it, on the card that answered it."""
    row = await LineRow.filter(chat_id=ctx.chat_id, message_id=ctx.message_id).first()
    if row is None:
        await handle_text(ctx, text)
        return
    if row.text == text:
        return
    ctx.line_id = row.id
    found = await read(ctx, text)
    await _answer_again(ctx, row, await _correct(ctx, row, found, text), text)


async def handle_caption(ctx: Context, caption: str) -> bool:
    """Correct the caption of a file that was kept; tells whether there is one."""
    row = await LineRow.filter(chat_id=ctx.chat_id, message_id=ctx.message_id, entity="file").first()
    if row is None:
        return False
    if row.text == caption:
        return True
    ctx.line_id = row.id
    try:
        async with ctx.work.savepoint():
            await refuse_if_others_changed(ctx, row)
            ctx.work.id = row.work_id or ctx.work.id
            screen = await correct_caption(ctx, row.record_id or 0, caption)
    except NewerChange as exc:
        screen = _not_corrected(ctx, exc)
    except CrmError as exc:
        screen = Screen(lines(words_for(ctx.words, exc), ctx.words.t("Nothing was changed.")))
    await _answer_again(ctx, row, screen, caption)
    return True


async def _answer_again(ctx: Context, row: LineRow, screen: Screen, text: str) -> None:
    """Put a corrected line's answer where the first one stands."""
    await db.execute("UPDATE line SET text = ? WHERE id = ?", text, row.id)
    answer = await db.fetch_one(
        "SELECT id, message_id, state FROM outbox WHERE line_id = ? AND method = 'sendMessage' ORDER BY id DESC LIMIT 1",
        row.id,
    )
    if answer and answer["message_id"]:
        await ctx.edit(screen, answer["message_id"])
    else:
        await ctx.reply(screen)
    await _ask_apart(ctx)


async def _correct(ctx: Context, row: LineRow, found: list[Line], text: str) -> Screen:
    line = found[0] if len(found) == 1 else None
    was = await read(ctx, row.text)
    same_verb = line is not None and len(was) == 1 and line.verb is not None and line.verb == was[0].verb
    own = ctx.work.id
    try:
        if line is not None and same_verb and row.work_id and row.record_id:
            async with ctx.work.savepoint():
                await refuse_if_others_changed(ctx, row)
                # The correction counts to the line's own work: undo takes back the line as a whole.
                ctx.work.id = row.work_id
                screen = await correct(ctx, row, was[0], line)
            if screen:
                return screen
        elif row.work_id and not any(item.verb for item in was) and not (line and line.slash):
            async with ctx.work.savepoint():
                return await correct_answer(ctx, row, text)
    except NewerChange as exc:
        return _not_corrected(ctx, exc)
    except CrmError as exc:
        return Screen(lines(words_for(ctx.words, exc), ctx.words.t("Nothing was changed.")))
    ctx.work.id = own
    try:
        async with ctx.work.savepoint():
            if row.work_id:
                # A work of its own: taking back what follows must not bring back what is taken back here.
                await undo.undo(ctx.work.acting_as(ctx.work.actor), row.work_id)
            screen = await run_lines(ctx, found, text)
    except NothingToUndo:
        screen = await run_lines(ctx, found, text)
    except NewerChange as exc:
        return _not_corrected(ctx, exc)
    except NotFound as exc:
        return Screen(lines(words_for(ctx.words, exc), ctx.words.t("Nothing was changed.")))
    await close_line(ctx, row)
    return screen


def _not_corrected(ctx: Context, exc: NewerChange) -> Screen:
    who = ctx.words.t("you") if exc.who == ctx.work.actor.name else bold(exc.who)
    return Screen(
        lines(
            "✋ "
            + ctx.words.t(
                "Not corrected: {who} changed it since ({what}).", who=who, what=change_words(ctx.words, exc)
            ),
            ctx.words.t("Change it on its card instead."),
        )
    )


async def run_lines(ctx: Context, found: list[Line], text: str) -> Screen:
    """Do what was typed once more, as if it had just come in."""
    if len(found) == 1:
        return await run_line(ctx, found[0])
    if any(line.verb for line in found):
        return await _several(ctx, found)
    return await offer_unknown(ctx, text, [])
