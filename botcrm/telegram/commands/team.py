"""The verbs between managers and their people: ask somebody about a record, hand over all of somebody's work."""

import re
from typing import Any

from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.grammar import Line, parse_lines
from botcrm.core.domain.kinds import Action
from botcrm.core.models import Record, User
from botcrm.core.services.access import load_any, owners, ref
from botcrm.core.services.questions import ask_about
from botcrm.core.services.staff.handover import (
    HandedOver,
    RuleDid,
    done_by_rules,
    find_former,
    hand_over_all,
    handed_over_by,
    rehearse_handover,
)
from botcrm.core.services.staff.people import person_by_id
from botcrm.core.services.undo.undo import undo
from botcrm.telegram.commands.deals import pick_button
from botcrm.telegram.commands.subject import Missing, Subject, subject_of
from botcrm.telegram.context import Context, about_of
from botcrm.telegram.screens.base import Screen, bold, clip, esc, lines, rows_of
from botcrm.telegram.screens.team import handed_all_screen, handed_back_screen, rehearsal_screen, whom_screen

_ABOUT = ("deal", "contact", "company", "lead")
_ASK = "ask anna d12 what about the offer?"
_HANDOVER = "handover anna bob"
_NAMED = re.compile(r"(@?[^\W\d_][^\s,:]*)[,:]?\s*", re.UNICODE)
_MOST_PEOPLE = 40
_RULES_NAMED = 5


async def ask(ctx: Context, line: Line) -> Screen:
    """Ask a colleague about a record: the one named, or whoever owns it; their answer comes back and is kept there."""
    typed = _rest(line)
    if not typed:
        raise Missing(what=ctx.words.t("Ask whom, about what?"), example=_ASK)
    person, rest = await _addressed(ctx, typed)
    about = parse_lines(
        f"/note {rest}",
        verbs=ctx.plugged.verbs(),
        now_wall=ctx.said_wall,
        language=ctx.work.prefs.language,
        currency=ctx.work.prefs.currency,
        reply=ctx.about is not None,
    )[0]
    subject = await subject_of(ctx, about, _ABOUT, loose=True)
    text = about.text_after(subject.words if subject.record or subject.candidates else 0).strip()
    if subject.record is None and not subject.candidates:
        raise Missing(what=ctx.words.t("Ask about which deal or client?"), example=_ASK)
    if not text:
        raise Missing(what=ctx.words.t("Ask what?"), example=_ASK)
    if subject.record is None:
        return await _which(ctx, subject, person, text)
    return await _asked(ctx, subject.record, person, text)


def _rest(line: Line) -> str:
    """Return what stands behind the verb, as typed."""
    return line.raw[line.tokens[0].end :].strip()


async def _addressed(ctx: Context, typed: str) -> tuple[User | None, str]:
    """Return the colleague that a text begins with, by two words or one, and the rest of it.

    :raises NotFound: an @name that is nobody within reach
    """
    first = _NAMED.match(typed)
    if first is None:
        return None, typed
    second = _NAMED.match(typed, first.end())
    for names, end in (
        (f"{first[1]} {second[1]}" if second else "", second.end() if second else 0),
        (first[1], first.end()),
    ):
        if len(names.lstrip("@")) < 2:
            continue
        try:
            return await ctx.colleague(names), typed[end:]
        except NotFound:
            continue
    if first[1].startswith("@"):
        raise NotFound(ref=first[1])
    return None, typed


async def _which(ctx: Context, subject: Subject, person: User | None, text: str) -> Screen:
    """Offer what the question may be about; the press asks it."""
    draft = await ctx.ask("pick", line=f"/ask {f'@{person.name} ' if person else ''}{text}")
    buttons = [pick_button(item, "pp", draft.id, numbered=True) for item in subject.candidates]
    name = esc(clip(subject.typed, 60))
    return Screen(ctx.words.t("Ask about which “{name}”?", name=name), tuple(rows_of(buttons, 2)))


async def _asked(ctx: Context, record: Record, person: User | None, text: str) -> Screen:
    asked_id = person.id if person else getattr(record, "owner_id", None)
    if not asked_id or asked_id == ctx.user_id:
        raise Missing(what=ctx.words.t("Ask whom?"), example=_ASK)
    note = await ask_about(ctx.work, record, asked_id, text)
    ctx.main = ("note", note.id)
    asked = await person_by_id(ctx.work.prefs, asked_id)
    head = ctx.words.t(
        "{who} was asked about {name}. The answer will come here.",
        who=bold(clip(asked.name if asked else "?", 40)),
        name=bold(clip(await ctx.name_of(record), 100)),
    )
    return Screen(lines("💬 " + head, f"   {esc(clip(text, 300))}"), (), about_of(record))


# --- all of somebody's work -----------------------------------------------------------------------------------------------


async def handover(ctx: Context, line: Line) -> Screen:
    """Count all that somebody answers for, and offer to hand it over to a colleague."""
    words = [word.lstrip("@") for word in _rest(line).replace("→", " ").split() if word.casefold() != "to"]
    if not words:
        raise Missing(what=ctx.words.t("Hand over whose work, to whom?"), example=_HANDOVER)
    for place in range(1, len(words)):
        former = await find_former(ctx.work, " ".join(words[:place]))
        target = await find_former(ctx.work, " ".join(words[place:])) if former else None
        if former and target:
            return await rehearsed(ctx, former, target)
    former = await find_former(ctx.work, " ".join(words))
    if former is None:
        raise NotFound(ref=f"@{clip(' '.join(words), 60)}")
    return await whom(ctx, former)


async def whom(ctx: Context, former: User) -> Screen:
    """Offer who can get somebody's work."""
    reached = owners(ctx.work.actor, "deal", Action.CHANGE)
    people = User.filter(active=True).exclude(id=former.id)
    if reached is not None:
        people = people.filter(id__in=reached)
    found = [(user.id, user.name) for user in await people.order_by("name", "id").limit(_MOST_PEOPLE)]
    if not found:
        raise NotFound(ref="@")
    await rehearse_handover(ctx.work, former.id, found[0][0])  # refuses whoever may not do it
    return whom_screen(ctx.words, (former.id, former.name), found)


async def rehearsed(ctx: Context, former: User, target: User) -> Screen:
    """Show what would go over."""
    rehearsal = await rehearse_handover(ctx.work, former.id, target.id)
    return rehearsal_screen(
        ctx.words, (former.id, former.name), (target.id, target.name), rehearsal, gone=not former.active
    )


async def handed(ctx: Context, from_id: int, to_id: int, *, closed: bool, people: bool = False) -> Screen:
    """Hand it over, and tell both."""
    done = await hand_over_all(ctx.work, from_id, to_id, closed=closed, people=people)
    former, target = await User.get(id=from_id), await User.get(id=to_id)
    if done.counts:
        await _tell(ctx, former, target, done)
    return handed_all_screen(ctx.words, former.name, target.name, done, ctx.undo)


async def _tell(ctx: Context, former: User, target: User, done: HandedOver) -> None:
    facts: dict[str, Any] = {"by": ctx.user_id, "counts": dict(done.counts)}
    if target.id != ctx.user_id:
        await ctx.work.tell(target.id, target.telegram_id, "work_came", former_id=former.id, **facts)
    if former.active and former.id != ctx.user_id:
        await ctx.work.tell(former.id, former.telegram_id, "work_went", target_id=target.id, **facts)


async def given_back(ctx: Context, work_id: int, done: HandedOver) -> Screen:
    """Take back that all of somebody's work was handed over, and tell both."""
    await undo(ctx.work, work_id)
    await ctx.work.flush()
    count, first = await done_by_rules(work_id, _RULES_NAMED)
    kept = [(await _named(ctx, one), ", ".join(one.did)) for one in first]
    back = await handed_over_by(ctx.work.id) or HandedOver(done.to_id, done.from_id)
    former, target = await User.get(id=done.to_id), await User.get(id=done.from_id)
    if back.counts:
        await _tell(ctx, former, target, back)
    return handed_back_screen(ctx.words, target.name, back, done.total - back.total, (count, kept), ctx.undo)


async def _named(ctx: Context, one: RuleDid) -> str:
    try:
        return await ctx.name_of(await load_any(ctx.work, one.entity, one.record_id))
    except NotFound:  # deleted since
        return ref(one.entity, one.record_id)
