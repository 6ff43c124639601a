"""Wording what the core and the jobs tell people, in the reader's language, zone and rights, at the moment it is sent."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import NotAllowed, NotFound
from botcrm.core.domain.kinds import LETTERS, Entity
from botcrm.core.models import Lead, Message, Note, Record
from botcrm.core.services.access import load, load_any, ref
from botcrm.core.services.cards import activity_card, deal_card
from botcrm.core.services.day import day_done, deals_tomorrow, team_done
from botcrm.core.services.home import counters, home, team
from botcrm.core.services.inbound import TakenOver, client_message
from botcrm.core.services.next_steps import waits
from botcrm.core.services.overdue import late_activities
from botcrm.core.services.people import person_by_id
from botcrm.core.services.questions import question_of
from botcrm.core.services.rules import rule_of
from botcrm.core.services.work import Work
from botcrm.telegram import alike
from botcrm.telegram.plugged.bound import bound_screen
from botcrm.telegram.screens import notices
from botcrm.telegram.screens import team as team_screens
from botcrm.telegram.screens.base import Button, Screen, lines, rows_of
from botcrm.telegram.screens.cards import Kinds
from botcrm.telegram.screens.rules import rule_failed_screen
from botcrm.telegram.smart import question
from botcrm.words import Words

Args = dict[str, Any]


async def _due(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    card = await activity_card(work, args["activity_id"])
    if card.activity.status != "planned":
        return None
    return notices.reminder_screen(
        words,
        kinds,
        card,
        early=args["early"],
        minutes_late=args.get("minutes_late", 0),
        again=args.get("again", False),
    )


async def _overdue(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    card = await activity_card(work, args["activity_id"])
    if card.activity.status != "planned":
        return None
    return notices.overdue_screen(words, kinds, card, await _name(work, args["user_id"]))


async def _name(work: Work, user_id: int) -> str:
    person = await person_by_id(work.prefs, user_id)
    return person.name if person else "?"


async def _digest(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    return notices.digest_screen(words, kinds, await home(work, size=6), await team(work), work.actor.name)


async def client_name(words: Words, message: Message) -> str:
    """Return what the writer of a message is called."""
    entity, record_id = ("contact", message.contact_id) if message.contact_id else ("lead", message.lead_id)
    row = await db.fetch_one("SELECT name FROM search_entry WHERE entity = ? AND record_id = ?", entity, record_id or 0)
    return str(row["name"]) if row else words.t("A client")


async def _client(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    message = await client_message(work, args["message_id"])
    channel = work.hooks.channel_title(message.channel)
    screen = notices.client_screen(words, message, await client_name(words, message), channel, args.get("file_id"))
    lead = await Lead.filter(id=message.lead_id, created_at=message.created_at).first() if message.lead_id else None
    if lead is None:
        return screen
    # The first message of somebody new.
    return Screen(lines(screen.text, *await alike.hints(work, words, lead)), screen.rows, screen.about)


async def _edited(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    message = await client_message(work, args["message_id"])
    return notices.edited_screen(words, message, await client_name(words, message), args["before"])


async def _unsure(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    return notices.unsure_screen(words, await load(work, Message, args["message_id"]), args["outbox_id"])


async def _failed(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    message = await load(work, Message, args["message_id"])
    return notices.failed_screen(words, message, args["outbox_id"], args["reason"])


async def _channel_off(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    message = await load(work, Message, args["message_id"])
    return notices.waiting_screen(words, message, work.hooks.channel_title(message.channel))


async def _asked(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    card = await activity_card(work, args["activity_id"])
    return notices.asked_screen(words, card, await _name(work, args["by"]), args["by"])


async def _answered(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    card = await activity_card(work, args["activity_id"])
    return notices.answered_screen(words, card, await load(work, Note, args["note_id"]), await _name(work, args["by"]))


async def _handed(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    record = await load_any(work, args["entity"], args["record_id"])
    row = await db.fetch_one(
        "SELECT name FROM search_entry WHERE entity = ? AND record_id = ?", args["entity"], record.id
    )
    name = str(row["name"] if row else getattr(record, "title", "") or words.t(args["entity"]))
    ref = f"{LETTERS[Entity(args['entity'])]}{record.id}"
    return notices.handed_screen(words, name, ref, await _name(work, args["by"]), (args["entity"], record.id))


async def _late(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    """Tell the owner that something is late; the card is that of a reminder."""
    card = await activity_card(work, args["activity_id"])
    if card.activity.status != "planned":
        return None
    return notices.reminder_screen(words, kinds, card, early=False, minutes_late=0, again=True)


async def _late_ones(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    late = await late_activities(work, args["activity_ids"])
    counts = {int(user_id): int(count) for user_id, count in args["counts"]}
    return team_screens.late_screen(words, kinds, late, counts, work.actor.id or 0) if late else None


async def _evening(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    day = date.fromisoformat(args["date"])
    overdue = (await counters(work))[2]
    done, others = await day_done(work, day), await team_done(work, day)
    return team_screens.evening_screen(words, kinds, work.actor.name, done, overdue, await deals_tomorrow(work), others)


async def _question(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    question, record = await question_of(work, args["note_id"])
    who, name = await _name(work, question.owner_id or 0), await _record_name(words, record)
    about = (record._meta.db_table, record.id)
    return team_screens.question_screen(words, who, name, args["text"], question.id, ref(*about), about)


async def _question_answered(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    note, record = await question_of(work, args["note_id"])
    question = await Note.filter(id=args["question_id"], deleted_at=None).first()
    who, name = await _name(work, note.owner_id or 0), await _record_name(words, record)
    about = (record._meta.db_table, record.id)
    return team_screens.answer_screen(words, who, name, note, question, ref(*about), about)


async def _record_name(words: Words, record: Record) -> str:
    row = await db.fetch_one(
        "SELECT name FROM search_entry WHERE entity = ? AND record_id = ?", record._meta.db_table, record.id
    )
    return str(row["name"]) if row else words.t(record._meta.db_table)


async def _work_came(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    former = await _anybody(args["former_id"])
    return team_screens.work_came_screen(words, await _name(work, args["by"]), former, args["counts"])


async def _work_went(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    target = await _anybody(args["target_id"])
    return team_screens.work_went_screen(words, await _name(work, args["by"]), target, args["counts"])


async def _anybody(user_id: int) -> str:
    """Return what somebody is called, also who has left."""
    row = await db.fetch_one('SELECT name FROM "user" WHERE id = ?', user_id)
    return str(row["name"]) if row else "?"


async def _plain(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    """Show a text of a plugin or rule as it is; `buttons` are its buttons, of the plugin named by `plugin` where they press."""
    buttons = [Button(**one | {"args": tuple(one.get("args", ()))}) for one in args.get("buttons", ())]
    bound = bound_screen(str(args.get("plugin") or ""), Screen(str(args["text"]), tuple(rows_of(buttons, 2))))
    assert bound is not None
    return bound


async def _plugin_off(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    return notices.plugin_off_screen(words, str(args["name"]), str(args["title"]), str(args["reason"]))


async def _rule_failed(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    rule = await rule_of(work, int(args["rule_id"]))
    return rule_failed_screen(words, rule, ref(args["entity"], int(args["record_id"])), str(args["error"]))


async def _waited(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    card = await deal_card(work, args["deal_id"])
    if card.deal.status != "open" or card.planned or waits(card.deal, work.now):
        return None
    return notices.waited_screen(words, kinds, card, await question(work, words, "deal", card.deal.id))


_NOTICES: dict[str, Callable[[Work, Words, Kinds, Args], Awaitable[Screen | None]]] = {
    "activity_due": _due,
    "activity_overdue": _overdue,
    "activity_late": _late,
    "overdue_group": _late_ones,
    "digest": _digest,
    "evening": _evening,
    "client_message": _client,
    "client_edited": _edited,
    "delivery_unsure": _unsure,
    "delivery_failed": _failed,
    "channel_off": _channel_off,
    "asked": _asked,
    "answered": _answered,
    "handed_over": _handed,
    "question": _question,
    "question_answered": _question_answered,
    "work_came": _work_came,
    "work_went": _work_went,
    "plain": _plain,
    "waiting_over": _waited,
    "plugin_off": _plugin_off,
    "rule_failed": _rule_failed,
}


async def word(work: Work, kinds: Kinds, notice: str, args: Args) -> Screen | None:
    """Return a notice as its reader sees it; None when it is of no use any more or not theirs to see.

    :param work: in the hands of the reader
    """
    words = Words(work.prefs, work.now)
    if notice not in _NOTICES:
        return notices.alarm_screen(words, notice, args)
    try:
        return await _NOTICES[notice](work, words, kinds, args)
    except (NotFound, NotAllowed, TakenOver):
        return None
