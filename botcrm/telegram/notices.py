"""Wording what the core and the jobs tell people, in the reader's language, zone and rights, at the moment it is sent."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import NotAllowed, NotFound
from botcrm.core.domain.kinds import LETTERS, Entity
from botcrm.core.models import Lead, Message, Note, Operation, Record
from botcrm.core.services.access import load, load_any, ref
from botcrm.core.services.cards import ActivityCard, activity_card, deal_card
from botcrm.core.services.clients.inbound import TakenOver, client_message
from botcrm.core.services.day import day_done, steps_tomorrow, team_done
from botcrm.core.services.home import counters, home
from botcrm.core.services.next_steps import waits
from botcrm.core.services.overdue import late_activities
from botcrm.core.services.questions import question_of
from botcrm.core.services.rules import rule_of
from botcrm.core.services.staff.blocking_bot import blocked_since
from botcrm.core.services.staff.handover import open_work
from botcrm.core.services.staff.team import team
from botcrm.core.services.work import Work
from botcrm.telegram import alike
from botcrm.telegram.commands.operations import operation_card
from botcrm.telegram.importing_questions import next_question
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
        gone=await _gone(args.get("of")),
    )


async def _overdue(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    card = await activity_card(work, args["activity_id"])
    if card.activity.status != "planned":
        return None
    return await overdue_card(words, kinds, card, args["user_id"])


async def overdue_card(words: Words, kinds: Kinds, card: ActivityCard, late_id: int) -> Screen:
    """Tell a manager what is overdue, and whose it is, also where they have left."""
    gone = await _gone(late_id)
    name = words.t("{name} (left)", name=gone) if gone else await _anybody(late_id)
    return notices.overdue_screen(words, kinds, card, name, gone_id=late_id if gone else 0)


async def _gone(user_id: int | None) -> str:
    """Return the name of somebody who has left; empty for everybody else."""
    row = await db.fetch_one('SELECT name FROM "user" WHERE id = ? AND NOT active', user_id) if user_id else None
    return str(row["name"]) if row else ""


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
    return notices.asked_screen(words, card, await _anybody(args["by"]), args["by"])


async def _answered(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    card = await activity_card(work, args["activity_id"])
    return notices.answered_screen(words, card, await load(work, Note, args["note_id"]), await _anybody(args["by"]))


async def _handed(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    record = await load_any(work, args["entity"], args["record_id"])
    row = await db.fetch_one(
        "SELECT name FROM search_entry WHERE entity = ? AND record_id = ?", args["entity"], record.id
    )
    name = str(row["name"] if row else getattr(record, "title", "") or words.t(args["entity"]))
    ref = f"{LETTERS[Entity(args['entity'])]}{record.id}"
    return notices.handed_screen(words, name, ref, await _anybody(args["by"]), (args["entity"], record.id))


async def _given_many(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    return notices.given_many_screen(words, str(args["entity"]), int(args["count"]), await _anybody(args["by"]))


async def _late(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    """Tell the owner that something is late; the card is that of a reminder."""
    card = await activity_card(work, args["activity_id"])
    if card.activity.status != "planned":
        return None
    return notices.reminder_screen(words, kinds, card, early=False, minutes_late=0, again=True)


async def _late_ones(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    return await late_ones(work, words, kinds, args)


async def late_ones(
    work: Work, words: Words, kinds: Kinds, args: Args, *, putting_off: bool = False, head: str = ""
) -> Screen | None:
    """Tell of several overdue activities; None where none is left of them."""
    late = await late_activities(work, args["activity_ids"])
    counts = {int(user_id): int(count) for user_id, count in args["counts"]}
    if not late:
        return None
    me, last_id = work.actor.id or 0, int(args.get("last_id", 0))
    return team_screens.late_screen(words, kinds, late, counts, me, last_id=last_id, putting_off=putting_off, head=head)


async def _evening(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    day = date.fromisoformat(args["date"])
    overdue = (await counters(work))[2]
    done, others = await day_done(work, day), await team_done(work, day)
    return team_screens.evening_screen(words, kinds, work.actor.name, done, overdue, await steps_tomorrow(work), others)


async def _question(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    question, record = await question_of(work, args["note_id"])
    who, name = await _anybody(question.owner_id or 0), await _record_name(words, record)
    about = (record._meta.db_table, record.id)
    return team_screens.question_screen(words, who, name, args["text"], question.id, ref(*about), about)


async def _question_answered(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    note, record = await question_of(work, args["note_id"])
    question = await Note.filter(id=args["question_id"], deleted_at=None).first()
    who, name = await _anybody(note.owner_id or 0), await _record_name(words, record)
    about = (record._meta.db_table, record.id)
    return team_screens.answer_screen(words, who, name, note, question, ref(*about), about)


async def _record_name(words: Words, record: Record) -> str:
    row = await db.fetch_one(
        "SELECT name FROM search_entry WHERE entity = ? AND record_id = ?", record._meta.db_table, record.id
    )
    return str(row["name"]) if row else words.t(record._meta.db_table)


async def _work_came(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    former = await _anybody(args["former_id"])
    return team_screens.work_came_screen(words, await _anybody(args["by"]), former, args["counts"])


async def _work_went(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    target = await _anybody(args["target_id"])
    return team_screens.work_went_screen(words, await _anybody(args["by"]), target, args["counts"])


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
    which, later = ref(args["entity"], int(args["record_id"])), bool(args.get("later"))
    return rule_failed_screen(words, rule, which, str(args["error"]), later=later)


async def _import_asked(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    operation = await Operation.filter(id=args["operation_id"], actor_id=work.actor.id).first()
    return await next_question(work, words, operation) if operation and operation.progress.get("asked") else None


async def _waited(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    card = await deal_card(work, args["deal_id"])
    if card.deal.status != "open" or card.planned or waits(card.deal, work.now):
        return None
    asked = await question(work, words, "deal", card.deal.id)
    return notices.waited_screen(words, kinds, card, asked, gone=await _gone(args.get("of")))


async def _operation(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    return await operation_card(work, words, int(args["operation_id"]))


async def _left(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    """Tell that somebody has left and what they leave undone; None where it went over meanwhile, or they are back."""
    name, counts = await _gone(args["user_id"]), await open_work(args["user_id"])
    return team_screens.left_screen(words, (args["user_id"], name), counts) if name and counts else None


async def _bot_blocked(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    name, since = await blocked_since(int(args["person_id"]))
    return notices.bot_blocked_screen(words, name, since)


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
    "bulk_given": _given_many,
    "question": _question,
    "question_answered": _question_answered,
    "work_came": _work_came,
    "work_went": _work_went,
    "plain": _plain,
    "waiting_over": _waited,
    "person_left": _left,
    "bot_blocked": _bot_blocked,
    "plugin_off": _plugin_off,
    "rule_failed": _rule_failed,
    "import_asked": _import_asked,
    "operation": _operation,
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
