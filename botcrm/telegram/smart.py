"""The smart activity: what to suggest when an open deal is left without a next step, and what to ask after a call."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace

from botcrm.core import db
from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.kinds import NO_TALK
from botcrm.core.domain.rot import CONTACT_SQL, is_contact
from botcrm.core.models import Activity, Deal, Draft
from botcrm.core.services.access import load, load_any, ref
from botcrm.core.services.activities import due_values, suggested_due
from botcrm.core.services.next_steps import waits
from botcrm.core.services.stages import suggested_text
from botcrm.core.services.suggestions import suggestions_wanted
from botcrm.core.services.work import Work
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Button, Row, Screen, bold, clip, dots, esc, lines, pack
from botcrm.words import Words

# A screen that is longer has no room for a question below it: Telegram's limit is 4,096.
_MOST_TEXT = 3500


async def suggestion(ctx: Context, deal_id: int) -> Screen | None:
    """Ask whether to follow up a deal, where it is open, nothing is planned and suggestions are on."""
    return await suggest(ctx, "deal", deal_id)


async def suggest(ctx: Context, entity: str, record_id: int) -> Screen | None:
    """Ask whether to follow up a deal, or a contact or lead who has none, where nothing is planned and suggestions are on."""
    if not await suggestions_wanted(ctx.work, record_id if entity == "deal" else 0):
        return None
    if entity == "deal":
        deal = await Deal.filter(id=record_id, status="open", deleted_at=None).first()
        if deal is None or waits(deal, ctx.work.now):
            return None
    if await has_next_step(entity, record_id):
        return None
    return await question(ctx.work, ctx.words, entity, record_id)


async def has_next_step(entity: str, record_id: int) -> bool:
    """Tell whether something is planned with a record."""
    return await Activity.filter(**{f"{entity}_id": record_id}, status="planned", deleted_at=None).exists()


async def question(work: Work, words: Words, entity: str, record_id: int) -> Screen:
    """Offer the next step: its text as the deal's stage has it, its time by the working hours."""
    due = suggested_due(work)
    at = due_values(work, due)["due_at"]
    what = (await suggested_text(record_id) if entity == "deal" else "") or words.t("Follow up")
    text = words.t("No next step. {what} {when}?", what=esc(clip(what, 200)), when=words.when(at))
    target, stamp = ref(entity, record_id), f"{due.wall:%Y%m%d%H%M}"
    last = [
        Button(words.t("Not now"), pack("sn", target)),
        Button(words.t("Don't ask ▾"), pack("sd", target)),
    ]
    if entity == "deal":
        last.append(Button("⏳ " + words.t("Wait"), pack("wt", record_id)))
    rows = (
        [
            Button("✅ " + words.t("Save"), pack("sm", target, stamp)),
            Button(words.t("Other time"), pack("so", target)),
            Button(words.t("Other text"), pack("st", target, stamp)),
        ],
        last,
    )
    return Screen(text, rows, (entity, record_id))


async def asking(ctx: Context, card: Screen, deal_id: int) -> Screen:
    """Have a deal's card ask the question instead of only saying that there is no next step."""
    asked = await suggestion(ctx, deal_id)
    if asked is None:
        return card
    text = "\n".join(line for line in card.text.split("\n") if line != ctx.words.t("No next step."))
    return with_question(Screen(text, (), card.about), asked, card.rows[1:])


async def asking_owner(ctx: Context, card: Screen) -> Screen:
    """Have the card of somebody's own deal ask for the next step when they open it; any other card stays as it is."""
    if card.about is None or card.about[0] != "deal":
        return card
    deal = await load(ctx.work, Deal, card.about[1])
    return await asking(ctx, card, deal.id) if deal.owner_id == ctx.work.actor.id else card


def with_question(screen: Screen, asked: Screen, keep: Sequence[Row]) -> Screen:
    """Put the question below a screen's text, its buttons above those of the screen that stay."""
    return Screen(lines(screen.text, asked.text), (*asked.rows, *keep), screen.about)


# --- on leaving a card -------------------------------------------------------------------------------------------------------

# Remembers which deal somebody was asked about last when they left its card; it waits for no words.
_LEFT = "left"


async def asking_left(ctx: Context, screen: Screen) -> Screen:
    """Ask in a line below a screen for the next step of one's own deal whose card was left for it; never twice in a row."""
    if not screen.rows or _asks_already(screen):
        return screen
    left = await _card_left(ctx)
    if left is None or screen.about == ("deal", left):
        return screen
    deal = await Deal.filter(id=left).first()
    asked = await suggestion(ctx, left) if deal else None
    last = await Draft.filter(user_id=ctx.user_id, kind=_LEFT).order_by("-id").first()
    if deal is None or asked is None or (last is not None and last.data["deal_id"] == left):
        return screen
    await Draft.filter(user_id=ctx.user_id, kind=_LEFT).delete()
    await ctx.ask(_LEFT, deal_id=left)
    text = "⚫ " + dots(bold(clip(await ctx.name_of(deal), 60)), asked.text)
    if len(screen.text) + len(text) > _MOST_TEXT:
        return screen
    save = asked.rows[0][0]
    row = [replace(save, label=f"{save.label} · d{left}")]
    return Screen(lines(screen.text, "", text), (*screen.rows, row), screen.about)


def _asks_already(screen: Screen) -> bool:
    return any(button.data.startswith("sm:") for row in screen.rows for button in row)


# After each line this is asked, and mostly nothing more: one's own open deal that may lack a next step.
_MAY_LACK = "FROM deal d WHERE d.owner_id = ? AND d.status = 'open' AND d.deleted_at IS NULL AND d.next_activity_id IS NULL AND d.id = "
_LAST_SHOWN = (
    "(SELECT CASE WHEN o.entity = 'deal' THEN o.record_id END FROM outbox o "
    "WHERE o.chat_id = ? AND o.message_id IS NOT NULL ORDER BY o.message_id DESC, o.id DESC LIMIT 1)"
)


async def _card_left(ctx: Context) -> int | None:
    """Return the deal whose card was pressed on, or was the last thing that came in the chat.

    None where it was no deal's, or that of a deal that is not to be asked about: somebody else's, closed, or with a next step.
    """
    await ctx.work.flush()
    if not ctx.query_id:
        row = await db.fetch_one(f"SELECT d.id {_MAY_LACK} {_LAST_SHOWN}", ctx.user_id, ctx.chat_id)
    elif ctx.about and ctx.about[0] == "deal":
        row = await db.fetch_one(f"SELECT d.id {_MAY_LACK} ?", ctx.user_id, ctx.about[1])
    else:
        return None
    return int(row["id"]) if row else None


# --- after a call ------------------------------------------------------------------------------------------------------------


async def after_talk(ctx: Context, activity: Activity) -> Screen | None:
    """Ask what comes next of what was just done: whether a meeting is set after a cold call, else for the next step."""
    if await is_cold_call(activity) and await suggestions_wanted(ctx.work, activity.deal_id or 0):
        rows = (
            [
                Button("🤝 " + ctx.words.t("Yes"), pack("my", activity.id)),
                Button(ctx.words.t("No"), pack("mn", activity.id)),
            ],
        )
        return Screen(ctx.words.t("Meeting scheduled?"), rows, ("activity", activity.id))
    return await next_of(ctx, activity)


async def next_of(ctx: Context, activity: Activity) -> Screen | None:
    """Ask for the next step of what an activity was about."""
    for entity in ("deal", "contact", "lead"):
        record_id = getattr(activity, f"{entity}_id")
        if record_id is None:
            continue
        with contextlib.suppress(NotFound):
            await load_any(ctx.work, entity, record_id)
            return await suggest(ctx, entity, record_id)
    return None


async def is_cold_call(activity: Activity) -> bool:
    """Tell whether a call reached a contact or lead with whom there was no contact before, and nothing is planned."""
    result = activity.result
    went_well = result not in NO_TALK if result else bool(activity.duration_minutes)
    if activity.kind != "call" or activity.status != "done" or activity.direction == "in" or not went_well:
        return False
    if not is_contact(activity.kind, activity.direction, activity.result, activity.duration_minutes):
        return False
    who = ("contact_id", activity.contact_id) if activity.contact_id else ("lead_id", activity.lead_id)
    if who[1] is None:
        return False
    row = await db.fetch_one(
        f"SELECT 1 AS y FROM activity a WHERE a.{who[0]} = ? AND a.id <> ? AND {CONTACT_SQL} UNION ALL "
        f"SELECT 1 FROM message m WHERE m.{who[0]} = ? AND m.deleted_at IS NULL UNION ALL "
        f"SELECT 1 FROM activity a WHERE a.{who[0]} = ? AND a.status = 'planned' AND a.deleted_at IS NULL LIMIT 1",
        who[1],
        activity.id,
        who[1],
        who[1],
    )
    return row is None
