"""Questions that wait for typed words: another time, a note, an answer to a client; they survive a restart."""

from datetime import datetime, timedelta
from typing import Any

from botcrm.core import db
from botcrm.core.domain.dates import WhenFound, WhenUnclear, read_when
from botcrm.core.domain.errors import InvalidValue, NotFound
from botcrm.core.domain.kinds import LETTERS, DealStatus, Entity
from botcrm.core.domain.lines import Line
from botcrm.core.models import Activity, Draft, Record
from botcrm.core.services import deals
from botcrm.core.services.access import facts_of, load_any
from botcrm.core.services.activities import Due, add_note, plan_activity, reschedule_activity, suggested_due
from botcrm.core.services.clients import inbound
from botcrm.core.services.custom import dictionaries as dictionaries_core
from botcrm.core.services.questions import answer_question
from botcrm.telegram import forms, next_steps
from botcrm.telegram.buttons import (
    bulk,
    custom_fields,
    departments,
    dictionaries,
    filtering,
    importing_file,
    own_values,
    personal,
    roles,
)
from botcrm.telegram.commands.deals import moved
from botcrm.telegram.commands.general import open_card
from botcrm.telegram.commands.subject import due_of, kind_for, links_of
from botcrm.telegram.context import Context
from botcrm.telegram.new_words import with_new_word
from botcrm.telegram.offers import offer_targets
from botcrm.telegram.plugged import running
from botcrm.telegram.screens.base import Button, Screen, bold, clip, esc, lines, pack
from botcrm.telegram.screens.cards import when_chips

# Kinds whose answer is any text; the others yield to a line that starts with a verb.
VERBATIM = frozenset(
    {
        *(
            "note",
            "client",
            "told",
            "told_about",
            "step",
            "reason",
            "field_text",
            "why",
            "place",
            "role_name",
            "department",
            "erase",
            filtering.NAME,
            filtering.TEXT,
            bulk.VALUE,
        ),
        *(own_values.ASKS_VALUE, custom_fields.ASKS_NAME, custom_fields.ASKS_NEW_NAME, custom_fields.ASKS_WORDS),
        *(dictionaries.ASKS_WORDS, dictionaries.ASKS_WORD, dictionaries.ASKS_LIST),
    }
)
# Of the verbatim ones, those that drop themselves when a line begins with a verb: what is typed means something else by then.
_DROPPED = frozenset({personal.ASKS, bulk.VALUE})
_LASTS = timedelta(hours=12)


async def waiting(ctx: Context) -> Draft | None:
    """Return the question that this person was asked last and has not answered."""
    row = await db.fetch_one(_WAITING, ctx.user_id, ctx.chat_id, ctx.work.now - _LASTS)
    return await Draft.filter(id=row["id"]).first() if row else None


async def question_replied_to(chat_id: int, message_id: int | None) -> tuple[str, dict[str, Any]] | None:
    """Return the question of a colleague's that a message replies to, as it was told; None where it replies to none."""
    if message_id is None:
        return None
    row = await db.fetch_one(
        "SELECT notice, args FROM outbox WHERE chat_id = ? AND message_id = ? AND notice IN ('question', 'asked') LIMIT 1",
        chat_id,
        message_id,
    )
    return (row["notice"], db.from_json(row["args"])) if row else None


def by_reply(ctx: Context) -> Draft | None:
    """Take a plain reply to a colleague's question for its answer, as if [Answer] had been tapped; nothing is stored for it."""
    if ctx.asked is None:
        return None
    notice, args = ctx.asked
    if notice == "asked":
        return Draft(kind="told", data={"activity_id": args["activity_id"], "asked_by": args["by"]})
    return Draft(kind="told_about", data={"note_id": args["note_id"]})


def takes(draft: Draft, found: list[Line], text: str) -> bool:
    """Tell whether what was typed answers a question, rather than being a line of its own."""
    if not any(line.verb for line in found):
        return True
    if draft.kind == bulk.VALUE:
        # A tag is one word, which can be a verb; a task may begin with one.
        return draft.data["change"] not in ("tag", "untag") or len(text.split()) == 1
    if draft.kind == personal.ASKS:
        # `erase c12` begins with a command's name and is what was asked for; `erase c13` is about somebody else.
        asked = (LETTERS[Entity(str(draft.data["of"]))], int(draft.data["number"]))
        return len(found) == 1 and found[0].verb == "erase" and found[0].args.refs[:1] == [asked]
    return draft.kind in VERBATIM


async def passed_by(draft: Draft) -> None:
    """Drop a question where a line of its own was typed instead of an answer, if it is one that does not wait on."""
    if draft.id and draft.kind in _DROPPED:
        await draft.delete()


def never_mind(ctx: Context, draft: Draft) -> list[list[Button]]:
    """Return the way out of a question that waits on, for beneath what was wrong with an answer."""
    if not draft.id or draft.kind not in _DROPPED | {filtering.NAME, filtering.TEXT}:
        return []
    return [[Button(ctx.words.t("Never mind"), pack("dx", draft.id))]]


async def put(ctx: Context, kind: str, question: str, **data: object) -> None:
    """Ask for words; a question asked before and not answered is dropped."""
    draft = await ctx.wait_for(kind, **data)
    await ctx.reply(Screen(question, ([Button(ctx.words.t("Never mind"), pack("dx", draft.id))],)))


async def answer(ctx: Context, draft: Draft, text: str) -> Screen:
    """Take the words as the answer to the question."""
    screen = await _ANSWERS[draft.kind](ctx, draft, text.strip())
    if draft.id:
        await draft.delete()
    else:
        # [Answer] may have been tapped as well: it waits no longer.
        await Draft.filter(user_id=ctx.user_id, chat_id=ctx.chat_id, kind=draft.kind).delete()
    return screen


async def doubt(ctx: Context, draft: Draft, text: str) -> Screen:
    """Ask what words are that may be an answer as well as a command: what a client was sent cannot be taken back."""
    asked = await ctx.ask("doubt", text=text.strip(), of=draft.kind, data=draft.data)
    await draft.delete()
    client = draft.kind == "client"
    yes, no = (
        ("💬 " + ctx.words.t("Send to the client"), ctx.words.t("No, it is for the CRM"))
        if client
        else ("✍ " + ctx.words.t("It is the answer"), ctx.words.t("It is a command"))
    )
    question = ctx.words.t("Is this for the client?") if client else ctx.words.t("Is this the answer to my question?")
    return Screen(
        lines(question, f"<i>{esc(clip(text, 300))}</i>"),
        (
            [Button(yes, pack("cs", asked.id))],
            [Button(no, pack("cn", asked.id))],
            [Button(ctx.words.t("Ignore"), pack("dx", asked.id))],
        ),
    )


async def undoubted(ctx: Context, asked: Draft) -> Screen:
    """Take the words that were in doubt as the answer; an earlier version asked about clients only."""
    data = asked.data
    kind, about = data.get("of", "client"), data.get("data") or {"message_id": data.get("message_id")}
    return await _ANSWERS[kind](ctx, Draft(kind=kind, data=about), str(data["text"]))


async def _when(ctx: Context, draft: Draft, text: str) -> Screen:
    """Another time for an activity, or the smart activity's."""
    found = read_when(text, ctx.said_wall, ctx.work.prefs.language)
    activity_id = draft.data.get("activity_id")
    if isinstance(found, WhenUnclear) and activity_id and found.options:
        activity = await Activity.get(id=activity_id)
        return Screen(
            ctx.words.t("Which one?"), tuple(when_chips(ctx.words, activity, tuple(o.at for o in found.options)))
        )
    if not isinstance(found, WhenFound):
        raise InvalidValue(
            what=ctx.words.t("time"),
            value=clip(text, 60),
            how=ctx.words.t("Write it like: tomorrow 15:00, fri 9, in 2h, 24 nov 10:00."),
        )
    rest = found.rest.strip()
    if activity_id:
        activity = await reschedule_activity(ctx.work, int(activity_id), due_of(ctx, found))
    else:
        about = await _about(ctx, draft)
        title = rest or ctx.words.t("Follow up")
        activity = await plan_activity(
            ctx.work, kind_for(ctx.kinds, title), title, due_of(ctx, found), **await links_of(ctx, about)
        )
    return await _saved(ctx, activity)


async def _step(ctx: Context, draft: Draft, text: str) -> Screen:
    """The smart activity's text; its time stays the one suggested, unless that has gone by since."""
    about = await _about(ctx, draft)
    due = Due(datetime.strptime(draft.data["stamp"], "%Y%m%d%H%M"))
    due = suggested_due(ctx.work) if ctx.is_past(due.wall) else due
    activity = await plan_activity(ctx.work, kind_for(ctx.kinds, text), text, due, **await links_of(ctx, about))
    return await _saved(ctx, activity)


async def _about(ctx: Context, draft: Draft) -> Record:
    """Return what a next step is planned for; a question asked by an earlier version names a deal."""
    data = draft.data
    return await load_any(ctx.work, data.get("entity", "deal"), int(data.get("record_id") or data.get("deal_id") or 0))


async def _saved(ctx: Context, activity: Activity) -> Screen:
    ctx.main = ("activity", activity.id)
    screen = await open_card(ctx, "activity", activity.id)
    return Screen(
        lines("✅ " + ctx.words.t("Saved"), screen.text),
        (*screen.rows, [Button("↩ " + ctx.words.t("Undo"), ctx.undo)]),
        screen.about,
    )


async def _note(ctx: Context, draft: Draft, text: str) -> Screen:
    record = await load_any(ctx.work, draft.data["entity"], draft.data["record_id"])
    links = {name: value for name, value in facts_of(record).items() if value}
    note = await add_note(ctx.work, text, **links)
    ctx.main = ("note", note.id)
    name = await ctx.name_of(record)
    return Screen(
        lines("📝 " + ctx.words.t("Noted on {name}", name=bold(clip(name, 100))), f"   {esc(clip(text, 300))}"),
        ([Button("↩ " + ctx.words.t("Undo"), ctx.undo)],),
        (draft.data["entity"], draft.data["record_id"]),
    )


async def _to_client(ctx: Context, draft: Draft, text: str) -> Screen:
    """An answer to a client."""
    sent = await inbound.answer_client(ctx.work, draft.data["message_id"], text)
    ctx.main = ("message", sent.id)
    return Screen("💬 " + ctx.words.t("Sent to the client."), (), ("message", sent.id))


async def _reason(ctx: Context, draft: Draft, text: str) -> Screen:
    """Why a deal is lost."""
    reason = await dictionaries_core.propose(ctx.work, "lost_reason", text)
    deal = await deals.close_deal(ctx.work, draft.data["deal_id"], DealStatus.LOST, reason)
    ctx.main = ("deal", deal.id)
    return await with_new_word(ctx, await moved(ctx, deal.id), "lost_reason", deal)


async def _search(ctx: Context, draft: Draft, text: str) -> Screen:
    """Search for the record that something kept belongs to."""
    return await offer_targets(ctx, draft.data["ref"], text)


async def _told(ctx: Context, draft: Draft, text: str) -> Screen:
    """A rep's answer to a manager's question: kept on the record, and brought to the manager."""
    activity = await load_any(ctx.work, "activity", draft.data["activity_id"])
    links = {name: value for name, value in facts_of(activity).items() if value}
    note = await add_note(ctx.work, text, **links)
    if (
        await inbound.tell_person(
            ctx.work, draft.data["asked_by"], "answered", note_id=note.id, activity_id=activity.id, by=ctx.user_id
        )
        is None
    ):
        raise NotFound(ref=f"u{draft.data['asked_by']}")
    return Screen("💬 " + ctx.words.t("Your answer was passed on."), (), ("activity", activity.id))


async def _told_about(ctx: Context, draft: Draft, text: str) -> Screen:
    """An answer to a colleague's question about a record."""
    note = await answer_question(ctx.work, int(draft.data["note_id"]), text)
    ctx.main = ("note", note.id)
    return Screen("💬 " + ctx.words.t("Your answer was passed on."), (), ("note", note.id))


_ANSWERS = {
    "when": _when,
    "step": _step,
    "note": _note,
    "client": _to_client,
    "reason": _reason,
    "search": _search,
    "told": _told,
    "told_about": _told_about,
    "field": forms.answer,
    "field_text": forms.answer,
    "plugin": running.answer,
    "wait": next_steps.answer_wait,
    "why": next_steps.answer_why,
    "meeting": next_steps.answer_meeting,
    "place": next_steps.answer_place,
    roles.ASKS_NAME: roles.answer_name,
    departments.ASKS_NAME: departments.answer_name,
    personal.ASKS: personal.answer_erase,
    filtering.NAME: filtering.named,
    filtering.TEXT: filtering.rewritten,
    bulk.VALUE: bulk.typed,
    own_values.ASKS_VALUE: own_values.answer_value,
    custom_fields.ASKS_NAME: custom_fields.answer_name,
    custom_fields.ASKS_NEW_NAME: custom_fields.answer_new_name,
    custom_fields.ASKS_WORDS: custom_fields.answer_words,
    dictionaries.ASKS_WORDS: dictionaries.answer_words,
    dictionaries.ASKS_WORD: dictionaries.answer_word,
    dictionaries.ASKS_LIST: dictionaries.answer_list,
    importing_file.ASKS_SYSTEM: importing_file.answer_system,
}
# Asked for every text that is typed: the kinds, which are our own words, stand in the statement.
_KINDS = "', '".join(_ANSWERS)
_WAITING = (
    "SELECT id FROM draft WHERE user_id = ? AND chat_id = ? AND created_at > ? "
    f"AND kind IN ('{_KINDS}') ORDER BY id DESC LIMIT 1"
)
